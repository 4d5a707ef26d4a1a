/**
 * Log-probability and entropy of softmax(scale·hidden·headᵀ) at the targets, in tiles of 32 rows × 128 columns with a
 * running max, and the gradient of the logits of one block. AssemblyScript; conventions in simd.ts.
 */
import { chunkStart, exp1, exp4, fma, log1, maxLanes, splat, sumLanes } from './simd';
import { multiplyMatrixTransposed, stripScratch } from './packed';

const ROWS = 32;
const COLUMNS = 128;
const LOWEST: f32 = -1e30; // for "no logit": times a zero weight it is zero, which −∞ is not

/** Bytes of scratch a thread. */
export function logProbScratch(width: i32): i32 {
  return ROWS * ((width << 2) + (COLUMNS << 2) + 16) + stripScratch(width);
}

/** Takes columns v0.. of one row into its state: max, Σ e^(z−max), Σ e^(z−max)·(z−max), z of the target. */
function accumulateRow(logits: usize, columns: i32, v0: i32, target: i32, scale: f32, state: usize): void {
  for (let j = columns; j & 3; j++) f32.store(logits + (j << 2), LOWEST);
  const bytes = columns << 2;
  let highest = splat(f32.load(state));
  for (let at = 0; at < bytes; at += 16) {
    highest = f32x4.pmax(highest, f32x4.mul(v128.load(logits + at), splat(scale)));
  }
  const before = f32.load(state), top = maxLanes(highest);
  let sums = i32x4.splat(0), weighted = i32x4.splat(0);
  for (let at = 0; at < bytes; at += 16) {
    const z = f32x4.sub(f32x4.mul(v128.load(logits + at), splat(scale)), splat(top));
    const e = exp4(z);
    sums = f32x4.add(sums, e);
    weighted = fma(e, z, weighted);
  }
  const factor = exp1(before - top), sum = f32.load(state, 4), product = f32.load(state, 8);
  f32.store(state, top);
  f32.store(state, sum * factor + sumLanes(sums), 4);
  f32.store(state, factor * (product + sum * (before - top)) + sumLanes(weighted), 8);
  if (target >= v0 && target < v0 + columns) f32.store(state, scale * f32.load(logits + ((target - v0) << 2)), 12);
}

/** For the listed rows (int32 [count]) of hidden [N, width]; results [N], elsewhere untouched. */
export function logProb(
  count: i32, list: usize, width: i32, vocab: i32, hidden: usize, format: i32, head: usize, stride: i32, headScales: usize,
  targets: usize, scale: f32,
  logProbs: usize, entropies: usize, logSumExps: usize, scratch: usize, chunk: i32, chunks: i32, thread: i32,
): void {
  const row = width << 2;
  const tile = scratch + thread * logProbScratch(width);
  const logits = tile + ROWS * row;
  const states = logits + ROWS * (COLUMNS << 2);
  const strip = states + (ROWS << 4);
  const end = chunkStart(count, chunk + 1, chunks, ROWS);
  for (let start = chunkStart(count, chunk, chunks, ROWS); start < end; start += ROWS) {
    const rows = min(ROWS, end - start);
    for (let r = 0; r < rows; r++) {
      memory.copy(tile + r * row, hidden + i32.load(list + ((start + r) << 2)) * row, row);
      v128.store(states + (r << 4), f32x4.replace_lane(i32x4.splat(0), 0, LOWEST));
    }
    for (let v0 = 0; v0 < vocab; v0 += COLUMNS) {
      const columns = min(COLUMNS, vocab - v0);
      multiplyMatrixTransposed(
        rows, columns, width, tile, row, format, head, stride, headScales, v0, logits, COLUMNS << 2, 0, strip,
      );
      for (let r = 0; r < rows; r++) {
        const target = i32.load(targets + (i32.load(list + ((start + r) << 2)) << 2));
        accumulateRow(logits + r * (COLUMNS << 2), columns, v0, target, scale, states + (r << 4));
      }
    }
    for (let r = 0; r < rows; r++) {
      const to = i32.load(list + ((start + r) << 2)) << 2, state = states + (r << 4);
      const top = f32.load(state), sum = f32.load(state, 4), logSum = log1(sum);
      f32.store(logProbs + to, f32.load(state, 12) - top - logSum);
      f32.store(entropies + to, logSum - f32.load(state, 8) / sum);
      f32.store(logSumExps + to, top + logSum);
    }
  }
}

/**
 * Gradient of the logits, out [rows, columns], of hidden [rows, width] (already the listed rows) and the head's rows
 * v0 .. v0 + columns: scale·(gL·(1[target] − p) − gH·p·(ln p + entropy)). gL and gH [N] may be 0 (none).
 */
export function logitGradient(
  rows: i32, list: usize, width: i32, v0: i32, columns: i32, hidden: usize, format: i32, head: usize,
  stride: i32, headScales: usize, targets: usize, scale: f32, dLogProbs: usize, dEntropies: usize, logSumExps: usize,
  entropies: usize, out: usize, scratch: usize, chunk: i32, chunks: i32, thread: i32,
): void {
  const row = width << 2, outRow = columns << 2;
  const start = chunkStart(rows, chunk, chunks, 2), end = chunkStart(rows, chunk + 1, chunks, 2);
  multiplyMatrixTransposed(
    end - start, columns, width, hidden + start * row, row, format, head, stride, headScales, v0,
    out + start * outRow, outRow, 0, scratch + thread * stripScratch(width),
  );
  for (let r = start; r < end; r++) {
    const at = i32.load(list + (r << 2)) << 2, to = out + r * outRow;
    const forward: f32 = dLogProbs ? scale * f32.load(dLogProbs + at) : 0;
    const spread: f32 = dEntropies ? scale * f32.load(dEntropies + at) : 0;
    const logSumExp = f32.load(logSumExps + at), entropy = f32.load(entropies + at);
    const constant = splat(forward + spread * entropy);
    let j = 0;
    for (; j + 4 <= columns; j += 4) {
      const logP = f32x4.sub(f32x4.mul(v128.load(to + (j << 2)), splat(scale)), splat(logSumExp));
      const factor = fma(logP, splat(spread), constant);
      v128.store(to + (j << 2), f32x4.neg(f32x4.mul(exp4(logP), factor)));
    }
    for (; j < columns; j++) {
      const logP = f32.load(to + (j << 2)) * scale - logSumExp;
      f32.store(to + (j << 2), -exp1(logP) * (forward + spread * (logP + entropy)));
    }
    const target = i32.load(targets + at) - v0;
    if (target >= 0 && target < columns) f32.store(to + (target << 2), f32.load(to + (target << 2)) + forward);
  }
}
