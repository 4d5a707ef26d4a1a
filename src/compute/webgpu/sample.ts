/**
 * One token a row: temperature, top-k, top-p, min-p, then the largest logit + Gumbel noise of `noise.ts`. Filters are
 * thresholds found by bisection on the order of the logits, so nothing is sorted.
 */
import type { Kernels } from '../operations.ts';
import type { Gpu } from './gpu.ts';
import { logarithm, rowBlocks, rowwise } from './wgsl.ts';

const lanes = 256;

/** Unsigned integers in the order of the floats; the noise of `noise.ts`. */
const functions = `fn order(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  return select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
}
fn mix(value: u32) -> u32 {
  var x = (value ^ (value >> 16u)) * 0x7feb352du;
  x = (x ^ (x >> 15u)) * 0x846ca68bu;
  return x ^ (x >> 16u);
}
fn gumbel(key: u32, column: u32) -> f32 {
  let h = mix(mix(key ^ column) + key);
  let u = (f32(h >> 9u) + 0.5) * 1.1920928955078125e-7;
  return -ln(-ln(u));
}
/** Σ of exp(z − top), or the count, of those whose order is at least \`least\`. */
fn massFrom(start: u32, part: u32, least: u32, top: f32, isCount: bool) -> f32 {
  var sum = 0.0;
  for (var j = part; j < n.vocabulary; j += parts) {
    let z = logits[start + j] * n.factor;
    if (order(z) >= least) { sum += select(exp(z - top), 1.0, isCount); }
  }
  return sumOver(sum, part);
}
/** The largest order whose mass from there up still reaches \`needed\`. */
fn bisect(start: u32, part: u32, least: u32, top: f32, isCount: bool, needed: f32) -> u32 {
  var low = least;
  var high = order(top);
  // Bounded by hand: every invocation of a workgroup takes the same number of turns.
  for (var turn = 0u; turn < 32u; turn++) {
    let middle = low + (high - low) / 2u + ((high - low) & 1u);
    let isEnough = massFrom(start, part, middle, top, isCount) >= needed;
    if (low < high) {
      if (isEnough) { low = middle; } else { high = middle - 1u; }
    }
  }
  return low;
}`;

export function sample(gpu: Gpu): Pick<Kernels, 'sample'> {
  return {
    sample(logits, rowIds, { temperature, topK, topP, minP, seed, step }) {
      const rows = rowIds.size;
      const vocabulary = logits.size / rows;
      const isGreedy = temperature === 0;
      const ids = gpu.empty([rows], 'int32');
      const logProbs = gpu.empty([rows]);
      const byCount = !isGreedy && topK > 0 && topK < vocabulary;
      const byMass = !isGreedy && topP < 1;
      const byShare = !isGreedy && minP > 0;
      gpu.run(
        `sample ${isGreedy} ${byCount} ${byMass} ${byShare}`,
        () =>
          rowwise(
            gpu.family,
            {
              reads: { logits: 'f32', rowIds: 'i32' },
              writes: { ids: 'i32', logProbs: 'f32' },
              hasTurns: true,
              numbers: {
                vocabulary: 'u32',
                factor: 'f32',
                topK: 'f32',
                topP: 'f32',
                logMinP: 'f32',
                seed: 'u32',
                step: 'u32',
              },
              reductions: { firstOver: 'min u32' },
              declarations: `${logarithm}\n${functions}`,
              main: `  let start = row * n.vocabulary;
  var highest = -3.0e38;
  for (var j = part; j < n.vocabulary; j += parts) { highest = max(highest, logits[start + j] * n.factor); }
  let top = maxOver(highest, part);
  var least = order(-3.4e38);
  let sum = massFrom(start, part, least, top, false);
  ${byCount ? 'least = bisect(start, part, least, top, true, n.topK);' : ''}
  ${byMass ? 'least = bisect(start, part, least, top, false, n.topP * massFrom(start, part, least, top, false));' : ''}
  ${byShare ? 'least = max(least, order(top + n.logMinP));' : ''}
  let key = mix(mix(mix(n.seed) ^ u32(rowIds[row])) ^ (n.step + turn));
  var best = -3.4e38;
  var column = 0xffffffffu;
  for (var j = part; j < n.vocabulary; j += parts) {
    let z = logits[start + j] * n.factor;
    if (order(z) < least) { continue; }
    let value = z${isGreedy ? '' : ' + gumbel(key, j)'};
    if (value > best) {
      best = value;
      column = j;
    }
  }
  // Of equals the first.
  if (best < maxOver(best, part)) { column = 0xffffffffu; }
  column = firstOver(column, part);
  if (part == 0u) {
    let id = min(column, n.vocabulary - 1u);
    ids[row] = i32(id);
    logProbs[row] = logits[start + id] * n.factor - top - ln(sum);
  }`,
            },
            lanes,
          ),
        [logits, rowIds, ids, logProbs],
        [
          rows,
          vocabulary,
          isGreedy ? 1 : 1 / temperature,
          topK,
          topP,
          byShare ? Math.log(minP) : 0,
          seed,
          step,
        ],
        rowBlocks(gpu.family, rows),
      );
      return { ids, logProbs };
    },
  };
}
