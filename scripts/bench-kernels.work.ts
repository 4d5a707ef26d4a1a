/**
 * Times the WASM kernels and the stock products on the backend that is open, in Node or in a browser's worker. What is
 * printed and where it runs is `bench-kernels.ts`.
 */
import * as tf from '@tensorflow/tfjs';
import { initWasmKernels, wasmKernels } from '../src/compute/wasm/kernels.ts';

export interface Timing {
  name: string;
  medianMs: number;
  fastestMs: number;
  /** Floating point operations a call; 0 where a rate means nothing. */
  operations: number;
}

/**
 * Calls for about `budgetMs` after warming up, short calls several at a time since clocks of browsers are coarse; the
 * fastest is what the code can do, the median what it got.
 */
function time(name: string, operations: number, call: () => tf.Tensor | tf.Tensor[]): Timing {
  const rounds: number[] = [];
  const round = (calls: number) => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) tf.dispose(call());
    rounds.push((performance.now() - start) / calls);
  };
  let calls = 1;
  for (const budgetMs of [100, 400]) {
    const end = performance.now() + budgetMs;
    rounds.length = 0;
    while (performance.now() < end || rounds.length < 5) round(calls);
    rounds.sort((a, b) => a - b);
    calls = Math.max(1, Math.round(0.5 / Math.max(0.001, rounds[rounds.length >> 1]!)));
  }
  return { name, operations, medianMs: rounds[rounds.length >> 1]!, fastestMs: rounds[0]! };
}

/** The products of a linear layer: x [m, k], w [n, k]. */
function products(m: number, n: number, k: number): Timing[] {
  const kernels = wasmKernels()!;
  const [x, w, dy] = [tf.randomNormal([m, k]), tf.randomNormal([n, k]), tf.randomNormal([m, n])];
  const flipped = tf.transpose(w);
  const operations = 2 * m * n * k;
  const size = `${m}×${n}×${k}`;
  const timings = [
    time(`${size} linear`, operations, () => kernels.linear(x, w, null)),
    time(`${size} linearBackwardX`, operations, () => kernels.linearBackwardX(dy, w)),
    time(`${size} linearBackwardW`, operations, () => kernels.linearBackwardW(dy, x)),
    time(`${size} tf.matMul (transposed before)`, operations, () => tf.matMul(x, flipped)),
    time(`${size} tf.matMul (transpose flag)`, operations, () => tf.matMul(x, w, false, true)),
  ];
  tf.dispose([x, w, dy, flipped]);
  return timings;
}

/** Every other operation of a training step with 8 rows of 128 tokens, width 128, 4 heads, vocabulary 512. */
function others(): Timing[] {
  const kernels = wasmKernels()!;
  const [rows, length, width, wide, heads, vocab] = [8, 128, 128, 384, 4, 512];
  const tokens = rows * length;
  const shape = { heads, kvHeads: heads, headWidth: width / heads, scale: (width / heads) ** -0.5 };
  const random = (...size: number[]) => tf.randomNormal(size);
  const x = random(tokens, width);
  const [q, k, v, dy] = [
    random(tokens, width),
    random(tokens, width),
    random(tokens, width),
    random(tokens, width),
  ];
  const [gate, up] = [random(tokens, wide), random(tokens, wide)];
  const [w, head] = [random(width), random(vocab, width)];
  const ids = tf.randomUniform([tokens], 0, vocab, 'int32');
  const segments = tf.zeros([rows, length], 'int32');
  const positions = tf.tile(tf.range(0, length, 1, 'int32'), [rows]);
  const [cos, sin] = [random(length, shape.headWidth / 2), random(length, shape.headWidth / 2)];
  const norm = kernels.rmsNorm(x, w, 1e-5);
  const attended = kernels.attention(q, k, v, segments, shape);
  const chosen = kernels.logProb(x, head, ids, 1);
  const parameter = random(1_000_000);
  const moments = { first: tf.zeros([1_000_000]), second: tf.zeros([1_000_000]), starts: [0] };
  const one = tf.scalar(1);
  const gradient = random(1_000_000);
  const settings = {
    learningRate: 1e-3,
    beta1: 0.9,
    beta2: 0.99,
    epsilon: 1e-8,
    weightDecay: 0,
    step: 1,
    maxNorm: 1,
  };
  const [perToken, perRow] = [random(tokens), random(64, vocab)];
  const rowIds = tf.range(0, 64, 1, 'int32');
  const draw = { temperature: 1, topK: 0, topP: 1, minP: 0, seed: 1, step: 1 };
  return [
    time('rmsNorm', 0, () => Object.values(kernels.rmsNorm(x, w, 1e-5))),
    time('rmsNormBackward', 0, () => Object.values(kernels.rmsNormBackward(dy, x, w, norm.inverseRms))),
    time('rope', 0, () => kernels.rope([q], positions, cos, sin, shape.headWidth, false)),
    time('attention', 0, () => Object.values(kernels.attention(q, k, v, segments, shape))),
    time('attentionBackward', 0, () =>
      Object.values(
        kernels.attentionBackward(dy, q, k, v, attended.out, attended.logSumExp, segments, shape),
      ),
    ),
    time('swiglu', 0, () => kernels.swiglu(gate, up)),
    time('swigluBackward', 0, () => Object.values(kernels.swigluBackward(gate, gate, up))),
    time('embedding', 0, () => kernels.embedding(head, ids)),
    time('embeddingBackward', 0, () => kernels.embeddingBackward(x, ids, vocab)),
    time('logProb', 2 * tokens * vocab * width, () => Object.values(kernels.logProb(x, head, ids, 1))),
    time('logProbBackward', 6 * tokens * vocab * width, () => {
      const { logSumExp, entropy } = chosen;
      const back = kernels.logProbBackward(perToken, null, x, head, ids, 1, logSumExp, entropy, true);
      return [back.dHidden, back.dHead!];
    }),
    time('adamW, 1 M', 0, () => {
      kernels.adamW([parameter], [gradient], moments, one, settings);
      return [];
    }),
    time('globalNorm, 1 M', 0, () => kernels.globalNorm([gradient])),
    time('sample 64 rows', 0, () => Object.values(kernels.sample(perRow, rowIds, draw))),
    time('sample 64 rows, top-p', 0, () =>
      Object.values(kernels.sample(perRow, rowIds, { ...draw, topP: 0.9 })),
    ),
    time('tf.add', 0, () => tf.add(x, q)),
  ];
}

export interface BenchSettings {
  threads?: number;
  relaxed: boolean;
}

export async function bench(settings: BenchSettings): Promise<Timing[]> {
  await initWasmKernels(settings);
  const shapes: [number, number, number][] = [
    [1024, 128, 128],
    [4096, 128, 384],
    [128, 512, 128],
    [8, 128, 128],
    [64, 384, 128],
    [1024, 1024, 1024],
  ];
  const timings = [...shapes.flatMap((shape) => products(...shape)), ...others()];
  const { threads: used, relaxed: fused } = wasmKernels()!;
  const label = {
    name: `threads ${used}, fused multiply-add ${fused}`,
    medianMs: 0,
    fastestMs: 0,
    operations: 0,
  };
  return [label, ...timings];
}
