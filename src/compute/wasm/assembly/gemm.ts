/**
 * Matrix products in the three forms a linear layer needs, any size. Two register tiles, chosen because they stay
 * within 15 vector registers on x64 in V8 (larger tiles spill and run at half speed):
 * - 2×4 dot products along contiguous rows for x·wᵀ: nothing is packed or transposed;
 * - 4×8 outer products for a·b, where the eight columns of b come packed or with a stride.
 * Tiles that overhang the last row compute it again instead of having an edge case. Each element of a result is
 * summed in the same order whatever the number of rows, so a row decoded alone equals the row in a batch.
 */
import { F32, multiplyMatrixTransposed, stripScratch, unpackColumns } from './packed';
import { chunkStart, fma } from './simd';

/** Rows of b that one pass packs: 512 × 8 floats are 16 KiB and stay in the first-level cache. */
const DEPTH = 512;

/** c[rows ≤ 4, 8] = a·b, or += where `accumulate`. Element (r, k) of a is at a + r·aRow + k·aK; strides in bytes. */
function tile8(
  rows: i32, k: i32, a: usize, aRow: i32, aK: i32, b: usize, bK: i32, c: usize, cRow: i32, accumulate: bool,
): void {
  const r1 = min(1, rows - 1), r2 = min(2, rows - 1), r3 = min(3, rows - 1);
  let a0 = a, a1 = a + r1 * aRow, a2 = a + r2 * aRow, a3 = a + r3 * aRow;
  const p0 = c, p1 = c + r1 * cRow, p2 = c + r2 * cRow, p3 = c + r3 * cRow;
  const zero = i32x4.splat(0);
  let c00 = zero, c01 = zero, c10 = zero, c11 = zero, c20 = zero, c21 = zero, c30 = zero, c31 = zero;
  if (accumulate) {
    c00 = v128.load(p0); c01 = v128.load(p0, 16);
    c10 = v128.load(p1); c11 = v128.load(p1, 16);
    c20 = v128.load(p2); c21 = v128.load(p2, 16);
    c30 = v128.load(p3); c31 = v128.load(p3, 16);
  }
  for (let n = k; n > 0; n--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    b += bK;
    const x0 = v128.load32_splat(a0);
    c00 = fma(x0, b0, c00); c01 = fma(x0, b1, c01);
    const x1 = v128.load32_splat(a1);
    c10 = fma(x1, b0, c10); c11 = fma(x1, b1, c11);
    const x2 = v128.load32_splat(a2);
    c20 = fma(x2, b0, c20); c21 = fma(x2, b1, c21);
    const x3 = v128.load32_splat(a3);
    c30 = fma(x3, b0, c30); c31 = fma(x3, b1, c31);
    a0 += aK; a1 += aK; a2 += aK; a3 += aK;
  }
  v128.store(p0, c00); v128.store(p0, c01, 16);
  v128.store(p1, c10); v128.store(p1, c11, 16);
  v128.store(p2, c20); v128.store(p2, c21, 16);
  v128.store(p3, c30); v128.store(p3, c31, 16);
}

/** One column of the same: for widths that are no multiple of eight. */
function tile1(
  rows: i32, k: i32, a: usize, aRow: i32, aK: i32, b: usize, bK: i32, c: usize, cRow: i32, accumulate: bool,
): void {
  for (let r = 0; r < rows; r++) {
    let sum = accumulate ? v128.load32_zero(c) : i32x4.splat(0);
    let x = a, y = b;
    for (let n = k; n > 0; n--) {
      sum = fma(v128.load32_zero(x), v128.load32_zero(y), sum);
      x += aK;
      y += bK;
    }
    v128.store_lane<f32>(c, sum, 0);
    a += aRow;
    c += cRow;
  }
}

/** c[m, n] = a·b (or +=) with any strides, b not packed; for blocks that fit the caches. */
export function multiplyBlock(
  m: i32, n: i32, k: i32, a: usize, aRow: i32, aK: i32, b: usize, bK: i32, c: usize, cRow: i32, accumulate: bool,
): void {
  let j = 0;
  for (; j + 8 <= n; j += 8) {
    for (let i = 0; i < m; i += 4) {
      tile8(min(4, m - i), k, a + i * aRow, aRow, aK, b + (j << 2), bK, c + i * cRow + (j << 2), cRow, accumulate);
    }
  }
  for (; j < n; j++) tile1(m, k, a, aRow, aK, b + (j << 2), bK, c + (j << 2), cRow, accumulate);
}

/** out[k, 8] = the first `columns` ≤ 8 columns of b [k, ..], the rest zeros. */
export function packColumns(columns: i32, k: i32, b: usize, bRow: i32, out: usize): void {
  if (columns == 8) {
    for (let i = 0; i < k; i++, b += bRow, out += 32) {
      v128.store(out, v128.load(b));
      v128.store(out, v128.load(b, 16), 16);
    }
    return;
  }
  for (let i = 0; i < k; i++, b += bRow, out += 32) {
    for (let j = 0; j < 8; j++) f32.store(out + (j << 2), j < columns ? f32.load(b + (j << 2)) : 0);
  }
}

/** out[k, 8] = the first `rows` ≤ 8 rows of b [.., k] as columns, the rest zeros. */
export function packRows(rows: i32, k: i32, b: usize, bRow: i32, out: usize): void {
  let i = 0;
  if (rows == 8) {
    for (; i + 4 <= k; i += 4) {
      transpose4(b + (i << 2), bRow, out + (i << 5));
      transpose4(b + 4 * bRow + (i << 2), bRow, out + (i << 5) + 16);
    }
  }
  for (; i < k; i++) {
    for (let j = 0; j < 8; j++) {
      f32.store(out + (i << 5) + (j << 2), j < rows ? f32.load(b + j * bRow + (i << 2)) : 0);
    }
  }
}

// @ts-ignore: decorator
@inline
function transpose4(b: usize, bRow: i32, out: usize): void {
  const r0 = v128.load(b), r1 = v128.load(b + bRow), r2 = v128.load(b + 2 * bRow), r3 = v128.load(b + 3 * bRow);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f64>(low01, low23, 0, 2));
  v128.store(out, v128.shuffle<f64>(low01, low23, 1, 3), 32);
  v128.store(out, v128.shuffle<f64>(high01, high23, 0, 2), 64);
  v128.store(out, v128.shuffle<f64>(high01, high23, 1, 3), 96);
}

/** Four sums over lanes at once. */
// @ts-ignore: decorator
@inline
function sumLanes4(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f64>(ab, cd, 0, 2), v128.shuffle<f64>(ab, cd, 1, 3));
}

// @ts-ignore: decorator
@inline
export function storeFirst(p: usize, v: v128, count: i32): void {
  if (count >= 4) {
    v128.store(p, v);
    return;
  }
  v128.store_lane<f32>(p, v, 0);
  if (count > 1) v128.store_lane<f32>(p, v, 1, 4);
  if (count > 2) v128.store_lane<f32>(p, v, 2, 8);
}

/** c[rows ≤ 2, columns ≤ 4] = a·bᵀ + bias (0: none), both with contiguous rows of k; strides in bytes. */
function dotTile(
  rows: i32, columns: i32, k: i32, a: usize, aRow: i32, b: usize, bRow: i32, c: usize, cRow: i32, bias: usize,
): void {
  const last = columns - 1;
  let a0 = a, a1 = a + (rows - 1) * aRow;
  let b0 = b, b1 = b + min(1, last) * bRow, b2 = b + min(2, last) * bRow, b3 = b + min(3, last) * bRow;
  const zero = i32x4.splat(0);
  let c00 = zero, c01 = zero, c02 = zero, c03 = zero, c10 = zero, c11 = zero, c12 = zero, c13 = zero;
  let n = k;
  for (; n >= 4; n -= 4) {
    const x0 = v128.load(a0), x1 = v128.load(a1);
    const y0 = v128.load(b0);
    c00 = fma(x0, y0, c00); c10 = fma(x1, y0, c10);
    const y1 = v128.load(b1);
    c01 = fma(x0, y1, c01); c11 = fma(x1, y1, c11);
    const y2 = v128.load(b2);
    c02 = fma(x0, y2, c02); c12 = fma(x1, y2, c12);
    const y3 = v128.load(b3);
    c03 = fma(x0, y3, c03); c13 = fma(x1, y3, c13);
    a0 += 16; a1 += 16; b0 += 16; b1 += 16; b2 += 16; b3 += 16;
  }
  for (; n > 0; n--) {
    const x0 = v128.load32_zero(a0), x1 = v128.load32_zero(a1);
    const y0 = v128.load32_zero(b0), y1 = v128.load32_zero(b1), y2 = v128.load32_zero(b2), y3 = v128.load32_zero(b3);
    c00 = fma(x0, y0, c00); c10 = fma(x1, y0, c10);
    c01 = fma(x0, y1, c01); c11 = fma(x1, y1, c11);
    c02 = fma(x0, y2, c02); c12 = fma(x1, y2, c12);
    c03 = fma(x0, y3, c03); c13 = fma(x1, y3, c13);
    a0 += 4; a1 += 4; b0 += 4; b1 += 4; b2 += 4; b3 += 4;
  }
  let sum0 = sumLanes4(c00, c01, c02, c03), sum1 = sumLanes4(c10, c11, c12, c13);
  if (bias) {
    const added = f32x4(
      f32.load(bias), f32.load(bias + (min(1, last) << 2)),
      f32.load(bias + (min(2, last) << 2)), f32.load(bias + (min(3, last) << 2)),
    );
    sum0 = f32x4.add(sum0, added);
    sum1 = f32x4.add(sum1, added);
  }
  storeFirst(c, sum0, columns);
  if (rows > 1) storeFirst(c + cRow, sum1, columns);
}

/** c[m, n] = a·bᵀ + bias with any row strides; for blocks that fit the caches. */
export function multiplyTransposedBlock(
  m: i32, n: i32, k: i32, a: usize, aRow: i32, b: usize, bRow: i32, c: usize, cRow: i32, bias: usize,
): void {
  const width = max(4, (6144 / max(1, k)) & ~3); // rows of b that stay in the first-level cache
  for (let j0 = 0; j0 < n; j0 += width) {
    const j1 = min(n, j0 + width);
    for (let i = 0; i < m; i += 2) {
      for (let j = j0; j < j1; j += 4) {
        dotTile(
          min(2, m - i), min(4, j1 - j), k, a + i * aRow, aRow, b + j * bRow, bRow,
          c + i * cRow + (j << 2), cRow, bias ? bias + (j << 2) : 0,
        );
      }
    }
  }
}

/**
 * y[m, n] = x[m, k]·wᵀ + bias (0: none), rows of x contiguous, w a matrix [n, k] (see packed.ts). Chunk number c is block
 * c / columnSplits of `rowBlock` rows, and column block c % columnSplits.
 */
export function gemmTransposed(
  m: i32, n: i32, k: i32, x: usize, format: i32, w: usize, stride: i32, scales: usize, bias: usize, y: usize,
  columnSplits: i32, rowBlock: i32, scratch: usize, chunk: i32, chunks: i32, thread: i32,
): void {
  const m0 = chunk / columnSplits * rowBlock, m1 = min(m, m0 + rowBlock), columnBlock = chunk % columnSplits;
  const n0 = chunkStart(n, columnBlock, columnSplits, 4), n1 = chunkStart(n, columnBlock + 1, columnSplits, 4);
  multiplyMatrixTransposed(
    m1 - m0, n1 - n0, k, x + m0 * (k << 2), k << 2, format, w, stride, scales, n0,
    y + m0 * (n << 2) + (n0 << 2), n << 2, bias ? bias + (n0 << 2) : 0, scratch + thread * stripScratch(k),
  );
}

/** out[k, 4] from four (or `columns`) neighbouring columns of a [k, ..]: the left-hand side of aᵀ·b without long strides. */
function packQuad(columns: i32, k: i32, a: usize, aRow: i32, out: usize): void {
  for (let i = 0; i < k; i++, a += aRow, out += 16) {
    if (columns == 4) v128.store(out, v128.load(a));
    else for (let j = 0; j < columns; j++) f32.store(out + (j << 2), f32.load(a + (j << 2)));
  }
}

/** Bytes of scratch a thread, for chunks of at most `rows` rows. */
export function gemmScratch(rows: i32): i32 {
  return DEPTH * (32 + ((rows + 3) & ~3) * 4);
}

/**
 * c[m, n] = a·b (or += where `accumulate`) with b a matrix [k, n] (see packed.ts) and c contiguous; element (i, p) of a at a + i·aRow + p·aK,
 * where aK = 4 (a itself) or aRow = 4 (its transpose, which is packed). Chunks as above, of at most `rowBlock` rows.
 */
export function gemm(
  m: i32, n: i32, k: i32, a: usize, aRow: i32, aK: i32, format: i32, b: usize, stride: i32, scales: usize, c: usize,
  accumulate: i32, columnSplits: i32, rowBlock: i32, scratch: usize, chunk: i32, chunks: i32, thread: i32,
): void {
  const m0 = chunk / columnSplits * rowBlock, m1 = min(m, m0 + rowBlock), columnBlock = chunk % columnSplits;
  const n0 = chunkStart(n, columnBlock, columnSplits, 8), n1 = chunkStart(n, columnBlock + 1, columnSplits, 8);
  const panel = scratch + thread * gemmScratch(rowBlock), quads = panel + (DEPTH << 5);
  const row = n << 2, bRow = stride << 2;
  const transposed = aK != 4;
  for (let k0 = 0; k0 < max(k, 1); k0 += DEPTH) {
    const depth = min(DEPTH, k - k0);
    const add = accumulate != 0 || k0 > 0;
    if (transposed) {
      for (let i = m0; i < m1; i += 4) {
        packQuad(min(4, m1 - i), depth, a + k0 * aK + (i << 2), aK, quads + (i - m0) * (depth << 2));
      }
    }
    for (let j = n0; j < n1; j += 8) {
      const columns = min(8, n1 - j);
      if (format == F32) packColumns(columns, depth, b + <usize>k0 * bRow + (j << 2), bRow, panel);
      else unpackColumns(format, b, stride, scales, k0, j, depth, panel);
      for (let i = m0; i < m1; i += 4) {
        const from = transposed ? quads + (i - m0) * (depth << 2) : a + i * aRow + (k0 << 2);
        const fromRow = transposed ? 4 : aRow, fromK = transposed ? 16 : 4;
        const to = c + i * row + (j << 2), rows = min(4, m1 - i);
        if (columns == 8) {
          tile8(rows, depth, from, fromRow, fromK, panel, 32, to, row, add);
        } else {
          for (let s = 0; s < columns; s++) {
            tile1(rows, depth, from, fromRow, fromK, panel + (s << 2), 32, to + (s << 2), row, add);
          }
        }
      }
    }
  }
}

/** out[columns] = sum over the rows of x, in their order. */
export function sumRows(rows: i32, columns: i32, x: usize, out: usize, chunk: i32, chunks: i32, thread: i32): void {
  const start = chunkStart(columns, chunk, chunks, 16), end = chunkStart(columns, chunk + 1, chunks, 16);
  memory.fill(out + (start << 2), 0, (end - start) << 2);
  for (let r = 0; r < rows; r++) {
    const row = x + r * (columns << 2);
    let j = start;
    for (; j + 4 <= end; j += 4) {
      const to = out + (j << 2);
      v128.store(to, f32x4.add(v128.load(to), v128.load(row + (j << 2))));
    }
    for (; j < end; j++) f32.store(out + (j << 2), f32.load(out + (j << 2)) + f32.load(row + (j << 2)));
  }
}
