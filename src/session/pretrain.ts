/**
 * Pretraining of the built-in base model from random weights: documents packed into rows with a mask between them,
 * next-token loss with the full weight on what the assistant writes, AdamW with a cosine schedule. What the documents
 * say is `environment/pretraining/`; where checkpoints are kept is the caller's affair.
 */
import * as tf from '@tensorflow/tfjs';
import { Random } from '../base/random.ts';
import { disposeBatch, uploadBatch, type PackedBatch } from '../compute/batch.ts';
import { disposeGradients, lossAndGradients } from '../compute/gradients.ts';
import { readValues } from '../compute/transfer.ts';
import type { ModelConfig } from '../model/config.ts';
import { trainedParameters, type Policy } from '../model/policy.ts';
import type { NamedTensor } from '../model/safetensors.ts';
import { logProbs } from '../model/transformer.ts';
import { embeddingName, expectedTensors } from '../model/weights.ts';
import type { AdamW } from '../train/optimizer.ts';
import { cosineRateAt } from '../train/schedule.ts';

export interface PretrainPlan {
  seed: number;
  steps: number;
  /** B and T of a batch; many small batches teach copying sooner than few large ones. */
  rowsPerStep: number;
  rowTokens: number;
  learningRate: number;
  warmupSteps: number;
  weightDecay: number;
  maxGradNorm: number;
  /** Loss weight of tokens that the assistant does not write. */
  promptWeight: number;
}

/** A document as the model sees it. */
export interface TokenDocument {
  ids: number[];
  /** Whether the assistant writes the token (its end-of-turn token included). */
  isAction: boolean[];
}

export interface PretrainStep {
  /** Steps done. */
  step: number;
  /** Nats a token, weighted as in the plan. */
  loss: number;
  gradNorm: number;
  tokens: number;
}

/** What continues a pretraining besides weights and optimizer. */
export interface PretrainCursor {
  step: number;
  /** Number of the next document. */
  document: number;
}

/** Random weights for a configuration; the same seed gives the same. */
export function initialWeights(config: ModelConfig, seed: number): NamedTensor[] {
  return [...expectedTensors(config)].map(([name, shape]) => {
    const random = new Random(seed).fork('weights', name);
    const size = shape.reduce((product, n) => product * n, 1);
    if (name.endsWith('norm.weight')) return { name, shape, values: new Float32Array(size).fill(1) };
    // Deviation 0.8/√inputs; layers that write to the residual stream are scaled down by its depth (GPT-2).
    const isOutput = name.includes('o_proj') || name.includes('down_proj');
    const depth = isOutput ? 1 / Math.sqrt(2 * config.layers) : 1;
    const deviation = name === embeddingName ? 0.02 : (0.8 / Math.sqrt(shape[1]!)) * depth;
    return { name, shape, values: Float32Array.from({ length: size }, () => deviation * random.normal()) };
  });
}

/**
 * Trains until the plan's last step, one event a step; begins at the cursor and moves it.
 * @param documentAt document number n of an endless stream; those longer than a row are skipped
 */
export async function* pretrain(
  policy: Policy,
  optimizer: AdamW,
  documentAt: (index: number) => TokenDocument | Promise<TokenDocument>,
  plan: PretrainPlan,
  cursor: PretrainCursor,
): AsyncGenerator<PretrainStep, void> {
  const parameters = trainedParameters(policy);
  while (cursor.step < plan.steps) {
    const { batch, at, targets, weights } = await nextBatch(documentAt, plan, cursor);
    const device = uploadBatch(batch);
    const inputs = [tf.tensor1d(at, 'int32'), tf.tensor1d(targets, 'int32'), tf.tensor1d(weights)] as const;
    const { loss, gradients } = lossAndGradients(() => {
      const { logProb } = logProbs(policy, device, { at: inputs[0], targets: inputs[1] });
      return tf.neg(tf.sum(tf.mul(logProb, inputs[2]))) as tf.Scalar;
    }, parameters);
    try {
      const rate = cosineRateAt(cursor.step, plan.steps, plan.learningRate, plan.warmupSteps, 0.02);
      const update = optimizer.update(gradients, rate, plan.maxGradNorm);
      const [gradNorm, [value]] = await Promise.all([update, readValues(loss)]);
      cursor.step++;
      yield { step: cursor.step, loss: value!, gradNorm, tokens: batch.ids.length };
    } finally {
      tf.dispose([loss, ...inputs]);
      disposeGradients(gradients);
      disposeBatch(device);
    }
  }
}

interface ScoredBatch {
  batch: PackedBatch;
  at: Int32Array; // [M]
  targets: Int32Array; // [M]
  /** Sum 1. */
  weights: Float32Array; // [M]
}

/** Fills the rows of a batch with whole documents; each document is a segment that sees only itself. */
async function nextBatch(
  documentAt: (index: number) => TokenDocument | Promise<TokenDocument>,
  { rowsPerStep, rowTokens, promptWeight }: PretrainPlan,
  cursor: PretrainCursor,
): Promise<ScoredBatch> {
  const size = rowsPerStep * rowTokens;
  const ids = new Int32Array(size);
  const positions = new Int32Array(size);
  const segments = new Int32Array(size).fill(-1);
  const scored: { at: number; target: number; weight: number }[] = [];
  for (let row = 0; row < rowsPerStep; row++) {
    let used = 0;
    for (let segment = 1; ; segment++) {
      let document = await documentAt(cursor.document);
      while (document.ids.length > rowTokens) document = await documentAt(++cursor.document);
      if (used + document.ids.length > rowTokens) break;
      document.ids.forEach((id, i) => {
        const at = row * rowTokens + used + i;
        ids[at] = id;
        positions[at] = i;
        segments[at] = segment;
        if (i > 0) scored.push({ at: at - 1, target: id, weight: document.isAction[i] ? 1 : promptWeight });
      });
      used += document.ids.length;
      cursor.document++;
    }
  }
  const total = scored.reduce((sum, { weight }) => sum + weight, 0);
  return {
    batch: { rows: rowsPerStep, length: rowTokens, ids, positions, segments },
    at: Int32Array.from(scored, ({ at }) => at),
    targets: Int32Array.from(scored, ({ target }) => target),
    weights: Float32Array.from(scored, ({ weight }) => weight / total),
  };
}
