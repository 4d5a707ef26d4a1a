/**
 * Proves: decoding against shared prompts and own tokens equals attention over the whole sequence, also after rows have
 * left; sampling obeys noise and filters as plain arithmetic does; chunks of a vocabulary change nothing; AdamW and the
 * norm equal float64. On every backend in Node.
 */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../../src/base/random.ts';
import * as exact from '../../../src/compute/float64.ts';
import { disposeGradients, lossAndGradients } from '../../../src/compute/gradients.ts';
import { gumbel, noiseKey } from '../../../src/compute/noise.ts';
import type { SampleSettings } from '../../../src/compute/operations.ts';
import { adamW, createMoments } from '../../../src/compute/ops/adam-w.ts';
import { chosenLogProb } from '../../../src/compute/ops/chosen-log-prob.ts';
import { appendKv, decodeAttention, keepRows } from '../../../src/compute/ops/decode-attention.ts';
import { fileTokens } from '../../../src/compute/ops/file-tokens.ts';
import { globalNorm } from '../../../src/compute/ops/global-norm.ts';
import { sampleTokens } from '../../../src/compute/ops/sample-tokens.ts';
import { nodeBackends, openInNode } from '../../helpers/backends.ts';

const bound = 4e-6;

function normals(random: Random, size: number): number[] {
  return Array.from({ length: size }, () => Math.fround(random.normal()));
}

function trainable(values: number[], shape: number[], trained = false): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor(values, shape), trained));
}

/** The columns a row may draw from, straight from the definitions. */
function allowed(row: number[], { temperature, topK, topP, minP }: SampleSettings): number[] {
  const p = softmax(row.map((logit) => logit / temperature));
  const order = row.map((_, column) => column).sort((a, b) => p[b]! - p[a]!);
  let kept = topK > 0 ? order.slice(0, topK) : order;
  const mass = kept.reduce((sum, column) => sum + p[column]!, 0);
  let before = 0;
  kept = kept.filter((column) => {
    const stays = before < topP * mass;
    before += p[column]!;
    return stays;
  });
  return kept.filter((column) => p[column]! >= minP * Math.max(...p));
}

function softmax(logits: number[]): number[] {
  const highest = Math.max(...logits);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0);
  return logits.map((logit) => Math.exp(logit - highest) / total);
}

describe.each(nodeBackends)('on %s', (backend) => {
  beforeAll(() => openInNode(backend));

  it('decodes as attention over prompt and own tokens does, and goes on so when rows have left', async () => {
    const before = tf.memory().numTensors;
    const random = new Random(3);
    const shape = { heads: 4, kvHeads: 2, headWidth: 6, scale: 0.4 };
    const [qWidth, width] = [24, 12];
    const prefixLength = 5;
    const lengths = [5, 1, 3];
    const prefix = [normals(random, 3 * prefixLength * width), normals(random, 3 * prefixLength * width)];
    const [prefixK, prefixV] = prefix.map((values) => tf.tensor(values, [3, prefixLength, width]));
    const prefixLengths = tf.tensor1d(lengths, 'int32');
    let rows = [0, 0, 0, 1, 2, 2].map((pivot) => ({ pivot, k: [] as number[], v: [] as number[] }));
    const capacity = 4;
    let [suffixK, suffixV] = [0, 1].map(() =>
      trainable(normals(random, 6 * capacity * width), [6, capacity, width]),
    );
    for (let step = 0; step < capacity; step++) {
      if (step === 2) {
        const keep = Int32Array.of(0, 2, 3, 5);
        [suffixK, suffixV] = [keepRows(suffixK!, keep), keepRows(suffixV!, keep)];
        rows = Array.from(keep, (row) => rows[row]!);
      }
      const [q, k, v] = [qWidth, width, width].map((w) => normals(random, rows.length * w));
      rows.forEach((row, r) => {
        row.k.push(...k!.slice(r * width, (r + 1) * width));
        row.v.push(...v!.slice(r * width, (r + 1) * width));
      });
      const [qs, ks, vs] = [q!, k!, v!].map((values) =>
        tf.tensor2d(values, [rows.length, values.length / rows.length]),
      );
      const pivotOfRow = tf.tensor1d(
        rows.map(({ pivot }) => pivot),
        'int32',
      );
      appendKv(suffixK!, ks!, step);
      appendKv(suffixV!, vs!, step);
      const caches = {
        prefixK: prefixK!,
        prefixV: prefixV!,
        prefixLengths,
        suffixK: suffixK!,
        suffixV: suffixV!,
      };
      const out = decodeAttention({ q: qs!, ...caches, suffixLength: step + 1, pivotOfRow }, shape);
      const expected = rows.flatMap((row, r) => {
        const own = (which: 0 | 1, tail: number[]) => {
          const start = row.pivot * prefixLength * width;
          return [...prefix[which]!.slice(start, start + lengths[row.pivot]! * width), ...tail];
        };
        const length = lengths[row.pivot]! + step + 1;
        const queries = [
          ...new Array<number>((length - 1) * qWidth).fill(0),
          ...q!.slice(r * qWidth, (r + 1) * qWidth),
        ];
        const segments = new Array<number>(length).fill(0);
        return exact.attention(queries, own(0, row.k), own(1, row.v), segments, length, shape).slice(-qWidth);
      });
      expect(exact.largestError(await out.data(), expected)).toBeLessThan(bound);
      tf.dispose([qs!, ks!, vs!, pivotOfRow, out]);
    }
    tf.dispose([prefixK!, prefixV!, prefixLengths, suffixK!, suffixV!]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('files sampled tokens as the latest and into one row of those not read yet', async () => {
    const before = tf.memory().numTensors;
    const integers = (values: number[], shape: number[]) =>
      tf.tidy(() => tf.variable(tf.tensor(values, shape, 'int32'), false));
    const file = {
      latest: integers([0, 0], [2]),
      ids: integers([1, 2, 3, 4, 5, 6], [3, 2]),
      logProbs: trainable([1, 2, 3, 4, 5, 6], [3, 2]),
    };
    const sampled = { ids: tf.tensor1d([8, 9], 'int32'), logProbs: tf.tensor1d([-1, -2]) };
    fileTokens(sampled, file, 4);
    tf.dispose(Object.values(sampled));
    expect([...(await file.latest.data())]).toEqual([8, 9]);
    expect([...(await file.ids.data())]).toEqual([1, 2, 8, 9, 5, 6]);
    expect([...(await file.logProbs.data())]).toEqual([1, 2, -1, -2, 5, 6]);
    tf.dispose(Object.values(file));
    expect(tf.memory().numTensors).toBe(before);
  });

  const filters: [string, Partial<SampleSettings>][] = [
    ['no filter', {}],
    ['a low temperature', { temperature: 0.3 }],
    ['top-k', { topK: 3 }],
    ['top-k of 1', { topK: 1 }],
    ['top-p', { topP: 0.6 }],
    ['a tiny top-p', { topP: 1e-6 }],
    ['min-p', { minP: 0.3 }],
    ['all of them', { temperature: 1.4, topK: 9, topP: 0.8, minP: 0.05 }],
  ];
  it.each(filters)('samples with %s what noise and filter command', async (_, changes) => {
    const before = tf.memory().numTensors;
    const random = new Random(7);
    const vocabulary = 29;
    const settings = { temperature: 1, topK: 0, topP: 1, minP: 0, seed: 4294967295, step: 3, ...changes };
    const rows = Array.from({ length: 40 }, () =>
      normals(random, vocabulary).map((logit) => Math.fround(2 * logit)),
    );
    const rowIds = Int32Array.from(rows, (_, r) => r * 1234567 - 20000000);
    const logits = tf.tensor2d(rows);
    const { ids, logProbs } = sampleTokens(logits, rowIds, settings);
    const [drawn, found] = await Promise.all([ids.data(), logProbs.data()]);
    const expected = rows.map((row, r) => {
      const key = noiseKey(settings.seed, rowIds[r]!, settings.step);
      const score = (column: number) => row[column]! / settings.temperature + gumbel(key, column);
      return allowed(row, settings).sort((a, b) => score(b) - score(a))[0]!;
    });
    expect([...drawn]).toEqual(expected);
    const exactly = rows.map((row, r) =>
      Math.log(softmax(row.map((logit) => logit / settings.temperature))[expected[r]!]!),
    );
    expect(exact.largestError(found, exactly)).toBeLessThan(bound);
    tf.dispose([logits, ids, logProbs]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes the first of the largest logits when greedy, with the log-probability at temperature 1', async () => {
    const logits = tf.tensor2d([
      [0, 2, 1, 2],
      [-1, -2, -3, -1],
    ]);
    const settings = { temperature: 0, topK: 0, topP: 1, minP: 0, seed: 1, step: 0 };
    const { ids, logProbs } = sampleTokens(logits, Int32Array.of(1, 2), settings);
    expect([...(await ids.data())]).toEqual([1, 0]);
    const expected = [Math.log(softmax([0, 2, 1, 2])[1]!), Math.log(softmax([-1, -2, -3, -1])[0]!)];
    expect(exact.largestError(await logProbs.data(), expected)).toBeLessThan(bound);
    tf.dispose([logits, ids, logProbs]);
  });

  it('gives the same log-probabilities and gradients however the vocabulary is cut', async () => {
    // More logits than the stock version holds at once: it cuts this vocabulary in two, and the halves not.
    const [tokens, vocabulary, width] = [9000, 600, 3];
    const random = new Random(5);
    const hidden = trainable(normals(random, tokens * width), [tokens, width], true);
    const head = trainable(normals(random, vocabulary * width), [vocabulary, width], true);
    const ids = Int32Array.from({ length: tokens }, () => random.integer(vocabulary));
    const upstream = normals(random, tokens);
    const parameters = new Map([
      ['hidden', hidden],
      ['head', head],
    ]);
    const score = (from: number, to: number) => {
      const rows = tf.slice(hidden, [from, 0], [to - from, width]) as tf.Tensor2D;
      const targets = tf.tensor1d(ids.slice(from, to), 'int32');
      inputs.push(tf.keep(targets));
      const { logProb } = chosenLogProb(rows, head as tf.Tensor as tf.Tensor2D, targets, {
        temperature: 0.9,
      });
      return tf.sum(tf.mul(logProb, tf.tensor1d(upstream.slice(from, to))));
    };
    const inputs: tf.Tensor[] = [];
    const whole = lossAndGradients(() => score(0, tokens) as tf.Scalar, parameters);
    const halves = lossAndGradients(
      () => tf.add(score(0, 4500), score(4500, tokens)) as tf.Scalar,
      parameters,
    );
    for (const name of parameters.keys()) {
      const [a, b] = [await whole.gradients.get(name)!.data(), await halves.gradients.get(name)!.data()];
      expect(exact.largestError(a, b)).toBeLessThan(2e-5);
    }
    expect(exact.largestError(await whole.loss.data(), await halves.loss.data())).toBeLessThan(bound);
    disposeGradients(whole.gradients);
    disposeGradients(halves.gradients);
    tf.dispose([whole.loss, halves.loss, hidden, head, ...inputs]);
  });

  it('updates by AdamW over several steps, and measures norms, as float64 does', async () => {
    const before = tf.memory().numTensors;
    const random = new Random(9);
    const size = 35;
    let state = {
      p: normals(random, size),
      m: new Array<number>(size).fill(0),
      v: new Array<number>(size).fill(0),
    };
    const [p, other] = [trainable(state.p, [5, 7]), trainable(normals(random, 3), [3])];
    const moments = createMoments([other, p]);
    for (let step = 1; step <= 4; step++) {
      const gradient = normals(random, size);
      const settings = {
        learningRate: 0.01,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weightDecay: 0.1,
        step,
        maxNorm: 3,
      };
      const tensors = [tf.zeros([3]), tf.tensor2d(gradient, [5, 7])];
      const norm = globalNorm(tensors);
      adamW([other, p], tensors, moments, norm, settings);
      const exactNorm = Math.hypot(...gradient);
      state = exact.adamW(state.p, gradient, state.m, state.v, exactNorm, settings);
      expect(exact.largestError(await norm.data(), [exactNorm])).toBeLessThan(bound);
      tf.dispose([...tensors, norm]);
    }
    expect(exact.largestError(await p.data(), state.p)).toBeLessThan(bound);
    const own = async (all: tf.Tensor) =>
      (await all.data()).slice(moments.starts[1], moments.starts[1]! + size);
    expect(exact.largestError(await own(moments.first), state.m)).toBeLessThan(bound);
    expect(exact.largestError(await own(moments.second), state.v)).toBeLessThan(bound);
    tf.dispose([p, other, moments.first, moments.second]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
