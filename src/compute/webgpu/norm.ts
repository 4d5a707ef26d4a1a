/** Root-mean-square normalisation and its gradient, and sums over rows. */
import type { Tensor } from '@tensorflow/tfjs';
import type { Kernels } from '../operations.ts';
import type { Gpu } from './gpu.ts';
import { elementBlocks, elementFor, elementThreads, inner, lanesOf, rowBlocks, rowwise } from './wgsl.ts';

type Norm = Pick<Kernels, 'rmsNorm' | 'addAndNorm' | 'rmsNormBackward' | 'sumRows'>;

/** Rows that one invocation sums; with more, several sum a part each and one adds those up. */
const rowsPerSum = { tiled: 64, registers: 256 };

export function norm(gpu: Gpu): Norm {
  /** Σ over rows of `term`, an expression of `i` (place in the matrix) and `row`. inputs as rows of `width`. */
  function columnSums(
    key: string,
    term: string,
    inputs: Record<string, Tensor>,
    rows: number,
    width: number,
  ): Tensor {
    const element = elementFor(width);
    const columns = width / lanesOf(element);
    const most = rowsPerSum[gpu.family];
    const parts = rows <= 4 * most ? 1 : Math.min(4 * most, Math.ceil(rows / most));
    const sums = gpu.empty(parts === 1 ? [width] : [parts, width]);
    gpu.run(
      `columnSums ${key} ${element}`,
      () => ({
        reads: Object.fromEntries(
          Object.keys(inputs).map((name) => [name, name === 'inverseRms' ? 'f32' : element]),
        ),
        writes: { sums: element },
        numbers: { rows: 'u32', columns: 'u32', perPart: 'u32' },
        threads: elementThreads,
        main: `  let across = (n.columns + ${elementThreads - 1}u) / ${elementThreads}u;
  let column = (block % across) * ${elementThreads}u + lane;
  let part = block / across;
  if (column >= n.columns) { return; }
  var sum = ${element}();
  for (var row = part * n.perPart; row < min(n.rows, (part + 1u) * n.perPart); row++) {
    let i = row * n.columns + column;
    sum += ${term};
  }
  sums[part * n.columns + column] = sum;`,
      }),
      [...Object.values(inputs), sums],
      [rows, columns, Math.ceil(rows / parts)],
      elementBlocks(columns) * parts,
    );
    if (parts === 1) return sums;
    const total = columnSums('x', 'x[i]', { x: sums }, parts, width);
    sums.dispose();
    return total;
  }

  /** The norm of x, or of x + scale·branch, which is then written too. */
  function forward(x: Tensor, branch: Tensor | null, scale: number, w: Tensor, eps: number) {
    const width = w.size;
    const rows = x.size / width;
    const element = elementFor(width);
    const y = gpu.empty(x.shape);
    const inverseRms = gpu.empty([rows]);
    const sum = branch && gpu.empty(x.shape);
    gpu.run(
      `rmsNorm ${element} ${Boolean(branch)}`,
      () =>
        rowwise(gpu.family, {
          reads: { x: element, w: element, ...(branch && { branch: element }) },
          writes: { y: element, inverseRms: 'f32', ...(branch && { sum: element }) },
          numbers: { columns: 'u32', width: 'f32', epsilon: 'f32', scale: 'f32' },
          declarations: inner(element),
          main: `  let start = row * n.columns;
  var squares = 0.0;
  for (var c = part; c < n.columns; c += parts) {
    let value = x[start + c]${branch ? ' + n.scale * branch[start + c];\n    sum[start + c] = value' : ''};
    squares += inner(value, value);
  }
  let r = 1.0 / sqrt(sumOver(squares, part) / n.width + n.epsilon);
  for (var c = part; c < n.columns; c += parts) { y[start + c] = ${branch ? 'sum' : 'x'}[start + c] * r * w[c]; }
  if (part == 0u) { inverseRms[row] = r; }`,
        }),
      [x, w, ...(branch ? [branch] : []), y, inverseRms, ...(sum ? [sum] : [])],
      [rows, width / lanesOf(element), width, eps, scale],
      rowBlocks(gpu.family, rows),
    );
    return { y, inverseRms, sum };
  }

  return {
    rmsNorm(x, w, eps) {
      const { y, inverseRms } = forward(x, null, 1, w, eps);
      return { y, inverseRms };
    },

    addAndNorm(x, branch, scale, w, eps) {
      const { y, inverseRms, sum } = forward(x, branch, scale, w, eps);
      return { sum: sum!, y, inverseRms };
    },

    rmsNormBackward(dy, x, w, inverseRms, addend) {
      const width = w.size;
      const rows = x.size / width;
      const element = elementFor(width);
      const dx = gpu.empty(x.shape);
      gpu.run(
        `rmsNormBackward ${element} ${Boolean(addend)}`,
        () =>
          rowwise(gpu.family, {
            reads: {
              dy: element,
              x: element,
              w: element,
              inverseRms: 'f32',
              ...(addend && { addend: element }),
            },
            writes: { dx: element },
            numbers: { columns: 'u32', width: 'f32' },
            declarations: inner(element),
            main: `  let start = row * n.columns;
  let r = inverseRms[row];
  var projection = 0.0;
  for (var c = part; c < n.columns; c += parts) { projection += inner(dy[start + c] * w[c], x[start + c]); }
  let share = sumOver(projection, part) * r * r / n.width;
  for (var c = part; c < n.columns; c += parts) {
    dx[start + c] = r * (dy[start + c] * w[c] - x[start + c] * share)${addend ? ' + addend[start + c]' : ''};
  }`,
          }),
        [dy, x, w, inverseRms, ...(addend ? [addend] : []), dx],
        [rows, width / lanesOf(element), width],
        rowBlocks(gpu.family, rows),
      );
      const inputs = { dy, x, inverseRms };
      return { dx, dw: columnSums('norm', 'dy[i] * x[i] * inverseRms[row]', inputs, rows, width) };
    },

    sumRows(dy) {
      const width = dy.shape.at(-1)!;
      return columnSums('x', 'x[i]', { x: dy }, dy.size / width, width);
    },
  };
}
