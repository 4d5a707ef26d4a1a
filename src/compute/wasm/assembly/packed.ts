/**
 * Reading weights that are packed in 16, 8 or 4 bits: runs of a row to f32, and products with blocks of them, unpacked
 * strip by strip into scratch that stays in the cache. The layout is that of src/compute/packed.ts. AssemblyScript;
 * conventions in simd.ts. A matrix is (format, values, stride, scales): rows lie `stride` values apart.
 */
import { chunkStart } from './simd';
import { multiplyTransposedBlock, storeFirst } from './gemm';

/** The formats, in this order. */
export const F32 = 0;
const F16 = 1;
const INT8 = 2;

/** Four values from flat index `at`, a multiple of four. */
// @ts-ignore: decorator
@inline
function unpackFour(format: i32, values: usize, scales: usize, at: i32): v128 {
  if (format == F16) {
    const halves = i32x4.extend_low_i16x8_u(v128.load64_zero(values + (<usize>at << 1)));
    // As f32 bits, exponent and fraction of a half mean 2⁻¹¹² times its value, subnormal or not.
    const magnitude = i32x4.shl(v128.and(halves, i32x4.splat(0x7fff)), 13);
    const sign = i32x4.shl(v128.and(halves, i32x4.splat(0x8000)), 16);
    return v128.or(f32x4.mul(magnitude, i32x4.splat(0x77800000)), sign); // 2¹¹²
  }
  let fields: v128;
  if (format == INT8) {
    fields = i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(values + at)));
  } else {
    // Each product has another field in its top four bits.
    const word = i32x4.splat(i32.load16_u(values + (at >> 1)));
    fields = i32x4.shr_s(i32x4.mul(word, i32x4(0x10000000, 0x1000000, 0x100000, 0x10000)), 28);
  }
  return f32x4.mul(f32x4.convert_i32x4_s(fields), v128.load32_splat(scales + (<usize>(at >> 5) << 2)));
}

/** out[0 .. count) in whole fours: the values from flat index `at` on, a multiple of four. */
export function unpackRun(format: i32, values: usize, scales: usize, at: i32, count: i32, out: usize): void {
  const end = at + count;
  if (format == F16) for (; at < end; at += 4, out += 16) v128.store(out, unpackFour(F16, values, scales, at));
  else if (format == INT8) for (; at < end; at += 4, out += 16) v128.store(out, unpackFour(INT8, values, scales, at));
  else for (; at < end; at += 4, out += 16) v128.store(out, unpackFour(INT8 + 1, values, scales, at));
}

/** Rows of depth k that a strip has. */
// @ts-ignore: decorator
@inline
function stripRows(k: i32): i32 {
  return max(4, (6144 / max(1, k)) & ~3);
}

/** Bytes of the scratch that a product with packed weights of that depth takes, a thread. */
export function stripScratch(k: i32): i32 {
  return stripRows(k) * ((k + 3) & ~3) * 4;
}

/** c[m, n] = a·bᵀ + bias, b being n rows of a matrix from row `first` on. */
export function multiplyMatrixTransposed(
  m: i32, n: i32, k: i32, a: usize, aRow: i32, format: i32, values: usize, stride: i32, scales: usize, first: i32,
  c: usize, cRow: i32, bias: usize, strip: usize,
): void {
  if (format == F32) {
    const bRow = stride << 2;
    multiplyTransposedBlock(m, n, k, a, aRow, values + <usize>first * bRow, bRow, c, cRow, bias);
    return;
  }
  const most = stripRows(k), stripRow = ((k + 3) & ~3) << 2;
  for (let j = 0; j < n; j += most) {
    const rows = min(most, n - j);
    for (let r = 0; r < rows; r++) {
      unpackRun(format, values, scales, (first + j + r) * stride, k, strip + r * stripRow);
    }
    multiplyTransposedBlock(m, rows, k, a, aRow, strip, stripRow, c + (j << 2), cRow, bias ? bias + (j << 2) : 0);
  }
}

/** out[k, 8] = columns j .. j + 8 of k rows of a packed matrix from row `first` on; zeros where there are fewer. */
export function unpackColumns(
  format: i32, values: usize, stride: i32, scales: usize, first: i32, j: i32, k: i32, out: usize,
): void {
  for (let i = 0; i < k; i++, out += 32) unpackRun(format, values, scales, (first + i) * stride + j, 8, out);
}

/** out[i] = table[ids[i]], zeros where the id is outside 0..tableRows−1. Width in floats. */
export function gatherUnpacked(
  rows: i32, width: i32, tableRows: i32, format: i32, values: usize, stride: i32, scales: usize, ids: usize, out: usize,
  chunk: i32, chunks: i32, thread: i32,
): void {
  const end = chunkStart(rows, chunk + 1, chunks, 1);
  for (let r = chunkStart(rows, chunk, chunks, 1); r < end; r++) {
    const id = i32.load(ids + (r << 2)), to = out + <usize>r * (width << 2);
    if (<u32>id >= <u32>tableRows) {
      memory.fill(to, 0, width << 2);
      continue;
    }
    const whole = width & ~3;
    unpackRun(format, values, scales, id * stride, whole, to);
    if (whole < width) storeFirst(to + (whole << 2), unpackFour(format, values, scales, id * stride + whole), width - whole);
  }
}
