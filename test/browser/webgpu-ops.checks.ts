/**
 * Compares every WebGPU kernel with float64, in memory that is poisoned with NaN before each output, and says how far
 * off each one is. Runs in a worker of the browser, where there is no test framework.
 */
import * as tf from '@tensorflow/tfjs';
import { Random } from '../../src/base/random.ts';
import type { Kernels } from '../../src/compute/operations.ts';
import { openWebgpuKernels } from '../../src/compute/webgpu/kernels.ts';
import type { GpuOptions } from '../../src/compute/webgpu/gpu.ts';
import { stockSample } from '../../src/compute/ops/sample-tokens.ts';
import { packedProducts, packedTables } from './webgpu-ops.packed.ts';
import { reductions } from './webgpu-ops.reductions.ts';
import * as reference from './webgpu-ops.reference.ts';
import { epsilon, normals, product, type Values } from './webgpu-ops.reference.ts';

export interface Outcome {
  name: string;
  /** Largest |a − b| / (1 + |b|), infinite for NaN. */
  distance: number;
  bound: number;
}

export const floats = (values: ArrayLike<number>, shape: number[]) =>
  tf.tensor(Float32Array.from(values), shape, 'float32');
export const ints = (values: ArrayLike<number>, shape: number[] = [values.length]) =>
  tf.tensor(Int32Array.from(values), shape, 'int32');

export function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let worst = 0;
  for (let i = 0; i < actual.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!) / (1 + Math.abs(expected[i]!));
    worst = error <= worst ? worst : Number.isNaN(error) ? Infinity : error;
  }
  return worst;
}

interface Pool {
  acquireBuffer(size: number, usage: number, mapped?: boolean, reuse?: boolean): GPUBuffer;
  poisoned?: boolean;
}

/** From now on every buffer that tfjs hands out for a result is full of NaN first. */
export function poisonOutputs(): void {
  const backend = tf.backend() as unknown as {
    device: GPUDevice;
    bufferManager: Pool;
    commandEncoder: object | null;
    endComputePassEncoder(): void;
    submitQueue(): void;
  };
  const pool = backend.bufferManager;
  if (pool.poisoned) return;
  pool.poisoned = true;
  const acquire = pool.acquireBuffer.bind(pool);
  pool.acquireBuffer = (size, usage, mapped, reuse) => {
    const buffer = acquire(size, usage, mapped, reuse);
    if (usage & GPUBufferUsage.STORAGE && buffer.mapState === 'unmapped') {
      backend.endComputePassEncoder();
      if (backend.commandEncoder) backend.submitQueue();
      backend.device.queue.writeBuffer(buffer, 0, new Float32Array(size / 4).fill(NaN));
    }
    return buffer;
  };
}

/**
 * What a sum of `depth` float32 products of normal numbers may be off by. Partial sums reach √depth, and of each
 * something like its rounding remains; the largest of some ten thousand sums was off by 19 ε·√depth.
 */
export const sumBound = (depth: number) => 24 * epsilon * Math.sqrt(depth) + 4 * epsilon;

export async function runChecks({
  only,
  ...options
}: Partial<GpuOptions> & { only?: string[] }): Promise<Outcome[]> {
  poisonOutputs();
  const kernels = openWebgpuKernels(options);
  const random = new Random(11);
  const outcomes: Outcome[] = [];
  const check = async (name: string, actual: tf.Tensor, expected: Values, bound: number) => {
    outcomes.push({ name, distance: distance(await actual.data(), expected), bound });
    actual.dispose();
  };
  const parts = {
    products,
    norms,
    positions,
    gates,
    tables,
    optimizers,
    scores,
    samples,
    attentions,
    decoding,
    packedProducts,
    packedTables,
    reductions,
  };
  for (const [name, part] of Object.entries(parts)) {
    if (only && !only.includes(name)) continue;
    await part({ kernels, random, check, options });
  }
  return outcomes;
}

export interface Context {
  kernels: Kernels;
  random: Random;
  options: Partial<GpuOptions>;
  check(name: string, actual: tf.Tensor, expected: Values, bound: number): Promise<void>;
}

async function products({ kernels, random, check }: Context): Promise<void> {
  const sizes = [
    [1, 1, 1],
    [1, 512, 128],
    [3, 5, 7],
    [8, 12, 300],
    [64, 128, 40],
    [70, 36, 1030],
    [20, 260, 600],
    [100, 200, 520],
    [130, 131, 5],
    [200, 132, 128],
  ];
  for (const [m, n, k] of sizes as [number, number, number][]) {
    const [x, w, bias, dy] = [m * k, n * k, n, m * n].map((size) => normals(random, size));
    const [tx, tw, ty] = [floats(x!, [m, k]), floats(w!, [n, k]), floats(dy!, [m, n])];
    const name = `${m}×${n}×${k}`;
    const y = product(
      m,
      n,
      k,
      (i, p) => x![i * k + p]!,
      (p, j) => w![j * k + p]!,
    );
    await check(`linear ${name}`, kernels.linear(tx, tw, null), y, sumBound(k));
    const biased = y.map((value, i) => value + bias![i % n]!);
    await check(`linear with bias ${name}`, kernels.linear(tx, tw, floats(bias!, [n])), biased, sumBound(k));
    const dx = product(
      m,
      k,
      n,
      (i, p) => dy![i * n + p]!,
      (p, j) => w![p * k + j]!,
    );
    await check(`linearBackwardX ${name}`, kernels.linearBackwardX(ty, tw), dx, sumBound(n));
    const sumX = kernels.linearBackwardX(ty, tw, floats(x!, [m, k]));
    const dxAndX = dx.map((value, i) => value + x![i]!);
    await check(`linearBackwardX and more ${name}`, sumX, dxAndX, sumBound(n));
    const sumY = kernels.linear(tx, tw, floats(bias!, [n]), floats(dy!, [m, n]));
    const yAndDy = biased.map((value, i) => value + dy![i]!);
    await check(`linear with bias and more ${name}`, sumY, yAndDy, sumBound(k));
    const dw = product(
      n,
      k,
      m,
      (i, p) => dy![p * n + i]!,
      (p, j) => x![p * k + j]!,
    );
    await check(`linearBackwardW ${name}`, kernels.linearBackwardW(ty, tx), dw, sumBound(m));
    const sums = Array.from({ length: n }, (_, j) =>
      dy!.reduce((sum, v, i) => (i % n === j ? sum + v : sum), 0),
    );
    await check(`sumRows ${name}`, kernels.sumRows(ty), sums, sumBound(m));
    tf.dispose([tx, tw, ty]);
  }
  const tall = normals(random, 3000 * 8);
  const sums = Array.from({ length: 8 }, (_, j) =>
    tall.reduce((sum, v, i) => (i % 8 === j ? sum + v : sum), 0),
  );
  await check('sumRows 3000×8', kernels.sumRows(floats(tall, [3000, 8])), sums, sumBound(3000));
}

async function norms({ kernels, random, check }: Context): Promise<void> {
  for (const [rows, width] of [
    [1, 1],
    [7, 5],
    [33, 64],
    [300, 20],
    [2, 1000],
  ] as const) {
    const [x, dy] = [normals(random, rows * width), normals(random, rows * width)];
    const w = normals(random, width);
    const expected = reference.rmsNorm(x, w, dy, 1e-5);
    const [tx, tw, tdy] = [floats(x, [rows, width]), floats(w, [width]), floats(dy, [rows, width])];
    const name = `${rows}×${width}`;
    const { y, inverseRms } = kernels.rmsNorm(tx, tw, 1e-5);
    const { dx, dw } = kernels.rmsNormBackward(tdy, tx, tw, inverseRms);
    const [addend, half] = [normals(random, rows * width), x.map((value) => value / 2)];
    const [tAddend, tHalf] = [floats(addend, [rows, width]), floats(half, [rows, width])];
    const both = kernels.rmsNormBackward(tdy, tx, tw, inverseRms, tAddend);
    const summed = expected.dx.map((value, i) => value + addend[i]!);
    await check(`rmsNorm's dx and more ${name}`, both.dx, summed, 3e-6);
    const added = kernels.addAndNorm(tHalf, floats(half, [rows, width]), 1, tw, 1e-5);
    await check(`addAndNorm's sum ${name}`, added.sum, x, 0);
    await check(`addAndNorm ${name}`, added.y, expected.y, 1e-6);
    const scaled = kernels.addAndNorm(tHalf, tx, 0.5, tw, 1e-5);
    await check(`addAndNorm's inverseRms ${name}`, scaled.inverseRms, expected.inverseRms, 1e-6);
    await check(`rmsNorm ${name}`, y, expected.y, 1e-6);
    await check(`rmsNorm's dx ${name}`, dx, expected.dx, 3e-6);
    await check(`rmsNorm's dw ${name}`, dw, expected.dw, sumBound(rows) + 1e-6);
    await check(`inverseRms ${name}`, inverseRms, expected.inverseRms, 1e-6);
  }
}

async function positions({ kernels, random, check }: Context): Promise<void> {
  for (const [tokens, heads, width] of [
    [5, 3, 6],
    [9, 2, 16],
    [130, 4, 32],
  ] as const) {
    const half = width / 2;
    const x = normals(random, tokens * heads * width);
    const places = Array.from({ length: tokens }, () => random.integer(50));
    const angles = normals(random, 50 * half, 3);
    const [cos, sin] = [Math.cos, Math.sin].map((f) => angles.map((angle) => Math.fround(f(angle))));
    for (const inverse of [false, true]) {
      const expected = x.map((value, i) => {
        const d = i % width;
        const at = places[Math.floor(i / (heads * width))]! * half + (d % half);
        const s = sin![at]! * (inverse ? -1 : 1);
        return d < half ? value * cos![at]! - x[i + half]! * s : value * cos![at]! + x[i - half]! * s;
      });
      const tables = [cos!, sin!].map((values) => floats(values, [50, half])) as [tf.Tensor, tf.Tensor];
      // The first head of each token again, as if it were the keys.
      const isFirst = (_: number, i: number) => i % (heads * width) < width;
      const xs = [floats(x, [tokens, heads * width]), floats(x.filter(isFirst), [tokens, width])];
      const [all, first] = kernels.rope(xs, ints(places), ...tables, width, inverse);
      const name = `rope ${tokens}×${heads}×${width} ${inverse}`;
      await check(name, all!, expected, 4 * epsilon);
      await check(`${name}, first head`, first!, expected.filter(isFirst), 4 * epsilon);
    }
  }
}

async function gates({ kernels, random, check }: Context): Promise<void> {
  for (const size of [1, 7, 64, 1028]) {
    const [gate, up, dy] = [normals(random, size, 4), normals(random, size), normals(random, size)];
    gate[0] = 80;
    if (size > 1) gate[1] = -80;
    const sigma = gate.map((g) => 1 / (1 + Math.exp(-g)));
    const [tg, tu] = [floats(gate, [size]), floats(up, [size])];
    await check(
      `swiglu ${size}`,
      kernels.swiglu(tg, tu),
      gate.map((g, i) => g * sigma[i]! * up[i]!),
      1e-6,
    );
    const { dgate, dup } = kernels.swigluBackward(floats(dy, [size]), tg, tu);
    await check(
      `swiglu's dup ${size}`,
      dup,
      gate.map((g, i) => dy[i]! * g * sigma[i]!),
      1e-6,
    );
    const slope = (g: number, s: number) => s * (1 + g * (1 - s));
    await check(
      `swiglu's dgate ${size}`,
      dgate,
      gate.map((g, i) => dy[i]! * up[i]! * slope(g, sigma[i]!)),
      2e-6,
    );
  }
}

async function tables({ kernels, random, check }: Context): Promise<void> {
  for (const [vocabulary, tokens, width] of [
    [1, 3, 1],
    [300, 70, 12],
    [70, 500, 7],
    [9, 1000, 16],
  ] as const) {
    const name = `${vocabulary}, ${tokens}×${width}`;
    const table = normals(random, vocabulary * width);
    const ids = Array.from({ length: tokens }, () => random.integer(vocabulary + 2) - 1);
    const tid = ints(ids);
    const expected = ids.flatMap((id) =>
      Array.from({ length: width }, (_, c) => (id < 0 || id >= vocabulary ? 0 : table[id * width + c]!)),
    );
    await check(`embedding ${name}`, kernels.embedding(floats(table, [vocabulary, width]), tid), expected, 0);
    const dy = normals(random, tokens * width);
    const sums = table.map(() => 0);
    ids.forEach((id, token) => {
      if (id < 0 || id >= vocabulary) return;
      for (let c = 0; c < width; c++) sums[id * width + c]! += dy[token * width + c]!;
    });
    const backward = () => kernels.embeddingBackward(floats(dy, [tokens, width]), tid, vocabulary);
    const again = [...(await backward().data())];
    await check(`embeddingBackward ${name}`, backward(), sums, sumBound(tokens));
    await check(`embeddingBackward twice ${name}`, backward(), again, 0);
  }
  const file = {
    latest: ints([0, 0, 0]),
    ids: ints([1, 2, 3, 4, 5, 6], [2, 3]),
    logProbs: floats([1, 2, 3, 4, 5, 6], [2, 3]),
  };
  kernels.fileTokens({ ids: ints([7, 8, 9]), logProbs: floats([-1, -2, -3], [3]) }, file, 5);
  await check('filed latest', file.latest, [7, 8, 9], 0);
  await check('filed ids', file.ids, [1, 2, 3, 7, 8, 9], 0);
  await check('filed logProbs', file.logProbs, [1, 2, 3, -1, -2, -3], 0);
  for (const width of [5, 8]) {
    const [count, length] = [6, 4];
    const cache = normals(random, count * length * width);
    const added = normals(random, 5 * width);
    const tensor = floats(cache, [count, length, width]);
    kernels.appendKv(tensor, floats(added, [5, width]), 2);
    const after = cache.slice();
    for (let i = 0; i < 5 * width; i++)
      after[(Math.floor(i / width) * length + 2) * width + (i % width)] = added[i]!;
    kernels.compactRows(tensor, Int32Array.of(1, 3, 4));
    await tensor.data();
    kernels.compactRows(tensor, Int32Array.of(0, 2));
    const row = length * width;
    const kept = [1, 4].flatMap((r) => after.slice(r * row, (r + 1) * row));
    await check(`appendKv and compactRows, width ${width}`, tf.slice(tensor, 0, 2), kept, 0);
    if (width % 4) continue;

    // The same in f16: bits as they were, and what was added rounded to a neighbouring half.
    const whole = kernels.halves!(floats(cache, [count, length, width]));
    const bits = (await whole.data()).slice();
    const added16 = await kernels.halves!(floats(added, [5, width])).data();
    for (let i = 0; i < added16.length; i++)
      bits[(Math.floor((2 * i) / width) * length + 2) * (width / 2) + (i % (width / 2))] = added16[i]!;
    kernels.appendKv(whole, floats(added, [5, width]), 2);
    kernels.compactRows(whole, Int32Array.of(1, 4));
    const halfRow = row / 2;
    const rowsOfBits = (r: number) => [...bits.slice(r * halfRow, (r + 1) * halfRow)];
    const compacted = [1, 4, 2, 3, 4, 5].flatMap(rowsOfBits);
    await check('appendKv and compactRows in f16', whole, compacted, 0);
  }
  // Rows of different lengths, the last one left out; bits that are no number, or one too small for some GPUs.
  const strange = Int32Array.from({ length: 3 * 2 * 3 }, (_, i) => 0x7f800001 + 0x1234567 * i);
  const others = Int32Array.from({ length: 2 * 3 * 3 }, (_, i) => 1 + i);
  const stacked = kernels.stackRows!([ints(strange, [3, 2, 3]), ints(others, [2, 3, 3])], 4, 5);
  const rooms = await stacked.data<'int32'>();
  const found = [0, 1, 2, 3].flatMap((r) => [...rooms.slice(r * 15, r * 15 + (r < 3 ? 6 : 9))]);
  await check('stackRows', ints(found), [...strange, ...others.slice(0, 9)], 0);
  const extremes = [...normals(random, 60), 0, 1e30, -1e30, 65519, 2 ** -24, -(2 ** -20), 1 + 2 ** -11, 3];
  const halves = await halfValues(kernels.halves!(floats(extremes, [1, extremes.length])));
  const saturated = extremes.map((x) => Math.max(-65504, Math.min(65504, x)));
  // One unit in the last place of 11 bits; below 2⁻¹⁴ a GPU may take them for zero.
  const off = saturated.map((x, i) => Math.abs(halves[i]! - x) / Math.max(2 ** -14, Math.abs(x)));
  const beyond = off.map((error, i) =>
    Math.max(0, error - (Math.abs(saturated[i]!) < 2 ** -14 ? 1 : 2 ** -10)),
  );
  await check(
    'halves',
    floats(beyond, [beyond.length]),
    beyond.map(() => 0),
    0,
  );
}

async function optimizers({ kernels, random, check }: Context): Promise<void> {
  const settings = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1, step: 3 };
  for (const sizes of [[1], [131, 4, 40_000], [8, 64, 4, 4096, 12, 256, 20, 8, 100, 16]]) {
    const sum = sizes.reduce((total, size) => total + size, 0);
    const name = sizes.join();
    const random32 = () => sizes.map((size) => normals(random, size));
    const [p, g, m] = [random32(), random32(), random32()];
    const v = random32().map((values) => values.map(Math.abs));
    const starts: number[] = [];
    let end = 0;
    for (const size of sizes) {
      starts.push(end);
      end += Math.ceil(size / 64) * 64;
    }
    const placed = (parts: Values[]) => {
      const all = new Float32Array(end);
      parts.forEach((part, t) => all.set(part, starts[t]));
      return floats(all, [end]);
    };
    const tensors = (parts: Values[]) => parts.map((part, t) => floats(part, [sizes[t]!]));
    const [parameters, gradients] = [tensors(p), tensors(g)];
    const moments = { first: placed(m), second: placed(v), starts };
    const squares = g.flat().reduce((total, value) => total + value * value, 0);
    const norm = kernels.globalNorm(gradients);
    await parameters[0]!.data(); // A copy on the host must not outlive the update.
    for (const broken of [NaN, Infinity])
      kernels.adamW(parameters, gradients, moments, floats([broken], []), { ...settings, maxNorm: 1 });
    const maxNorm = Math.sqrt(sum) / 2;
    kernels.adamW(parameters, gradients, moments, norm, { ...settings, maxNorm });
    const clip = Math.min(1, maxNorm / (Math.sqrt(squares) + 1e-6));
    const nextM = m.map((part, t) => part.map((value, i) => 0.9 * value + 0.1 * clip * g[t]![i]!));
    const nextV = v.map((part, t) => part.map((value, i) => 0.99 * value + 0.01 * (clip * g[t]![i]!) ** 2));
    for (const [t, part] of p.entries()) {
      const next = part.map((value, i) => {
        const spread = Math.sqrt(nextV[t]![i]! / (1 - 0.99 ** 3)) + 1e-8;
        return value * (1 - 0.001) - (0.01 * nextM[t]![i]!) / (1 - 0.9 ** 3) / spread;
      });
      await check(`adamW's p ${t} of ${name}`, parameters[t]!, next, 1e-6);
    }
    await check(`adamW's m ${name}`, moments.first, [...placed(nextM).dataSync()], 1e-6);
    await check(`adamW's v ${name}`, moments.second, [...placed(nextV).dataSync()], 1e-6);
    await check(`globalNorm ${name}`, norm, [Math.sqrt(squares)], 2e-6);
  }
}

async function scores({ kernels, random, check }: Context): Promise<void> {
  const sizes = [
    [1, 1, 1, 1],
    [5, 7, 3, 0.5],
    [40, 132, 12, 1.3],
    [3, 1500, 9, 1],
    [33, 700, 16, 2],
  ] as const;
  for (const [rows, vocabulary, width, scale] of sizes) {
    const [hidden, head] = [normals(random, rows * width), normals(random, vocabulary * width)];
    const targets = Array.from({ length: rows }, (_, r) => (r % 4 === 3 ? -1 : random.integer(vocabulary)));
    const [upLogProb, upEntropy] = [normals(random, rows), normals(random, rows)];
    const [th, tw, tt] = [floats(hidden, [rows, width]), floats(head, [vocabulary, width]), ints(targets)];
    const { logProb, entropy, logSumExp } = kernels.logProb(th, tw, tt, scale);
    const name = `${rows} of ${vocabulary}×${width}`;
    for (const [l, h] of [
      [upLogProb, upEntropy],
      [upLogProb, null],
      [null, upEntropy],
    ] as const) {
      const expected = reference.logProb(hidden, head, targets, width, scale, l, h);
      const incoming = [l, h].map((values) => values && floats(values, [rows]));
      const { dHidden, dHead } = kernels.logProbBackward(
        incoming[0]!,
        incoming[1]!,
        th,
        tw,
        tt,
        scale,
        logSumExp,
        entropy,
        true,
      );
      const bounds = reference.scoreBounds(hidden, head, width, scale, { logProb: l, entropy: h });
      await check(`logProb's dHidden ${name}`, dHidden, expected.dHidden, bounds.dHidden);
      await check(`logProb's dHead ${name}`, dHead!, expected.dHead, bounds.dHead);
    }
    const expected = reference.logProb(hidden, head, targets, width, scale, null, null);
    const bounds = reference.scoreBounds(hidden, head, width, scale, { logProb: null, entropy: null });
    await check(`logProb ${name}`, logProb, expected.logProb, bounds.logProb);
    await check(`entropy ${name}`, entropy, expected.entropy, bounds.entropy);
    await check(`logSumExp ${name}`, logSumExp, expected.logSumExp, bounds.logProb);
  }
}

/** The stock version's noise is float64 on the host, so equal tokens prove the hash and the logarithm. */
async function samples({ kernels, random, check }: Context): Promise<void> {
  const plain = { temperature: 1, topK: 0, topP: 1, minP: 0, seed: 3, step: 0 };
  const cases = [
    plain,
    { ...plain, temperature: 0 },
    { ...plain, temperature: 0.7, seed: 0xfedcba98, step: 9 },
    { ...plain, topK: 5 },
    { ...plain, topP: 0.8 },
    { ...plain, minP: 0.1, step: 3 },
    { ...plain, topK: 40, topP: 0.9, minP: 0.02, temperature: 1.3 },
  ];
  for (const vocabulary of [2, 31, 700]) {
    const rows = 12;
    const logits = floats(normals(random, rows * vocabulary, 2), [rows, vocabulary]) as tf.Tensor2D;
    const rowIds = Int32Array.from({ length: rows }, () => random.integer(2 ** 32) | 0);
    for (const settings of cases) {
      const stock = stockSample(logits, rowIds, settings);
      const { ids, logProbs } = kernels.sample(logits, ints(rowIds), settings);
      const name = `${JSON.stringify(settings)} ${vocabulary}`;
      await check(`sampled ids ${name}`, ids, [...(await stock.ids.data())], 0);
      await check(`their logProbs ${name}`, logProbs, [...(await stock.logProbs.data())], 4e-6);
    }
  }
}

async function attentions({ kernels, random, check }: Context): Promise<void> {
  const cases = [
    { length: 1, heads: 1, kvHeads: 1, headWidth: 1, layouts: [[0]] },
    {
      length: 7,
      heads: 6,
      kvHeads: 2,
      headWidth: 6,
      layouts: [
        [0, 0, 0, 1, 1, 2, 2],
        [0, 0, 1, 2, 1, 2, -1],
      ],
    },
    { length: 37, heads: 2, kvHeads: 2, headWidth: 8, layouts: [37, 20] },
    { length: 45, heads: 4, kvHeads: 1, headWidth: 40, layouts: ['shared', 33] },
    { length: 70, heads: 2, kvHeads: 1, headWidth: 64, layouts: ['shared'] },
    { length: 34, heads: 1, kvHeads: 1, headWidth: 100, layouts: ['shared'] },
  ];
  for (const { length, heads, kvHeads, headWidth, layouts } of cases) {
    const shape = { heads, kvHeads, headWidth, scale: 0.4 };
    // A number is that many tokens and padding; 'shared' is a prompt, four completions and padding.
    const segments = layouts.map((layout) =>
      Array.isArray(layout)
        ? layout
        : Array.from({ length }, (_, i) => {
            if (typeof layout === 'number') return i < layout ? 0 : -1;
            return i < length / 3
              ? 0
              : i >= length - 2
                ? -1
                : 1 + Math.floor((i - length / 3) / (length / 6));
          }),
    );
    const tokens = layouts.length * length;
    const [q, dOut] = [0, 1].map(() => normals(random, tokens * heads * headWidth)) as [Values, Values];
    const [k, v] = [0, 1].map(() => normals(random, tokens * kvHeads * headWidth)) as [Values, Values];
    const expected = segments.map((own, row) => {
      const cut = (x: Values) =>
        x.slice((row * x.length) / layouts.length, ((row + 1) * x.length) / layouts.length);
      return reference.attention(cut(q), cut(k), cut(v), cut(dOut), own, shape);
    });
    const all = (name: keyof (typeof expected)[0]) => expected.flatMap((part) => part[name]);
    const wide = [tokens, heads * headWidth];
    const [tq, tdOut] = [floats(q, wide), floats(dOut, wide)];
    const [tk, tv] = [k, v].map((x) => floats(x, [tokens, kvHeads * headWidth])) as [tf.Tensor, tf.Tensor];
    const ts = ints(segments.flat(), [layouts.length, length]);
    const { out, logSumExp } = kernels.attention(tq, tk, tv, ts, shape);
    const gradients = kernels.attentionBackward(tdOut, tq, tk, tv, out, logSumExp, ts, shape);
    const name = `${length} × ${heads}/${kvHeads} × ${headWidth}`;
    await check(`attention ${name}`, out, all('out'), 5e-6);
    const first = tf.slice(tf.reshape(logSumExp, [-1, 2]), [0, 0], [-1, 1]);
    await check(`its logSumExp ${name}`, first, all('logSumExp'), 5e-6);
    for (const part of ['dq', 'dk', 'dv'] as const)
      await check(`attention's ${part} ${name}`, gradients[part], all(part), 2e-5);
  }
}

/** The values of halves as a cache keeps them, two in a word. */
async function halfValues(words: tf.Tensor): Promise<number[]> {
  const bits = new Uint16Array((await words.data<'int32'>()).slice().buffer);
  return Array.from(bits, (half) => {
    const [exponent, fraction] = [(half >> 10) & 31, half & 1023];
    const magnitude = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24;
    return half & 0x8000 ? -magnitude : magnitude;
  });
}

/** A row's new token is the last of a sequence [prompt | own tokens], whose attention is known. */
async function decoding({ kernels, random, check }: Context): Promise<void> {
  for (const [heads, kvHeads, headWidth, capacity] of [
    [1, 1, 1, 1],
    [6, 2, 6, 70],
    [4, 4, 32, 150],
    [2, 1, 64, 9],
  ] as const) {
    const shape = { heads, kvHeads, headWidth, scale: 0.5 };
    const width = kvHeads * headWidth;
    const [suffixCapacity, suffixLength] = [5, 3];
    const lengths = [capacity, Math.ceil(capacity / 2), 0];
    const pivotOfRow = [0, 0, 1, 2, 1];
    const rows = pivotOfRow.length;
    const caches = {
      prefixK: normals(random, 3 * capacity * width),
      prefixV: normals(random, 3 * capacity * width),
      suffixK: normals(random, (rows + 1) * suffixCapacity * width),
      suffixV: normals(random, (rows + 1) * suffixCapacity * width),
    };
    const q = normals(random, rows * heads * headWidth);
    const expected = ({ prefixK, prefixV, suffixK, suffixV }: typeof caches) =>
      pivotOfRow.flatMap((pivot, row) => {
        const joined = (prefix: Values, suffix: Values) => [
          ...prefix.slice(pivot * capacity * width, (pivot * capacity + lengths[pivot]!) * width),
          ...suffix.slice(row * suffixCapacity * width, (row * suffixCapacity + suffixLength) * width),
        ];
        const length = lengths[pivot]! + suffixLength;
        const wide = heads * headWidth;
        const queries = [
          ...new Array<number>((length - 1) * wide).fill(0),
          ...q.slice(row * wide, (row + 1) * wide),
        ];
        const segments = new Array<number>(length).fill(0);
        const [k, v] = [joined(prefixK, suffixK), joined(prefixV, suffixV)];
        return reference.attention(queries, k, v, queries, segments, shape).out.slice(-wide);
      });
    const inputs = {
      q: floats(q, [rows, heads * headWidth]),
      prefixK: floats(caches.prefixK, [3, capacity, width]),
      prefixV: floats(caches.prefixV, [3, capacity, width]),
      prefixLengths: ints(lengths),
      suffixK: floats(caches.suffixK, [rows + 1, suffixCapacity, width]),
      suffixV: floats(caches.suffixV, [rows + 1, suffixCapacity, width]),
      suffixLength,
      pivotOfRow: ints(pivotOfRow),
    };
    const name = `${capacity} × ${heads}/${kvHeads} × ${headWidth}`;
    await check(`decodeAttention ${name}`, kernels.decodeAttention(inputs, shape), expected(caches), 5e-6);
    if (headWidth % 4) continue;
    const { prefixK, prefixV, suffixK, suffixV } = inputs;
    const packed = { prefixK, prefixV, suffixK, suffixV };
    const rounded: Record<string, Values> = {};
    for (const key of Object.keys(packed) as (keyof typeof packed)[]) {
      packed[key] = kernels.halves!(packed[key]) as tf.Tensor3D;
      rounded[key] = await halfValues(packed[key]);
    }
    const out = kernels.decodeAttention({ ...inputs, ...packed }, shape);
    await check(`decodeAttention in f16 ${name}`, out, expected(rounded as typeof caches), 5e-6);
  }
}
