/**
 * LoRA adapters on all linear layers (Hu et al. 2021), named and initialised as PEFT does it: A Kaiming-uniform with
 * a = √5, B zero, scale α/R. Applying one is `compute/ops/linear.ts`; writing PEFT's files is `export/`.
 */
import * as tf from '@tensorflow/tfjs';
import { Random } from '../base/random.ts';
import type { LowRank } from '../compute/ops/linear.ts';
import type { ModelConfig } from './config.ts';
import type { Policy } from './policy.ts';
import { linearLayers } from './weights.ts';

export interface Adapter {
  rank: number;
  alpha: number;
  /** `<layer>.lora_A.weight` [R, in] and `<layer>.lora_B.weight` [out, R], e.g. of `model.layers.0.self_attn.q_proj`. Variables where the adapter is trained, plain tensors where it is frozen. */
  parameters: Map<string, tf.Tensor>;
}

/** The adapted layers with [out, in]. */
export function adaptedLayers(config: ModelConfig): Map<string, [number, number]> {
  const layers = new Map<string, [number, number]>();
  for (let layer = 0; layer < config.layers; layer++) {
    for (const [part, shape] of Object.entries(linearLayers(config))) {
      layers.set(`model.layers.${layer}.${part}`, shape);
    }
  }
  return layers;
}

/** A fresh adapter: the same seed gives the same one, and it changes nothing until it is trained. */
export function createAdapter(
  config: ModelConfig,
  { rank, alpha, seed }: { rank: number; alpha: number; seed: number },
): Adapter {
  const random = new Random(seed).fork('lora');
  const parameters = new Map<string, tf.Tensor>();
  for (const [layer, [outputs, inputs]] of adaptedLayers(config)) {
    const generator = random.fork(layer);
    const bound = 1 / Math.sqrt(inputs);
    const a = Float32Array.from({ length: rank * inputs }, () => (2 * generator.uniform() - 1) * bound);
    parameters.set(`${layer}.lora_A.weight`, variable(a, [rank, inputs]));
    parameters.set(`${layer}.lora_B.weight`, variable(new Float32Array(outputs * rank), [outputs, rank]));
  }
  return { rank, alpha, parameters };
}

function variable(values: Float32Array, shape: [number, number]): tf.Variable {
  const tensor = tf.tensor2d(values, shape);
  const result = tf.variable(tensor);
  tensor.dispose();
  return result;
}

/** The pair of one layer, or null where there is no adapter. */
export function adapterOf(policy: Policy, layer: string): LowRank | null {
  const { adapter } = policy;
  if (!adapter) return null;
  return {
    a: adapter.parameters.get(`${layer}.lora_A.weight`) as tf.Tensor2D,
    b: adapter.parameters.get(`${layer}.lora_B.weight`) as tf.Tensor2D,
    scale: adapter.alpha / adapter.rank,
  };
}

/** Number of values an adapter of this rank has. */
export function countAdapterParameters(config: ModelConfig, rank: number): number {
  let count = 0;
  for (const [outputs, inputs] of adaptedLayers(config).values()) count += rank * (outputs + inputs);
  return count;
}
