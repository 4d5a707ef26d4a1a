/**
 * What the code of all matrix products has in common: its numbers, its buffers, how results are stored. How the sums
 * come about is in the files beside.
 */
import type { Source } from './gpu.ts';
import { matrixReads, type Stored } from './weight.ts';

/** Which side lies transposed in memory: NT = A [M, K], B [N, K]; NN = A [M, K], B [K, N]; TN = A [K, M], B [K, N]. */
export type Form = 'NT' | 'NN' | 'TN';

/** What the code depends on besides the tile. */
export interface Variant {
  form: Form;
  /** Whether rows begin on multiples of four values, so that vectors can be loaded. */
  vectors: { a: boolean; c: boolean };
  /** How B is stored. */
  b: Stored;
  bias: boolean;
  accumulate: boolean;
}

/** Kernels take these numbers; `perSplit` is the depth that one workgroup sums, and splits lie m·n values apart. */
export const productNumbers: Source['numbers'] = {
  m: 'u32',
  n: 'u32',
  k: 'u32',
  lda: 'u32',
  a0: 'u32',
  ldb: 'u32',
  ldc: 'u32',
  c0: 'u32',
  perSplit: 'u32',
};

export function productBuffers({ vectors, b, bias }: Variant): Pick<Source, 'reads' | 'writes'> {
  const type = (isVector: boolean) => (isVector ? 'vec4<f32>' : 'f32');
  return {
    reads: { a: type(vectors.a), ...matrixReads('b', b), ...(bias && { bias: 'f32' }) },
    writes: { c: type(vectors.c) },
  };
}

/** Stores a vector of four neighbours at (row, column) of c, of which only those left of n.n exist. */
export function storeFour({ vectors, bias, accumulate }: Variant): string {
  const plus = (expression: string, isOn: boolean) => (isOn ? ` + ${expression}` : '');
  const start = 'let start = offset + row * n.ldc + n.c0 + column;';
  const lane = (j: number) => {
    const value = `value[${j}]${plus(`bias[n.c0 + column + ${j}u]`, bias)}${plus(`c[start + ${j}u]`, accumulate)}`;
    return `  if (column + ${j}u < n.n) { c[start + ${j}u] = ${value}; }`;
  };
  const four = [0, 1, 2, 3].map((j) => `bias[n.c0 + column + ${j}u]`).join(', ');
  const body = vectors.c
    ? `  if (column < n.n) { c[start / 4u] = value${plus(`vec4<f32>(${four})`, bias)}${plus('c[start / 4u]', accumulate)}; }`
    : [0, 1, 2, 3].map(lane).join('\n');
  return `fn store(offset: u32, row: u32, column: u32, value: vec4<f32>) {
  if (row >= n.m) { return; }
  ${start}
${body}
}`;
}
