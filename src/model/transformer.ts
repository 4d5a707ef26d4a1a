/**
 * The decoder of all supported families, forward and differentiable, over packed batches. Where keys and values come
 * from is passed in, so training, prefill and decoding (`rollout/`) are one and the same code.
 */
import * as tf from '@tensorflow/tfjs';
import type { DeviceBatch } from '../compute/batch.ts';
import { attention } from '../compute/ops/attention.ts';
import { chosenLogProb } from '../compute/ops/chosen-log-prob.ts';
import { embedding, pickRows } from '../compute/ops/embedding.ts';
import { linear, linears } from '../compute/ops/linear.ts';
import { residual, scaled } from '../compute/ops/residual.ts';
import { lastNorm, rmsNorm, streamAndNorm } from '../compute/ops/rms-norm.ts';
import { rope, type RotaryTables } from '../compute/ops/rope.ts';
import { swiglu } from '../compute/ops/swiglu.ts';
import { recomputed } from '../compute/recompute.ts';
import type { AttentionShape } from '../compute/operations.ts';
import type { ModelConfig } from './config.ts';
import { adapterOf } from './lora.ts';
import { headWeight, rotaryFor, trainedParameters, vectorWeight, weight, type Policy } from './policy.ts';
import { embeddingName, finalNormName } from './weights.ts';

/** Mixes the values of one layer: q [N, H·D], k and v [N, K·D], rotated → [N, H·D]. */
export type Attend = (q: tf.Tensor2D, k: tf.Tensor2D, v: tf.Tensor2D, layer: number) => tf.Tensor2D;

export function attentionShape(config: ModelConfig): AttentionShape {
  const { heads, kvHeads, headWidth, attentionScale } = config;
  return { heads, kvHeads, headWidth, scale: attentionScale };
}

/**
 * Final hidden states, after the last norm, of a packed batch.
 * @param recompute keep only each layer's input for the gradient and run the layer again: less memory, a third slower
 * @returns [N, C]
 */
export function hiddenStates(policy: Policy, batch: DeviceBatch, { recompute = false } = {}): tf.Tensor2D {
  const shape = attentionShape(policy.config);
  const attend: Attend = (q, k, v) => attention(q, k, v, batch, shape);
  return runLayers(policy, batch.ids, batch.positions, batch.reach, attend, recompute);
}

/**
 * The same for any source of keys and values.
 * @param ids [N] int32
 * @param positions [N] int32, each below `reach`
 */
export function runLayers(
  policy: Policy,
  ids: tf.Tensor1D,
  positions: tf.Tensor1D,
  reach: number,
  attend: Attend,
  recompute = false,
): tf.Tensor2D {
  const { config } = policy;
  const tables = rotaryFor(policy, reach);
  const x = scaled(embedding(weight(policy, embeddingName), ids), config.embeddingScale); // [N, C]
  let residue: Residue = { stream: x, branch: null };
  for (let layer = 0; layer < config.layers; layer++) {
    const run = (before: Residue) => block(policy, layer, before, positions, tables, attend);
    const before = residue;
    // What the gradient needs is kept by the tape; everything else is given back at the end of each layer.
    residue = tidied(() => {
      if (!recompute) return run(before);
      const whole = (x: tf.Tensor2D) => added(policy, run({ stream: x, branch: null }));
      return { stream: recomputed(whole, before.stream, layerParameters(policy, layer)), branch: null };
    });
    before.stream.dispose();
    before.branch?.dispose();
  }
  const { stream, branch } = residue;
  const finalNorm = vectorWeight(policy, finalNormName);
  return lastNorm(stream, branch, config.residualScale, finalNorm, config.normEpsilon);
}

/** The residual stream and what is still to be added to it, which the next norm does in passing. // each [N, C] */
interface Residue {
  stream: tf.Tensor2D;
  branch: tf.Tensor2D | null;
}

/** `tf.tidy`, whose types know no null. */
function tidied(work: () => Residue): Residue {
  return tf.tidy(work as () => never);
}

function added({ config }: Policy, { stream, branch }: Residue): tf.Tensor2D {
  return branch ? residual(stream, branch, config.residualScale) : stream;
}

function block(
  policy: Policy,
  layer: number,
  before: Residue,
  positions: tf.Tensor1D,
  tables: RotaryTables,
  attend: Attend,
): Residue {
  const { config } = policy;
  const { headWidth, normEpsilon, residualScale } = config;
  const prefix = `model.layers.${layer}`;
  const normWeight = (name: string) => vectorWeight(policy, `${prefix}.${name}.weight`);
  const streamed = ({ stream, branch }: Residue, name: string) =>
    streamAndNorm(stream, branch, residualScale, normWeight(name), normEpsilon);
  const project = (x: tf.Tensor2D, ...parts: string[]) => {
    const layers = parts.map((part) => {
      const name = `${prefix}.${part}`;
      const bias = (policy.weights.get(`${name}.bias`) as tf.Tensor1D | undefined) ?? null;
      return { weight: weight(policy, `${name}.weight`), bias, adapter: adapterOf(policy, name) };
    });
    return linears(x, layers);
  };
  // The weight is one head wide, so each head is normalised by itself.
  const headNorm = (x: tf.Tensor2D, name: string) =>
    config.queryKeyNorm ? rmsNorm(x, normWeight(`self_attn.${name}`), normEpsilon) : x;

  const { stream, normed: attentionInput } = streamed(before, 'input_layernorm');
  const parts = ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'];
  const [queries, keys, v] = project(attentionInput, ...parts) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
  const heads = [headNorm(queries, 'q_norm'), headNorm(keys, 'k_norm')];
  const [q, k] = rope(heads, positions, tables, headWidth) as [tf.Tensor2D, tf.Tensor2D]; // [N, H·D], [N, K·D]
  const [mixed] = project(attend(q, k, v, layer), 'self_attn.o_proj') as [tf.Tensor2D];

  const { stream: middle, normed: gatedInput } = streamed(
    { stream, branch: mixed },
    'post_attention_layernorm',
  );
  const [input, output] = config.fusedGate
    ? [['shared_mlp.input_linear'], 'shared_mlp.output_linear']
    : [['mlp.gate_proj', 'mlp.up_proj'], 'mlp.down_proj'];
  const projected = project(gatedInput, ...input);
  const [gate, up] = config.fusedGate ? tf.split(projected[0]!, 2, 1) : projected;
  const [branch] = project(swiglu(gate as tf.Tensor2D, up as tf.Tensor2D), output) as [tf.Tensor2D];
  return { stream: middle, branch };
}

function layerParameters(policy: Policy, layer: number): tf.Variable[] {
  const own = [...trainedParameters(policy)].filter(([name]) => name.startsWith(`model.layers.${layer}.`));
  return own.map(([, variable]) => variable);
}

/**
 * Logits of some hidden states; only for few of them (sampling), never for a whole batch.
 * @param hidden [B, C]
 * @returns [B, V]
 */
export function logits(policy: Policy, hidden: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => scaled(linear(hidden, headWeight(policy)), policy.config.logitScale));
}

/** Which tokens of a batch are scored, as tensors: the hidden state at `at[m]` predicts `targets[m]`. */
export interface ScoredTokens {
  at: tf.Tensor1D; // [M] int32, into the N tokens of the batch
  targets: tf.Tensor1D; // [M] int32, negative = not counted
}

/**
 * Log-probability (nats) and entropy of chosen tokens under the policy at a temperature, differentiable.
 * @returns each [M]
 */
export function logProbs(
  policy: Policy,
  batch: DeviceBatch,
  { at, targets }: ScoredTokens,
  {
    recompute = false,
    ...options
  }: { temperature?: number; entropyGradient?: boolean; recompute?: boolean } = {},
): { logProb: tf.Tensor1D; entropy: tf.Tensor1D } {
  const picked = pickRows(hiddenStates(policy, batch, { recompute }), at); // [M, C]
  return chosenLogProb(picked, headWeight(policy), targets, {
    logitScale: policy.config.logitScale,
    ...options,
  });
}
