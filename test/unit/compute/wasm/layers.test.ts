/** Proves: products, norm, rotary positions, SwiGLU, embedding and AdamW equal float64 arithmetic at odd sizes. */
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../../../src/base/random.ts';
import type { WasmKernels } from '../../../../src/compute/wasm/kernels.ts';
import { brokenFences, openGuarded, variants } from './guarded-heap.ts';
import {
  differences,
  distance,
  dot,
  floats,
  ints,
  normals,
  timesTransposed,
  transpose,
} from './reference.ts';

describe.each(variants)('kernels with fused multiply-add: %s', (relaxed) => {
  let kernels: WasmKernels;
  let random: Random;
  beforeAll(async () => {
    kernels = await openGuarded(relaxed);
    random = new Random(7);
  });
  afterEach(() => {
    tf.disposeVariables();
    expect(brokenFences()).toEqual([]);
  });

  const sizes = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33];
  const triples: [number, number, number][] = [
    ...sizes.map((n, i): [number, number, number] => [n, sizes[(i * 5 + 2) % 12]!, sizes[(i * 7 + 3) % 12]!]),
    [130, 24, 16],
    [3, 5, 1037],
    [700, 9, 70],
    [8, 512, 128],
  ];

  it.each(triples)('multiplies [%i, %i] over depth %i in all three forms', (m, n, k) => {
    tf.tidy(() => {
      const [x, w, bias, dy] = [m * k, n * k, n, m * n].map((size) => normals(random, size));
      const bound = 2e-6 * Math.sqrt(Math.max(m, n, k)) + 1e-6;
      const product = timesTransposed(x!, w!, m, n, k);
      const plain = kernels.linear(floats(x!, [m, k]), floats(w!, [n, k]), null);
      expect(plain.shape).toEqual([m, n]);
      expect(distance(plain, product)).toBeLessThan(bound);
      const biased = kernels.linear(floats(x!, [1, m, k]), floats(w!, [n, k]), floats(bias!, [n]));
      expect(biased.shape).toEqual([1, m, n]);
      expect(
        distance(
          biased,
          product.map((y, i) => y + bias![i % n]!),
        ),
      ).toBeLessThan(bound);

      const dx = kernels.linearBackwardX(floats(dy!, [m, n]), floats(w!, [n, k]));
      expect(distance(dx, timesTransposed(dy!, transpose(w!, n, k), m, k, n))).toBeLessThan(bound);
      const dw = kernels.linearBackwardW(floats(dy!, [m, n]), floats(x!, [m, k]));
      expect(dw.shape).toEqual([n, k]);
      const expected = timesTransposed(transpose(dy!, m, n), transpose(x!, m, k), n, k, m);
      expect(distance(dw, expected)).toBeLessThan(bound);
      const sums = transpose(dy!, m, n).reduce<number[]>((all, value, i) => {
        all[Math.floor(i / m)] = (all[Math.floor(i / m)] ?? 0) + value;
        return all;
      }, []);
      expect(distance(kernels.sumRows(floats(dy!, [m, n])), sums)).toBeLessThan(bound);
    });
  });

  it('gives a row the same values alone and in a batch, bit for bit', () => {
    tf.tidy(() => {
      const [x, w] = [normals(random, 37 * 51), normals(random, 29 * 51)];
      const batch = kernels.linear(floats(x, [37, 51]), floats(w, [29, 51]), null).dataSync();
      for (const row of [0, 1, 36]) {
        const alone = kernels.linear(
          floats(x.slice(row * 51, row * 51 + 51), [1, 51]),
          floats(w, [29, 51]),
          null,
        );
        expect([...alone.dataSync()]).toEqual([...batch.slice(row * 29, row * 29 + 29)]);
      }
    });
  });

  it.each([
    [1, 1],
    [3, 5],
    [7, 64],
    [50, 130],
  ])('normalises %i rows of width %i and differentiates', (rows, width) => {
    tf.tidy(() => {
      const [x, w, dy] = [rows * width, width, rows * width].map((size) => normals(random, size));
      const eps = 1e-5;
      const forward = (values: number[], weights: number[]) =>
        values.map((value, i) => {
          const row = values.slice(Math.floor(i / width) * width, (Math.floor(i / width) + 1) * width);
          return (value / Math.sqrt(dot(row, row) / width + eps)) * weights[i % width]!;
        });
      const [tx, tw] = [floats(x!, [rows, width]), floats(w!, [width])];
      const { y, inverseRms } = kernels.rmsNorm(tx, tw, eps);
      expect(distance(y, forward(x!, w!))).toBeLessThan(2e-6);
      const { dx, dw } = kernels.rmsNormBackward(floats(dy!, [rows, width]), tx, tw, inverseRms);
      if (rows * width > 500) return;
      expect(
        distance(
          dx,
          differences((v) => dot(dy!, forward(v, w!)), x!),
        ),
      ).toBeLessThan(1e-5);
      expect(
        distance(
          dw,
          differences((v) => dot(dy!, forward(x!, v)), w!),
        ),
      ).toBeLessThan(1e-5);
    });
  });

  it.each([2, 6, 8, 32])('rotates pairs of heads of width %i and rotates them back', (headWidth) => {
    tf.tidy(() => {
      const [rows, heads, half] = [5, 3, headWidth / 2];
      const positions = [0, 3, 1, 9, 4];
      const angle = (position: number, d: number) => position * 100 ** (-d / half);
      const table = (f: (angle: number) => number) =>
        Array.from({ length: 10 * half }, (_, i) => f(angle(Math.floor(i / half), i % half)));
      const x = normals(random, rows * heads * headWidth);
      const expected = x.map((value, i) => {
        const d = i % headWidth;
        const a = angle(positions[Math.floor(i / (heads * headWidth))]!, d % half);
        const pair = x[d < half ? i + half : i - half]!;
        return value * Math.cos(a) + (d < half ? -pair : pair) * Math.sin(a);
      });
      const tensors = [
        ints(positions),
        floats(table(Math.cos), [10, half]),
        floats(table(Math.sin), [10, half]),
      ];
      const [at, cos, sin] = tensors as [tf.Tensor, tf.Tensor, tf.Tensor];
      const given = floats(x, [rows, heads * headWidth]);
      const turned = kernels.rope([given], at, cos, sin, headWidth, false);
      expect(distance(turned[0]!, expected)).toBeLessThan(1e-6);
      const [back] = kernels.rope(turned, at, cos, sin, headWidth, true);
      expect(distance(back!, x)).toBeLessThan(1e-6);
    });
  });

  it('gates with SwiGLU and differentiates, up to extreme inputs', () => {
    tf.tidy(() => {
      const gate = [...normals(random, 30, 3), 0, -0, 40, -40, 100, -100, 1e-8];
      const [up, dy] = [normals(random, gate.length), normals(random, gate.length)];
      const sigmoid = (g: number) => 1 / (1 + Math.exp(-g));
      const [tg, tu] = [floats(gate, [gate.length]), floats(up, [gate.length])];
      expect(
        distance(
          kernels.swiglu(tg, tu),
          gate.map((g, i) => g * sigmoid(g) * up[i]!),
        ),
      ).toBeLessThan(1e-6);
      const { dgate, dup } = kernels.swigluBackward(floats(dy, [gate.length]), tg, tu);
      expect(
        distance(
          dup,
          gate.map((g, i) => dy[i]! * g * sigmoid(g)),
        ),
      ).toBeLessThan(1e-6);
      const slope = (g: number) => sigmoid(g) * (1 + g * (1 - sigmoid(g)));
      expect(
        distance(
          dgate,
          gate.map((g, i) => dy[i]! * up[i]! * slope(g)),
        ),
      ).toBeLessThan(1e-6);
    });
  });

  it('embeds, zeros for ids that do not exist, and sums the gradient of repeated ids', () => {
    tf.tidy(() => {
      const [vocab, width] = [6, 5];
      const w = normals(random, vocab * width);
      const ids = [3, 0, 3, -1, 5, 6, 3];
      const out = kernels.embedding(floats(w, [vocab, width]), ints(ids));
      const row = (id: number) =>
        id >= 0 && id < vocab ? w.slice(id * width, id * width + width) : [0, 0, 0, 0, 0];
      expect(distance(out, ids.flatMap(row))).toBe(0);
      const dy = normals(random, ids.length * width);
      const expected = new Array<number>(vocab * width).fill(0);
      ids.forEach((id, i) => {
        if (id < 0 || id >= vocab) return;
        for (let j = 0; j < width; j++) expected[id * width + j]! += dy[i * width + j]!;
      });
      const dw = kernels.embeddingBackward(floats(dy, [ids.length, width]), ints(ids), vocab);
      expect(dw.shape).toEqual([vocab, width]);
      expect(distance(dw, expected)).toBeLessThan(1e-6);
    });
  });

  it('takes three AdamW steps in place as float64 does', () => {
    tf.tidy(() => {
      const size = 19;
      const param = normals(random, size);
      const [m, v] = [new Array<number>(size).fill(0), new Array<number>(size).fill(0)];
      const [tp, tm, tv] = [floats(param, [size]), floats(m, [size]), floats(v, [size])];
      for (let step = 1; step <= 3; step++) {
        const gradient = normals(random, size);
        const s = {
          learningRate: 0.01,
          beta1: 0.9,
          beta2: 0.95,
          epsilon: 1e-8,
          weightDecay: 0.1,
          maxNorm: 0.5,
        };
        const tg = floats(gradient, [size]);
        const moments = { first: tm, second: tv, starts: [0] };
        kernels.adamW([tp], [tg], moments, kernels.globalNorm([tg]), { ...s, step });
        for (let i = 0; i < size; i++) {
          const g = (gradient[i]! * s.maxNorm) / (Math.hypot(...gradient) + 1e-6);
          m[i] = 0.9 * m[i]! + 0.1 * g;
          v[i] = 0.95 * v[i]! + 0.05 * g * g;
          const [mHat, vHat] = [m[i]! / (1 - 0.9 ** step), v[i]! / (1 - 0.95 ** step)];
          param[i] = param[i]! * (1 - 0.001) - (0.01 * mHat) / (Math.sqrt(vHat) + 1e-8);
        }
      }
      expect(distance(tp, param)).toBeLessThan(1e-6);
      expect(distance(tm, m)).toBeLessThan(1e-6);
      expect(distance(tv, v)).toBeLessThan(1e-6);
    });
  });

  it('leaves no stale copy in the stock matrix product when a weight changes in place', () => {
    tf.tidy(() => {
      const [x, w] = [tf.ones([2, 3]), tf.ones([3, 2])];
      expect([...tf.matMul(x, w).dataSync()]).toEqual([3, 3, 3, 3]);
      const s = {
        learningRate: 0.5,
        beta1: 0.9,
        beta2: 0.9,
        epsilon: 0,
        weightDecay: 0,
        maxNorm: Infinity,
        step: 1,
      };
      const moments = { first: tf.zeros([6]), second: tf.zeros([6]), starts: [0] };
      kernels.adamW([w], [tf.ones([3, 2])], moments, tf.scalar(1), s);
      expect(distance(tf.matMul(x, w), [1.5, 1.5, 1.5, 1.5])).toBeLessThan(1e-6);
    });
  });

  it.each([1, 7, 16384, 40001])('finds the norm of %i values and three more', (size) => {
    tf.tidy(() => {
      const x = normals(random, size);
      const norm = kernels.globalNorm([floats(x, [size]), tf.ones([3])]);
      expect(distance(norm, [Math.sqrt(dot(x, x) + 3)])).toBeLessThan(1e-6);
    });
  });
});
