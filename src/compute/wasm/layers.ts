/** Linear layers, norm, rotary positions, SwiGLU, embedding and AdamW on tensors: shapes in, kernel calls out. */
import { add, mul, type Tensor } from '@tensorflow/tfjs';
import { assert } from '../../base/errors.ts';
import { addressOf, emptyTensor, heapMemory, markChanged, withScratch } from './heap.ts';
import type { Kernels } from '../operations.ts';
import { isPacked, paddedColumns, type Weight } from '../packed.ts';
import { chunksFor, type Pool } from './pool.ts';
import { MAX_CHUNKS } from './claim.ts';

type Layers = Pick<
  Kernels,
  | 'linear'
  | 'linearBackwardX'
  | 'linearBackwardW'
  | 'sumRows'
  | 'rmsNorm'
  | 'rmsNormBackward'
  | 'addAndNorm'
  | 'rope'
  | 'swiglu'
  | 'swigluBackward'
  | 'embedding'
  | 'embeddingBackward'
  | 'adamW'
  | 'globalNorm'
>;

/** Length of the last axis. */
export function widthOf(x: { shape: number[] }): number {
  return x.shape.at(-1) ?? 1;
}

/** Product of all axes but the last. */
export function rowsOf(x: Tensor): number {
  return x.size / Math.max(1, widthOf(x));
}

interface GemmPlan {
  chunks: number;
  columnSplits: number;
  rowBlock: number;
}

/**
 * How a product [m, n] over depth k is cut: blocks of `largest` rows at most, whose left-hand side stays in the
 * second-level cache, more and smaller ones where threads would have no work, columns too where rows are few.
 */
function planGemm(pool: Pool, m: number, n: number, k: number, largest: number): GemmPlan {
  const wanted = chunksFor(pool, Infinity, (m * n * k) / 30);
  const rows = Math.min(largest, Math.max(32, Math.ceil(m / wanted)));
  const rowBlock = Math.max(4, 4 * Math.ceil(rows / 4), Math.ceil(m / MAX_CHUNKS));
  const rowBlocks = Math.ceil(m / rowBlock);
  const columnSplits = Math.max(1, Math.min(Math.floor(wanted / rowBlocks), Math.floor(n / 16)));
  return { chunks: rowBlocks * columnSplits, columnSplits, rowBlock };
}

/** A matrix as kernels take it: [format, address, values from one row to the next, address of the scales]. */
export type MatrixArguments = [number, number, number, number];

const formatNumbers = { f16: 1, int8: 2, int4: 3 };

export function matrixArguments(weight: Weight): MatrixArguments {
  if (!isPacked(weight)) return plainMatrix(addressOf(weight), widthOf(weight));
  const { format, values, scales } = weight;
  const stride = paddedColumns(widthOf(weight));
  return [formatNumbers[format], addressOf(values), stride, scales ? addressOf(scales) : 0];
}

export function plainMatrix(address: number, width: number): MatrixArguments {
  return [0, address, width, 0];
}

/** c[m, n] = a·b, or += ; element (i, p) of a lies at i·aRow + p·aStep bytes from address a, one of which is 4. */
export function multiply(
  pool: Pool,
  [m, n, k]: [number, number, number],
  [a, aRow, aStep]: [number, number, number],
  b: MatrixArguments,
  c: number,
  accumulate: boolean,
): void {
  const { chunks, columnSplits, rowBlock } = planGemm(pool, m, n, k, 256);
  withScratch(pool.slots * pool.exports.gemmScratch!(rowBlock), (scratch) => {
    const numbers = [m, n, k, a, aRow, aStep, ...b, c, Number(accumulate), columnSplits, rowBlock];
    pool.run('gemm', chunks, ...numbers, scratch);
  });
}

/** x + addend, in place of x. */
function added(x: Tensor, addend: Tensor): Tensor {
  const sum = add(x, addend);
  x.dispose();
  return sum;
}

export function layers(pool: Pool): Layers {
  return {
    linear(x, w, bias, addend) {
      const [rows, outputs, inputs] = [rowsOf(x), w.shape[0]!, widthOf(x)];
      assert(widthOf(w) === inputs, `linear: x [.., ${inputs}] and w [${w.shape.join(', ')}] agree`);
      assert(!bias || bias.size === outputs, `linear: the bias has ${outputs} values`);
      const y = emptyTensor([...x.shape.slice(0, -1), outputs]);
      const largest = Math.min(512, Math.max(64, Math.ceil(65536 / Math.max(1, inputs))));
      const { chunks, columnSplits, rowBlock } = planGemm(pool, rows, outputs, inputs, largest);
      const sources = [addressOf(x), ...matrixArguments(w), bias ? addressOf(bias) : 0];
      withScratch(isPacked(w) ? pool.slots * pool.exports.stripScratch!(inputs) : 0, (scratch) => {
        const numbers = [rows, outputs, inputs, ...sources, addressOf(y), columnSplits, rowBlock, scratch];
        pool.run('gemmTransposed', chunks, ...numbers);
      });
      return addend ? added(y, addend) : y;
    },

    linearBackwardX(dy, w, addend) {
      const [outputs, inputs] = [w.shape[0]!, widthOf(w)];
      assert(
        widthOf(dy) === outputs,
        `linearBackwardX: dy [.., ${widthOf(dy)}] and w [${w.shape.join(', ')}] agree`,
      );
      const dx = addend ?? emptyTensor([...dy.shape.slice(0, -1), inputs]);
      const left: [number, number, number] = [addressOf(dy), outputs * 4, 4];
      const target = addressOf(dx);
      multiply(pool, [rowsOf(dy), inputs, outputs], left, matrixArguments(w), target, Boolean(addend));
      return dx;
    },

    linearBackwardW(dy, x) {
      const [rows, outputs, inputs] = [rowsOf(dy), widthOf(dy), widthOf(x)];
      assert(rowsOf(x) === rows, `linearBackwardW: dy and x have ${rows} rows`);
      const dw = emptyTensor([outputs, inputs]);
      const left: [number, number, number] = [addressOf(dy), 4, outputs * 4];
      multiply(pool, [outputs, inputs, rows], left, plainMatrix(addressOf(x), inputs), addressOf(dw), false);
      return dw;
    },

    sumRows(dy) {
      const [rows, width] = [rowsOf(dy), widthOf(dy)];
      const sum = emptyTensor([width]);
      const chunks = chunksFor(pool, Math.ceil(width / 16), dy.size / 4);
      pool.run('sumRows', chunks, rows, width, addressOf(dy), addressOf(sum));
      return sum;
    },

    rmsNorm(x, w, eps) {
      const [rows, width] = [rowsOf(x), widthOf(x)];
      assert(w.size === width, `rmsNorm: x [.., ${width}] and w [${w.size}] agree`);
      const y = emptyTensor(x.shape);
      const inverseRms = emptyTensor([rows]);
      const chunks = chunksFor(pool, rows, x.size / 2);
      pool.run(
        'rmsNorm',
        chunks,
        rows,
        width,
        addressOf(x),
        addressOf(w),
        eps,
        addressOf(y),
        addressOf(inverseRms),
      );
      return { y, inverseRms };
    },

    addAndNorm(x, branch, scale, w, eps) {
      const sum = add(x, scale === 1 ? branch : mul(branch, scale));
      return { sum, ...this.rmsNorm(sum, w, eps) };
    },

    rmsNormBackward(dy, x, w, inverseRms, addend) {
      const [rows, width] = [rowsOf(x), widthOf(x)];
      const dx = emptyTensor(x.shape);
      const dw = emptyTensor([width]);
      const [gradient, from, inverse] = [addressOf(dy), addressOf(x), addressOf(inverseRms)];
      const chunks = chunksFor(pool, rows, x.size / 2);
      pool.run('rmsNormBackwardX', chunks, rows, width, gradient, from, addressOf(w), inverse, addressOf(dx));
      const columnChunks = chunksFor(pool, Math.ceil(width / 16), x.size / 4);
      pool.run('rmsNormBackwardW', columnChunks, rows, width, gradient, from, inverse, addressOf(dw));
      return { dx: addend ? added(dx, addend) : dx, dw };
    },

    rope(xs, positions, cos, sin, headWidth, inverse) {
      const rows = positions.size;
      return xs.map((x) => {
        const heads = x.size / (rows * headWidth);
        assert(Number.isInteger(heads), `rope: x has ${rows} rows of heads of ${headWidth}`);
        const y = emptyTensor(x.shape);
        const tables = [addressOf(positions), addressOf(cos), addressOf(sin), inverse ? -1 : 1];
        const chunks = chunksFor(pool, rows, x.size / 2);
        pool.run('rope', chunks, rows, heads, headWidth, addressOf(x), ...tables, addressOf(y));
        return y;
      });
    },

    swiglu(gate, up) {
      const y = emptyTensor(gate.shape);
      const chunks = chunksFor(pool, Math.ceil(gate.size / 4), gate.size);
      pool.run('swiglu', chunks, gate.size, addressOf(gate), addressOf(up), addressOf(y));
      return y;
    },

    swigluBackward(dy, gate, up) {
      const dgate = emptyTensor(gate.shape);
      const dup = emptyTensor(up.shape);
      const inputs = [addressOf(dy), addressOf(gate), addressOf(up)];
      const chunks = chunksFor(pool, Math.ceil(gate.size / 4), gate.size * 1.5);
      pool.run('swigluBackward', chunks, gate.size, ...inputs, addressOf(dgate), addressOf(dup));
      return { dgate, dup };
    },

    embedding(w, ids) {
      const width = widthOf(w);
      const out = emptyTensor([...ids.shape, width]);
      const chunks = chunksFor(pool, ids.size, out.size / 4);
      const sizes = [ids.size, width, w.shape[0]!];
      if (isPacked(w)) {
        const sources = [...matrixArguments(w), addressOf(ids)];
        pool.run('gatherUnpacked', chunks, ...sizes, ...sources, addressOf(out));
      } else {
        pool.run('gatherRows', chunks, ...sizes, addressOf(w), addressOf(ids), addressOf(out));
      }
      return out;
    },

    embeddingBackward(dy, ids, vocab) {
      const width = widthOf(dy);
      const dw = emptyTensor([vocab, width]);
      const chunks = chunksFor(pool, Math.ceil(width / 16), (dy.size + dw.size) / 4);
      pool.run(
        'scatterAddRows',
        chunks,
        ids.size,
        width,
        vocab,
        addressOf(dy),
        addressOf(ids),
        addressOf(dw),
      );
      return dw;
    },

    adamW(parameters, gradients, { first, second, starts }, norm, settings) {
      const { learningRate, beta1, beta2, epsilon, weightDecay, step, maxNorm } = settings;
      const rate = learningRate / (1 - beta1 ** step);
      const correction = 1 / Math.sqrt(1 - beta2 ** step);
      const keep = 1 - learningRate * weightDecay;
      const found = new Float32Array(heapMemory().buffer, addressOf(norm), 1)[0]!;
      if (!Number.isFinite(found)) return;
      const factors = [rate, correction, beta1, beta2, epsilon, keep, Math.min(1, maxNorm / (found + 1e-6))];
      parameters.forEach((parameter, index) => {
        const { size } = parameter;
        const gradient = gradients[index]!;
        assert(gradient.size === size, `adamW: the gradient has the parameter's ${size} values`);
        const moments = [first, second].map((all) => addressOf(all) + 4 * starts[index]!);
        const chunks = chunksFor(pool, Math.ceil(size / 4), size);
        pool.run('adamW', chunks, size, addressOf(parameter), addressOf(gradient), ...moments, ...factors);
      });
      [...parameters, first, second].forEach(markChanged);
    },

    globalNorm(tensors) {
      const result = emptyTensor([]);
      let sum = 0;
      for (const x of tensors) {
        const blocks = Math.ceil(x.size / 16384);
        withScratch(blocks * 8, (partials) => {
          pool.run('sumOfSquares', chunksFor(pool, blocks, x.size / 4), x.size, addressOf(x), partials);
          sum = new Float64Array(heapMemory().buffer, partials, blocks).reduce((a, b) => a + b, sum);
        });
      }
      new Float32Array(heapMemory().buffer, addressOf(result), 1)[0] = Math.sqrt(sum);
      return result;
    },
  };
}
