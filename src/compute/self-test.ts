/**
 * Does this machine compute right? One training step of a tiny transformer through every operation that training
 * uses, against float64 arithmetic whose gradients are central differences. A broken driver fails here, not in a run.
 */
import * as tf from '@tensorflow/tfjs';
import { Random } from '../base/random.ts';
import { throwIfFailed } from './backend.ts';
import { disposeBatch, uploadBatch, type DeviceBatch, type PackedBatch } from './batch.ts';
import * as exact from './float64.ts';
import { lossAndGradients, disposeGradients } from './gradients.ts';
import { gumbel, noiseKey } from './noise.ts';
import { adamW, createMoments } from './ops/adam-w.ts';
import { attention } from './ops/attention.ts';
import { chosenLogProb } from './ops/chosen-log-prob.ts';
import { embedding, pickRows } from './ops/embedding.ts';
import { globalNorm } from './ops/global-norm.ts';
import { linear } from './ops/linear.ts';
import { rmsNorm } from './ops/rms-norm.ts';
import { rope } from './ops/rope.ts';
import { sampleTokens } from './ops/sample-tokens.ts';
import { swiglu } from './ops/swiglu.ts';

export interface SelfTestResult {
  passed: boolean;
  /** Largest error of loss, gradients, updated weights and sampled log-probability. */
  maxError: number;
  bound: number;
}

/** f32 rounding through one layer, with room for other orders of summation. */
const bound = 1e-4;

const width = 8;
const feedForward = 12;
const vocabulary = 11;
const heads = { heads: 2, kvHeads: 1, headWidth: 4, scale: 0.5 };
const frequencies = [1, 0.1];
const epsilon = 1e-5;
const shapes: Record<string, number[]> = {
  embedding: [vocabulary, width],
  norm: [width],
  query: [width, width],
  key: [4, width],
  value: [4, width],
  output: [width, width],
  gate: [feedForward, width],
  up: [feedForward, width],
  down: [width, feedForward],
};
// A prompt of four tokens and two completions.
const batch: PackedBatch = {
  rows: 1,
  length: 10,
  ids: Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 0),
  positions: Int32Array.of(0, 1, 2, 3, 4, 5, 6, 4, 5, 0),
  segments: Int32Array.of(0, 0, 0, 0, 1, 1, 1, 2, 2, -1),
};
const scored = { at: [3, 4, 5, 3, 7, 8], targets: [5, 6, 7, 8, 9, 10] };
const update = {
  learningRate: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 0.01,
  weightDecay: 0.1,
  step: 1,
  maxNorm: 0.5,
};

type Weights<T> = Record<string, T>;

/** Runs on the current backend, whichever that is. @throws AppError when the device failed meanwhile */
export async function selfTest(): Promise<SelfTestResult> {
  const random = new Random('self-test');
  const values: Weights<number[]> = {};
  for (const [name, shape] of Object.entries(shapes)) {
    const size = shape.reduce((product, n) => product * n, 1);
    values[name] = Array.from({ length: size }, () =>
      Math.fround(0.5 * random.normal() + (name === 'norm' ? 1 : 0)),
    );
  }
  const errors = [await trainingError(values), await samplingError(random)];
  throwIfFailed();
  const maxError = Math.max(...errors);
  return { passed: maxError < bound, maxError, bound };
}

async function trainingError(values: Weights<number[]>): Promise<number> {
  const parameters = new Map<string, tf.Variable>();
  for (const [name, shape] of Object.entries(shapes)) {
    parameters.set(
      name,
      tf.tidy(() => tf.variable(tf.tensor(values[name]!, shape))),
    );
  }
  const device = uploadBatch(batch);
  const at = tf.tensor1d(scored.at, 'int32');
  const targets = tf.tensor1d(scored.targets, 'int32');
  const tables = rotaryTables();
  const weights = Object.fromEntries(parameters);
  const { loss, gradients } = lossAndGradients(
    () => deviceLoss(weights, device, at, targets, tables),
    parameters,
  );
  const norm = globalNorm([...gradients.values()]);

  const errors = [exact.largestError(await loss.data(), [exactLoss(values)])];
  const slopes: Record<string, number[]> = {};
  for (const [name, gradient] of gradients) {
    slopes[name] = exact.differences((x) => exactLoss({ ...values, [name]: x }), values[name]!);
    errors.push(exact.largestError(await gradient.data(), slopes[name]));
  }
  const exactNorm = Math.hypot(...Object.values(slopes).flat());
  errors.push(exact.largestError(await norm.data(), [exactNorm]));
  const moments = createMoments([...parameters.values()]);
  adamW([...parameters.values()], [...gradients.values()], moments, norm, update);
  for (const [name, parameter] of parameters) {
    const none = values[name]!.map(() => 0);
    const next = exact.adamW(values[name]!, slopes[name]!, none, none, exactNorm, update);
    errors.push(exact.largestError(await parameter.data(), next.p));
  }
  tf.dispose([moments.first, moments.second]);
  disposeGradients(gradients);
  disposeBatch(device);
  tf.dispose([loss, norm, at, targets, tables.cos, tables.sin, ...parameters.values()]);
  return Math.max(...errors);
}

function rotaryTables() {
  const table = (f: (angle: number) => number) =>
    tf.tensor2d(
      Array.from({ length: batch.length }, (_, position) => frequencies.map((w) => f(position * w))),
    );
  return { cos: table(Math.cos), sin: table(Math.sin) };
}

function deviceLoss(
  weights: Weights<tf.Variable>,
  device: DeviceBatch,
  at: tf.Tensor1D,
  targets: tf.Tensor1D,
  tables: { cos: tf.Tensor2D; sin: tf.Tensor2D },
): tf.Scalar {
  const matrix = (name: string) => weights[name] as tf.Tensor as tf.Tensor2D;
  const norm = (x: tf.Tensor2D) => rmsNorm(x, weights.norm as tf.Tensor as tf.Tensor1D, epsilon);
  const x = embedding(matrix('embedding'), device.ids);
  const input = norm(x);
  const projected = [linear(input, matrix('query')), linear(input, matrix('key'))];
  const [q, k] = rope(projected, device.positions, tables, heads.headWidth);
  const mixed = attention(q!, k!, linear(input, matrix('value')), device, heads);
  const middle = tf.add(x, linear(mixed, matrix('output'))) as tf.Tensor2D;
  const gated = swiglu(linear(norm(middle), matrix('gate')), linear(norm(middle), matrix('up')));
  const last = norm(tf.add(middle, linear(gated, matrix('down'))));
  const { logProb } = chosenLogProb(pickRows(last, at), matrix('embedding'), targets, { temperature: 0.8 });
  return tf.neg(tf.mean(logProb)) as tf.Scalar;
}

function exactLoss(weights: Weights<readonly number[]>): number {
  const matrix = (name: string) => weights[name]!;
  const norm = (x: number[]) => exact.rmsNorm(x, matrix('norm'), epsilon);
  const x = exact.embedding(matrix('embedding'), batch.ids, width);
  const input = norm(x);
  const q = exact.rope(
    exact.linear(input, matrix('query'), width),
    batch.positions,
    frequencies,
    heads.heads,
  );
  const k = exact.rope(
    exact.linear(input, matrix('key'), width),
    batch.positions,
    frequencies,
    heads.kvHeads,
  );
  const v = exact.linear(input, matrix('value'), width);
  const mixed = exact.attention(q, k, v, batch.segments, batch.length, heads);
  const middle = exact.add(x, exact.linear(mixed, matrix('output'), width));
  const inner = norm(middle);
  const gated = exact.swiglu(
    exact.linear(inner, matrix('gate'), width),
    exact.linear(inner, matrix('up'), width),
  );
  const last = norm(exact.add(middle, exact.linear(gated, matrix('down'), feedForward)));
  const picked = exact.embedding(last, scored.at, width);
  const { logProb } = exact.logProb(picked, matrix('embedding'), scored.targets, width, 1 / 0.8);
  return -logProb.reduce((sum, value) => sum + value, 0) / logProb.length;
}

/** Infinite when another token is drawn than the noise commands. */
async function samplingError(random: Random): Promise<number> {
  const rowIds = Int32Array.of(7, -3, 123456789);
  const rows = Array.from(rowIds, () =>
    Array.from({ length: vocabulary }, () => Math.fround(random.normal())),
  );
  const settings = { temperature: 0.8, topK: 0, topP: 1, minP: 0, seed: 5, step: 2 };
  const logits = tf.tensor2d(rows);
  const { ids, logProbs } = sampleTokens(logits, rowIds, settings);
  const [drawn, found] = await Promise.all([ids.data(), logProbs.data()]);
  tf.dispose([logits, ids, logProbs]);
  const expected = rows.map((row, r) => {
    const key = noiseKey(settings.seed, rowIds[r]!, settings.step);
    const scores = row.map((logit, column) => logit / settings.temperature + gumbel(key, column));
    return scores.indexOf(Math.max(...scores));
  });
  if (expected.some((id, r) => id !== drawn[r])) return Infinity;
  const { logProb } = exact.logProb(
    rows.flat(),
    identity(vocabulary),
    expected,
    vocabulary,
    1 / settings.temperature,
  );
  return exact.largestError(found, logProb);
}

function identity(size: number): number[] {
  return Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
}
