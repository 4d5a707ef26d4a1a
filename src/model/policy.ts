/**
 * A model on the backend: configuration, weights under their Hugging Face names, and an adapter if it is trained by
 * LoRA. Running it is `transformer.ts`; updating it is `train/optimizer.ts`.
 *
 * What is trained is a tf.Variable, what is frozen a plain tensor or a packed matrix; the operations decide by that
 * which gradients to compute.
 */
import * as tf from '@tensorflow/tfjs';
import { assert } from '../base/errors.ts';
import { alias, isTrained } from '../compute/differentiable.ts';
import { isPacked, tensorsOf, type Weight } from '../compute/packed.ts';
import { readValues } from '../compute/transfer.ts';
import type { RotaryTables } from '../compute/ops/rope.ts';
import type { ModelConfig } from './config.ts';
import type { Adapter } from './lora.ts';
import { rotaryTables } from './rotary.ts';
import { embeddingName, headName, readWeights, type BaseFormat } from './weights.ts';
import type { TensorEntry } from './safetensors.ts';

export interface Policy {
  readonly config: ModelConfig;
  readonly weights: Map<string, Weight>;
  adapter: Adapter | null;
  /** Grown on demand by `rotaryFor`; shared by views of the same policy, such as the one without its adapter. */
  readonly rotary: { reach: number; tables: RotaryTables | null };
}

/** Named values on the host: a checkpoint's content. */
export type Snapshot = Map<string, Float32Array>;

/**
 * Loads a model.
 * @param trained all weights trained (full fine-tuning), or none (to sample from, or as the base of an adapter)
 * @param base how matrices are kept that are not trained; default f32
 * @param onProgress share of the tensors loaded, 0 … 1
 */
export async function loadPolicy(
  config: ModelConfig,
  entries: ReadonlyMap<string, TensorEntry>,
  {
    trained,
    base = 'f32',
    onProgress,
  }: { trained: boolean; base?: BaseFormat; onProgress?: (share: number) => void },
): Promise<Policy> {
  assert(!trained || base === 'f32', 'only frozen weights are packed');
  const weights = new Map<string, Weight>();
  try {
    for await (const { name, weight } of readWeights(config, entries, base)) {
      weights.set(name, trained && !isPacked(weight) ? trainable(weight) : weight);
      onProgress?.(weights.size / entries.size);
    }
  } catch (error) {
    tf.dispose([...weights.values()].flatMap(tensorsOf));
    throw error;
  }
  return { config, weights, adapter: null, rotary: { reach: 0, tables: null } };
}

function trainable(tensor: tf.Tensor): tf.Variable {
  const variable = tf.variable(tensor);
  tensor.dispose();
  return variable;
}

/** The weight by its full name. */
export function weight(policy: Policy, name: string): Weight {
  const found = policy.weights.get(name);
  assert(found, `the policy has a weight ${name}`);
  return found;
}

/** A norm's weight, which is never packed. */
export function vectorWeight(policy: Policy, name: string): tf.Tensor1D {
  return weight(policy, name) as tf.Tensor1D;
}

/** The vocabulary projection, [V, C]. */
export function headWeight(policy: Policy): Weight {
  return weight(policy, policy.config.tied ? embeddingName : headName);
}

/** What training changes: the adapter's matrices where there is one, else all trained weights. */
export function trainedParameters({ weights, adapter }: Policy): Map<string, tf.Variable> {
  const parameters = new Map<string, tf.Variable>();
  for (const [name, tensor] of adapter?.parameters ?? weights) {
    if (isTrained(tensor)) parameters.set(name, tensor);
  }
  return parameters;
}

/** Rotary tables that reach at least that many positions, made in powers of two so that they rarely grow. */
export function rotaryFor({ config, rotary }: Policy, reach: number): RotaryTables {
  if (rotary.tables && rotary.reach >= reach) return rotary.tables;
  const size = 2 ** Math.ceil(Math.log2(Math.max(64, reach)));
  disposeRotary(rotary);
  const { cos, sin } = rotaryTables(config, size);
  rotary.reach = size;
  rotary.tables = { cos: tf.keep(cos), sin: tf.keep(sin) };
  return rotary.tables;
}

function disposeRotary(rotary: Policy['rotary']): void {
  if (rotary.tables) tf.dispose([rotary.tables.cos, rotary.tables.sin]);
  rotary.tables = null;
}

/** The trained parameters on the host, one after the other so that no second copy of the model exists meanwhile. */
export async function snapshotPolicy(policy: Policy): Promise<Snapshot> {
  return readParameters(trainedParameters(policy));
}

export async function readParameters(parameters: ReadonlyMap<string, tf.Tensor>): Promise<Snapshot> {
  const snapshot: Snapshot = new Map();
  for (const [name, tensor] of parameters) snapshot.set(name, await readValues(tensor));
  return snapshot;
}

/** Puts a snapshot's values into the parameters of the same names; all of them must be there, of the same sizes. */
export function restoreParameters(parameters: ReadonlyMap<string, tf.Variable>, snapshot: Snapshot): void {
  for (const [name, variable] of parameters) {
    const values = snapshot.get(name);
    assert(values?.length === variable.size, `the snapshot has ${variable.size} values for ${name}`);
    const tensor = tf.tensor(values, variable.shape, 'float32');
    variable.assign(tensor);
    tensor.dispose();
  }
}

/** A frozen policy equal to this one now and independent of it: frozen weights are shared, trained ones copied. */
export function freezePolicy(policy: Policy): Policy {
  // Multiplying makes new values, where an alias would share what training changes in place.
  const frozen = (tensor: tf.Tensor) => (tensor instanceof tf.Variable ? tf.mul(tensor, 1) : alias(tensor));
  const shared = (weight: Weight): Weight =>
    isPacked(weight)
      ? { ...weight, values: alias(weight.values), scales: weight.scales && alias(weight.scales) }
      : frozen(weight);
  const copy = <T, U>(values: ReadonlyMap<string, T>, of: (value: T) => U) =>
    new Map([...values].map(([name, value]) => [name, of(value)]));
  const { config, weights, adapter } = policy;
  return {
    config,
    weights: copy(weights, shared),
    adapter: adapter && { ...adapter, parameters: copy(adapter.parameters, frozen) },
    rotary: { reach: 0, tables: null },
  };
}

export function disposePolicy(policy: Policy): void {
  tf.dispose([...policy.weights.values()].flatMap(tensorsOf));
  if (policy.adapter) tf.dispose([...policy.adapter.parameters.values()]);
  disposeRotary(policy.rotary);
  policy.weights.clear();
  policy.adapter = null;
}
