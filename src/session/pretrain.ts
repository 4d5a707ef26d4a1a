/**
 * Pretraining of a built-in base model from random weights: documents packed into rows with a mask between them,
 * next-token loss with the full weight on what the assistant writes, AdamW with a cosine schedule, as many passes over
 * a finite stream as the steps need, each in another order. What the documents say is `environment/pretraining/`;
 * where checkpoints are kept is the caller's affair.
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
import { documentStarts, idOfToken, isActionToken, packRows } from './token-stream.ts';

export interface PretrainPlan {
  seed: number;
  steps: number;
  /** B and T of a batch; many small batches teach copying sooner than few large ones, and keep a GPU less busy. */
  rowsPerStep: number;
  rowTokens: number;
  learningRate: number;
  warmupSteps: number;
  weightDecay: number;
  maxGradNorm: number;
  /** Loss weight of tokens that the assistant does not write. */
  promptWeight: number;
  /** Steps between readings of the loss: on a GPU each one waits. */
  reportEverySteps: number;
}

export interface PretrainReport {
  /** Steps done. */
  step: number;
  /** Nats a token, weighted as in the plan: the mean since the last report. */
  loss: number;
  /** Of the last step. */
  gradNorm: number;
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
 * Trains from `doneSteps` to the plan's last step; a report every so many steps, and after the last.
 * @param tokens the stream, packed
 */
export async function* pretrain(
  policy: Policy,
  optimizer: AdamW,
  tokens: Uint16Array,
  plan: PretrainPlan,
  doneSteps = 0,
): AsyncGenerator<PretrainReport, void> {
  const parameters = trainedParameters(policy);
  const rows = new RowOrder(tokens, plan);
  // Every token predicts its next one, so that all batches have one shape; those of no interest have weight 0.
  const at = tf.range(0, plan.rowsPerStep * plan.rowTokens, 1, 'int32') as tf.Tensor1D;
  let sum = tf.scalar(0);
  let summed = 0;
  let underWay: Promise<number> | null = null;
  try {
    for (let step = doneSteps; step < plan.steps; step++) {
      const { batch, targets, weights } = batchOf(tokens, rows.ofStep(step), plan, rows.starts);
      const device = uploadBatch(batch);
      const inputs: [tf.Tensor1D, tf.Tensor1D] = [tf.tensor1d(targets, 'int32'), tf.tensor1d(weights)];
      const { loss, gradients } = lossAndGradients(() => {
        const { logProb } = logProbs(policy, device, { at, targets: inputs[0] });
        return tf.neg(tf.sum(tf.mul(logProb, inputs[1]))) as tf.Scalar;
      }, parameters);
      const before = sum;
      sum = tf.add(before, loss);
      summed++;
      tf.dispose([before, loss]);
      const rate = cosineRateAt(step, plan.steps, plan.learningRate, plan.warmupSteps, 0.02);
      const update = optimizer.update(gradients, rate, plan.maxGradNorm);
      disposeGradients(gradients);
      disposeBatch(device);
      tf.dispose(inputs);
      // Waiting for the step before, so that this one is prepared while the GPU works on that.
      await underWay;
      underWay = update;
      if ((step + 1) % plan.reportEverySteps && step + 1 < plan.steps) continue;
      const [gradNorm, [total]] = await Promise.all([update, readValues(sum)]);
      yield { step: step + 1, loss: total! / summed, gradNorm };
      sum.dispose();
      sum = tf.scalar(0);
      summed = 0;
    }
  } finally {
    tf.dispose([at, sum]);
  }
}

/** Which documents lie in the rows of each step: pass after pass over the stream, each in an order of its own. */
class RowOrder {
  readonly starts: number[];
  private pass = -1;
  private rows: number[][] = [];
  private readonly perPass: number;
  private readonly plan: PretrainPlan;

  constructor(tokens: Uint16Array, plan: PretrainPlan) {
    this.plan = plan;
    this.starts = documentStarts(tokens);
    this.perPass = stepsOfPass(tokens.length, plan);
  }

  /** B rows, each the numbers of its documents. */
  ofStep(step: number): number[][] {
    const pass = Math.floor(step / this.perPass);
    if (pass !== this.pass) {
      const random = new Random(this.plan.seed).fork('rows', pass);
      this.rows = random.shuffle(packRows(this.starts, this.plan.rowTokens, random));
      this.pass = pass;
    }
    const from = (step % this.perPass) * this.plan.rowsPerStep;
    return Array.from(
      { length: this.plan.rowsPerStep },
      (_, row) => this.rows[(from + row) % this.rows.length]!,
    );
  }
}

/** Steps of one pass over so many tokens. */
export function stepsOfPass(tokens: number, { rowsPerStep, rowTokens }: PretrainPlan): number {
  return Math.max(1, Math.floor(tokens / (rowsPerStep * rowTokens)));
}

interface ScoredBatch {
  batch: PackedBatch;
  /** The token after each token; −1 where a document or row ends. */
  targets: Int32Array; // [N]
  /** Sum 1. */
  weights: Float32Array; // [N]
}

/** Rows of whole documents; each document is a segment that sees only itself. */
function batchOf(
  tokens: Uint16Array,
  rows: readonly (readonly number[])[],
  { rowTokens, promptWeight }: PretrainPlan,
  starts: readonly number[],
): ScoredBatch {
  const size = rows.length * rowTokens;
  const ids = new Int32Array(size);
  const positions = new Int32Array(size);
  const segments = new Int32Array(size).fill(-1);
  const targets = new Int32Array(size).fill(-1);
  const weights = new Float32Array(size);
  let total = 0;
  rows.forEach((documents, row) => {
    let place = row * rowTokens;
    documents.forEach((document, index) => {
      const length = Math.min(rowTokens, starts[document + 1]! - starts[document]!);
      for (let i = 0; i < length; i++, place++) {
        const token = tokens[starts[document]! + i]!;
        ids[place] = idOfToken(token);
        positions[place] = i;
        segments[place] = index + 1;
        if (i === 0) continue;
        targets[place - 1] = idOfToken(token);
        weights[place - 1] = isActionToken(token) ? 1 : promptWeight;
        total += weights[place - 1]!;
      }
    });
  });
  for (let i = 0; i < size; i++) weights[i]! /= total;
  return { batch: { rows: rows.length, length: rowTokens, ids, positions, segments }, targets, weights };
}
