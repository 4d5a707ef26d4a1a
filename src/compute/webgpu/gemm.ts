/**
 * Matrix products: which kernel suits which sizes, and cutting weights that one binding cannot hold. The kernels are in
 * `gemm-tiled.ts` (workgroup memory), `gemm-narrow.ts` (few rows) and, for software adapters, `gemm-lanes.ts` and
 * `gemm-registers.ts`.
 *
 * c[M, N] = A·B, of three forms named by which side is transposed in memory: NT (A [M, K], B [N, K]: forward),
 * NN (A [M, K], B [K, N]: dX), TN (A [K, M], B [K, N]: dW).
 */
import type { Tensor } from '@tensorflow/tfjs';
import { assert } from '../../base/errors.ts';
import type { Kernels } from '../operations.ts';
import type { Form, Variant } from './gemm-code.ts';
import { laneBlocks, laneSource } from './gemm-lanes.ts';
import { narrow } from './gemm-narrow.ts';
import { registers } from './gemm-registers.ts';
import { tiled, type Tile } from './gemm-tiled.ts';
import type { Binding, Gpu, Source } from './gpu.ts';
import { plainRows, rowParts, weightParts, type MatrixRows } from './weight.ts';
import { elementBlocks, elementwise } from './wgsl.ts';

/** A product within larger matrices: rows of `a` are `lda` values apart and begin at column `a0`; so for `c`. */
export interface Product {
  form: Form;
  m: number;
  n: number;
  k: number;
  a: Binding;
  b: MatrixRows;
  c: Binding;
  lda?: number;
  a0?: number;
  ldc?: number;
  c0?: number;
  bias?: Tensor | null;
  /** Adds to what is in `c`. */
  accumulate?: boolean;
}

interface Plan {
  key: string;
  source: (variant: Variant) => Source;
  blocks: number;
  splits: number;
}

const isLarge = (m: number, n: number) => m >= 16 && n >= 16 && m * n >= 8192;

/**
 * Rows and columns of an invocation's sums. Neighbouring invocations have the same rows, and reading one value for all of
 * them is cheap: so more rows than columns.
 */
function registerTile(m: number, n: number): [number, number] {
  if (isLarge(m, n)) return [16, 8];
  return [m <= 1 ? 1 : m <= 2 ? 2 : m <= 4 ? 4 : 8, n <= 4 ? 4 : 8];
}

const tiles: Tile[] = [
  { rows: 128, columns: 128, depth: 16, down: 8, across: 8, isPrefetched: false, isDouble: false },
  { rows: 64, columns: 64, depth: 32, down: 4, across: 4, isPrefetched: false, isDouble: false },
  { rows: 32, columns: 32, depth: 32, down: 4, across: 4, isPrefetched: false, isDouble: false },
];

/**
 * For up to as many rows as one tile has, as in decoding: each weight is read once, and the depth is split until the
 * GPU is full. A tile of 128 × 128 would compute mostly nothing there.
 */
const flatTiles: Tile[] = [
  { rows: 32, columns: 64, depth: 32, down: 4, across: 4, isPrefetched: false, isDouble: false },
  { rows: 64, columns: 64, depth: 32, down: 4, across: 4, isPrefetched: false, isDouble: false },
  { rows: 128, columns: 64, depth: 16, down: 8, across: 4, isPrefetched: false, isDouble: false },
];

/** Workgroups that fill a GPU. */
const enough = 128;

function plan(gpu: Gpu, { form, m, n, k, b }: Product): Plan {
  if (gpu.family === 'registers') {
    const isPlain = b.stored === 'f32' || b.stored === 'vec4<f32>';
    if (form !== 'NT' && isPlain && isLarge(m, n))
      return { key: 'lanes', source: laneSource, blocks: laneBlocks(m, n), splits: 1 };
    const [rows, columns] = registerTile(m, n);
    const { source, blocks } = registers(rows, columns);
    return { key: `registers ${rows}x${columns}`, source, blocks: blocks(m, n), splits: 1 };
  }
  if (form === 'NT' && m <= 8) {
    const { source, blocks } = narrow(m);
    return { key: `narrow ${m}`, source, blocks: blocks(n), splits: 1 };
  }
  const flat = form === 'NT' && flatTiles.find((tile) => m <= tile.rows);
  const fit = flat || (tiles.find((tile) => tiled(tile).blocks(m, n) >= enough) ?? tiles.at(-1)!);
  const { source, blocks } = tiled(fit);
  const count = blocks(m, n);
  const wanted = flat ? Math.ceil(enough / count) : Math.floor(enough / count);
  const splits = Math.max(1, Math.min(wanted, Math.floor(k / (4 * fit.depth))));
  return { key: `tiled ${fit.rows}x${fit.columns}`, source, blocks: count, splits };
}

export function multiply(gpu: Gpu, product: Product): void {
  const { form, m, n, k, a, b, c, a0 = 0, ldc = n, c0 = 0, bias = null, accumulate = false } = product;
  const lda = product.lda ?? (form === 'TN' ? m : k);
  assert(m > 0 && n > 0 && k > 0, `a product [${m}, ${n}] over depth ${k} is not empty`);
  const { key, source, blocks, splits: wanted } = plan(gpu, product);
  const perSplit = Math.ceil(k / wanted / 32) * 32;
  const splits = Math.ceil(k / perSplit);
  const isPlain = splits === 1;
  const even = (...values: number[]) => values.every((value) => value % 4 === 0);
  const run = (target: Binding, variant: Variant, strides: number[]) => {
    const { vectors } = variant;
    const flags = [vectors.a, vectors.c, variant.bias, variant.accumulate].map(Number).join('');
    const buffers = [a, ...b.buffers, ...(variant.bias ? [bias!] : []), target];
    const numbers = [m, n, k, lda, a0, b.stride, ...strides, isPlain ? k : perSplit];
    gpu.run(`${key} ${form} ${b.stored} ${flags}`, () => source(variant), buffers, numbers, blocks * splits);
  };
  const vectors = {
    a: even(lda, a0, form === 'TN' ? m : k),
    c: even(ldc, c0, n),
  };
  if (isPlain) {
    run(c, { form, vectors, b: b.stored, bias: bias !== null, accumulate }, [ldc, c0]);
    return;
  }
  const parts = gpu.empty([splits, m, n]);
  run(parts, { form, vectors: { ...vectors, c: even(n) }, b: b.stored, bias: false, accumulate: false }, [
    n,
    0,
  ]);
  addSplits(gpu, parts, splits, { ...product, ldc, c0, bias, accumulate });
  parts.dispose();
}

/** c = Σ of the splits, in their order. */
function addSplits(gpu: Gpu, parts: Tensor, splits: number, product: Product): void {
  const { m, n, c, ldc = n, c0 = 0, bias, accumulate = false } = product;
  const addend = `${bias ? ' + bias[n.c0 + i % n.n]' : ''}${accumulate ? ' + c[at]' : ''}`;
  gpu.run(
    `addSplits ${Boolean(bias)} ${accumulate}`,
    () =>
      elementwise({
        reads: { parts: 'f32', ...(bias && { bias: 'f32' }) },
        writes: { c: 'f32' },
        numbers: { splits: 'u32', n: 'u32', ldc: 'u32', c0: 'u32' },
        main: `  var sum = parts[i];
  for (var split = 1u; split < n.splits; split++) { sum += parts[split * n.size + i]; }
  let at = i / n.n * n.ldc + n.c0 + i % n.n;
  c[at] = sum${addend};`,
      }),
    [parts, ...(bias ? [bias] : []), c],
    [m * n, splits, n, ldc, c0],
    elementBlocks(m * n),
  );
}

type Linear = Pick<Kernels, 'linear' | 'linearBackwardX' | 'linearBackwardW'>;

export function linear(gpu: Gpu): Linear {
  return {
    linear(x, w, bias, addend) {
      const [outputs, inputs] = w.shape as [number, number];
      const rows = x.size / inputs;
      assert(
        x.shape.at(-1) === inputs,
        `linear: x [${x.shape.join(', ')}] and w [${w.shape.join(', ')}] agree`,
      );
      const y = addend ?? gpu.empty([...x.shape.slice(0, -1), outputs]);
      for (const { first, count, part } of weightParts(gpu, w)) {
        multiply(gpu, {
          form: 'NT',
          m: rows,
          n: count,
          k: inputs,
          a: x,
          b: part,
          c: y,
          ldc: outputs,
          c0: first,
          bias,
          accumulate: Boolean(addend),
        });
      }
      return y;
    },

    linearBackwardX(dy, w, addend) {
      const [outputs, inputs] = w.shape as [number, number];
      const rows = dy.size / outputs;
      assert(dy.shape.at(-1) === outputs, `dy [${dy.shape.join(', ')}] and w [${w.shape.join(', ')}] agree`);
      const dx = addend ?? gpu.empty([...dy.shape.slice(0, -1), inputs]);
      for (const { first, count, part } of weightParts(gpu, w)) {
        const sizes = { m: rows, n: inputs, k: count, lda: outputs, a0: first };
        multiply(gpu, {
          form: 'NN',
          ...sizes,
          a: dy,
          b: part,
          c: dx,
          accumulate: first > 0 || Boolean(addend),
        });
      }
      return dx;
    },

    linearBackwardW(dy, x) {
      const [outputs, inputs] = [dy.shape.at(-1)!, x.shape.at(-1)!];
      const rows = dy.size / outputs;
      const dw = gpu.empty([outputs, inputs]);
      const b = plainRows(x, inputs);
      for (const { first, count } of rowParts(gpu, outputs, inputs * 4)) {
        const c = { tensor: dw, start: first * inputs, size: count * inputs };
        multiply(gpu, { form: 'TN', m: count, n: inputs, k: rows, lda: outputs, a0: first, a: dy, b, c });
      }
      return dw;
    },
  };
}
