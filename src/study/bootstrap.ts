/**
 * Bootstrap intervals over seeds and items (tasks, questions). Percentile method; both ways of the design are resampled:
 * seeds with replacement, and items with replacement, the same items for all seeds and for both sides of a difference,
 * which keeps pairs together. Groups (worlds, skills) are not resampled: they are what the claim is about.
 */
import { Random } from '../base/random.ts';
import { mean, quantile } from '../base/statistics.ts';

/** One value an item and seed, [S][N]; all seeds have the same items. */
export type Values = readonly (readonly number[])[];

export interface Estimate {
  value: number;
  /** Bounds of the central 95 %. */
  low: number;
  high: number;
}

const RESAMPLES = 1000;

/** Interval of a statistic of resampled data. @param draw the statistic of one resample */
export function percentileInterval(value: number, draw: (random: Random) => number, name: string): Estimate {
  const random = new Random(name);
  const values = Float64Array.from({ length: RESAMPLES }, () => draw(random));
  return { value, low: quantile(values, 0.025), high: quantile(values, 0.975) };
}

/** Interval of a statistic of seeds alone; with one seed there is nothing to resample, and anything is possible. */
export function seedInterval(
  seeds: number,
  value: number,
  draw: (random: Random) => number,
  name: string,
): Estimate {
  return seeds < 2 ? { value, low: -Infinity, high: Infinity } : percentileInterval(value, draw, name);
}

/** Mean over groups of the mean over seeds and items. @param groups at least one, none empty */
export function estimateMean(groups: readonly Values[]): Estimate {
  const value = mean(groups.map((values) => mean(values.map((items) => mean(items)))));
  const draw = (random: Random) => mean(groups.map((values) => resampledMean(values, random)));
  return percentileInterval(value, draw, 'bootstrap');
}

/** Mean over groups of a − b, item by item and seed by seed; a side with one seed stands against every seed. */
export function estimateDifference(pairs: readonly { a: Values; b: Values }[]): Estimate {
  return estimateMean(pairs.map(({ a, b }) => differences(a, b)));
}

/**
 * Mean over groups of a share, or of a − b, where only the shares of each seed are known and not which items they were:
 * seeds are resampled, items drawn anew with each share as probability, and nothing is paired.
 * @param items how many each share is of
 */
export function estimateShares(
  groups: readonly { a: readonly number[]; b?: readonly number[] }[],
  items: number,
): Estimate {
  const drawn = (shares: readonly number[], random: Random) =>
    mean(
      shares.map(() => {
        const share = random.pick(shares);
        let count = 0;
        for (let n = 0; n < items; n++) if (random.bool(share)) count++;
        return count / items;
      }),
    );
  const value = mean(groups.map(({ a, b }) => mean(a) - (b ? mean(b) : 0)));
  const draw = (random: Random) =>
    mean(groups.map(({ a, b }) => drawn(a, random) - (b ? drawn(b, random) : 0)));
  return percentileInterval(value, draw, 'shares');
}

function differences(a: Values, b: Values): number[][] {
  const seeds = Math.max(a.length, b.length);
  return Array.from({ length: seeds }, (_, seed) => {
    const other = b[seed % b.length]!;
    return a[seed % a.length]!.map((value, item) => value - other[item]!);
  });
}

function resampledMean(values: Values, random: Random): number {
  const items = values[0]!.length;
  const seeds = values.map(() => values[random.integer(values.length)]!);
  const sums = values[0]!.map((_, item) => seeds.reduce((sum, seed) => sum + seed[item]!, 0));
  // A report draws some hundred million items, so they come from xorshift32 (Marsaglia 2003), which is quick.
  let state = random.uint32() | 1;
  let sum = 0;
  for (let n = 0; n < items; n++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    sum += sums[Math.floor(((state >>> 0) / 2 ** 32) * items)]!;
  }
  return sum / (items * seeds.length);
}
