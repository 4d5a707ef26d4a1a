/**
 * Large products for software adapters. Such an adapter runs four neighbouring invocations as the lanes of one vector,
 * and reads for all of them at once where they ask for the same value or for neighbours: so the lanes share a block of
 * rows, whose values of A they all read, and take turns at its columns. B is read along its rows, so it must lie as in
 * dX and dW, in f32. On SwiftShader that is 1.3 times as fast as `gemm-registers.ts`, where a lane has columns side by
 * side; a transposed copy of B for the forward products would cost what it brings.
 */
import { productBuffers, productNumbers, type Variant } from './gemm-code.ts';
import type { Source } from './gpu.ts';

const lanes = 4;
const threads = 16;
/** Of a block: 16 × (4 · 8) took least of ten sizes. */
const rows = 16;
const columnsOfLane = 8;
const columns = lanes * columnsOfLane;

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

export const laneBlocks = (m: number, n: number) =>
  Math.ceil((Math.ceil(m / rows) * Math.ceil(n / columns) * lanes) / threads);

/** c = A·B of the forms NN and TN, B in f32. */
export function laneSource({ form, bias, accumulate }: Variant): Source {
  const [own, others] = [range(rows), range(columnsOfLane)];
  // Two steps of the depth at once: each change of a variable is a masked store there.
  const aAt = (step: number, i: number) =>
    form === 'TN' ? `k${step} * n.lda + a${i}At` : `a${i}At + k${step}`;
  const reads = (step: number) =>
    others.map((j) => `    let b${step}_${j} = b[k${step} * n.ldb + column${j}];`);
  const sums = own.flatMap((i) => [
    `    let a0_${i} = a[${aAt(0, i)}];`,
    `    let a1_${i} = select(0.0, a[${aAt(1, i)}], isPair);`,
    ...others.map((j) => `    c${i}_${j} += a0_${i} * b0_${j} + a1_${i} * b1_${j};`),
  ]);
  const stores = own.map(
    (i) => `  if (m0 + ${i}u < n.m) {
${others.map((j) => `    store((m0 + ${i}u) * n.ldc + n.c0, n0 + ${lanes * j}u, c${i}_${j}, n.n);`).join('\n')}
  }`,
  );
  return {
    ...productBuffers({ form, b: 'f32', bias, accumulate, vectors: { a: false, c: false } }),
    numbers: productNumbers,
    threads,
    declarations: `fn store(start: u32, column: u32, value: f32, width: u32) {
  if (column >= width) { return; }
  c[start + column] = value${bias ? ' + bias[n.c0 + column]' : ''}${accumulate ? ' + c[start + column]' : ''};
}`,
    main: `  let across = (n.n + ${columns - 1}u) / ${columns}u;
  let tile = (block * ${threads}u + lane) / ${lanes}u;
  let m0 = tile / across * ${rows}u;
  let n0 = tile % across * ${columns}u + lane % ${lanes}u;
  if (m0 >= n.m) { return; }
${own.map((i) => `  let a${i}At = min(m0 + ${i}u, n.m - 1u)${form === 'TN' ? '' : ' * n.lda'} + n.a0;`).join('\n')}
${others.map((j) => `  let column${j} = min(n0 + ${lanes * j}u, n.n - 1u);`).join('\n')}
${own.flatMap((i) => others.map((j) => `  var c${i}_${j} = 0.0;`)).join('\n')}
  for (var k0 = 0u; k0 < n.k; k0 += 2u) {
    let isPair = k0 + 1u < n.k;
    let k1 = min(k0 + 1u, n.k - 1u);
${[...reads(0), ...reads(1), ...sums].join('\n')}
  }
${stores.join('\n')}`,
  };
}
