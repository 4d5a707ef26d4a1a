/**
 * The decoder of all supported families, forward and differentiable, over packed batches. Where keys and values come
 * from is passed in, so training, prefill and decoding (`rollout/`) are one and the same code.
 */
import * as tf from '@tensorflow/tfjs';
import type { DeviceBatch } from '../compute/batch.ts';
import { attention } from '../compute/ops/attention.ts';
import { chosenLogProb } from '../compute/ops/chosen-log-prob.ts';
import { embedding, pickRows } from '../compute/ops/embedding.ts';
import { linear } from '../compute/ops/linear.ts';
import { residual, scaled } from '../compute/ops/residual.ts';
import { rmsNorm } from '../compute/ops/rms-norm.ts';
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
  let x = scaled(embedding(weight(policy, embeddingName), ids), config.embeddingScale); // [N, C]
  for (let layer = 0; layer < config.layers; layer++) {
    // What the gradient needs is kept by the tape; everything else is given back at the end of each layer.
    const run = (x: tf.Tensor2D) => tf.tidy(() => block(policy, layer, x, positions, tables, attend));
    x = recompute ? recomputed(run, x, layerParameters(policy, layer)) : run(x);
  }
  return rmsNorm(x, vectorWeight(policy, finalNormName), config.normEpsilon);
}

function block(
  policy: Policy,
  layer: number,
  x: tf.Tensor2D,
  positions: tf.Tensor1D,
  tables: RotaryTables,
  attend: Attend,
): tf.Tensor2D {
  const { config } = policy;
  const { heads, kvHeads, normEpsilon, residualScale } = config;
  const prefix = `model.layers.${layer}`;
  const norm = (x: tf.Tensor2D, name: string) =>
    rmsNorm(x, vectorWeight(policy, `${prefix}.${name}.weight`), normEpsilon);
  const project = (x: tf.Tensor2D, part: string) => {
    const name = `${prefix}.${part}`;
    const bias = (policy.weights.get(`${name}.bias`) as tf.Tensor1D | undefined) ?? null;
    return linear(x, weight(policy, `${name}.weight`), bias, adapterOf(policy, name));
  };
  const placed = (x: tf.Tensor2D, name: string, heads: number) => {
    // The weight is one head wide, so each head is normalised by itself.
    const normed = config.queryKeyNorm ? norm(x, `self_attn.${name}`) : x;
    return rope(normed, positions, tables, heads);
  };

  const attentionInput = norm(x, 'input_layernorm');
  const q = placed(project(attentionInput, 'self_attn.q_proj'), 'q_norm', heads); // [N, H·D]
  const k = placed(project(attentionInput, 'self_attn.k_proj'), 'k_norm', kvHeads); // [N, K·D]
  const v = project(attentionInput, 'self_attn.v_proj');
  const mixed = project(attend(q, k, v, layer), 'self_attn.o_proj');
  const middle = residual(x, mixed, residualScale);

  const gatedInput = norm(middle, 'post_attention_layernorm');
  let output: tf.Tensor2D;
  if (config.fusedGate) {
    const [gate, up] = tf.split(project(gatedInput, 'shared_mlp.input_linear'), 2, 1) as [
      tf.Tensor2D,
      tf.Tensor2D,
    ];
    output = project(swiglu(gate, up), 'shared_mlp.output_linear');
  } else {
    const gated = swiglu(project(gatedInput, 'mlp.gate_proj'), project(gatedInput, 'mlp.up_proj'));
    output = project(gated, 'mlp.down_proj');
  }
  return residual(middle, output, residualScale);
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
