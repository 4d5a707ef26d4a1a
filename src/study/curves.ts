/**
 * Learning curves across seeds: what PivotRL and end-to-end RL need for the same success (Fig. 1), and the deviation of
 * rewards over training (Fig. 3). Pure.
 */
import type { Random } from '../base/random.ts';
import { mean } from '../base/statistics.ts';
import { seedInterval, type Estimate } from './bootstrap.ts';
import type { CurvePoint, RunResult } from './results.ts';

export type Axis = 'rolloutTurns' | 'trainedMs';

/** Best validation success so far at each point of the mean curve of some runs of equal settings. */
function meanCurve(runs: readonly RunResult[], axis: Axis): { cost: number; success: number }[] {
  const points = Math.max(...runs.map(({ curve }) => curve.length));
  // A run that stopped early stays at its last point.
  const at = (curve: readonly CurvePoint[], index: number) => curve[Math.min(index, curve.length - 1)]!;
  let best = 0;
  return Array.from({ length: points }, (_, index) => {
    best = Math.max(best, mean(runs.map(({ curve }) => at(curve, index).validation)));
    return { cost: mean(runs.map(({ curve }) => at(curve, index)[axis])), success: best };
  });
}

/** What it costs to reach a success, between two points in proportion; Infinity where it is never reached. */
export function costOf(curve: readonly { cost: number; success: number }[], success: number): number {
  for (const [index, point] of curve.entries()) {
    if (point.success < success) continue;
    const before = curve[index - 1];
    if (!before) return point.cost;
    const share = (success - before.success) / (point.success - before.success);
    return before.cost + share * (point.cost - before.cost);
  }
  return Infinity;
}

export interface MatchedCost {
  /** The success that both reach: the smaller of the two best. */
  success: number;
  cost: number;
  otherCost: number;
  /** otherCost / cost. */
  ratio: Estimate;
}

/**
 * How much more the others need for the success that both reach. The interval is over seeds alone.
 * @returns null where either has no runs, or neither gets better than π₀
 */
export function matchedCost(
  runs: readonly RunResult[],
  others: readonly RunResult[],
  axis: Axis,
): MatchedCost | null {
  if (!runs.length || !others.length) return null;
  const match = (own: readonly RunResult[], other: readonly RunResult[]) => {
    const [a, b] = [meanCurve(own, axis), meanCurve(other, axis)];
    const success = Math.min(a.at(-1)!.success, b.at(-1)!.success);
    const [cost, otherCost] = [costOf(a, success), costOf(b, success)];
    return { success, cost, otherCost, isBetter: success > a[0]!.success };
  };
  const whole = match(runs, others);
  if (!whole.isBetter) return null;
  const resampled = (random: Random) => {
    const again = (of: readonly RunResult[]) => of.map(() => random.pick(of));
    const { cost, otherCost, isBetter } = match(again(runs), again(others));
    return isBetter && cost > 0 ? otherCost / cost : 1;
  };
  const { success, cost, otherCost } = whole;
  const seeds = Math.min(runs.length, others.length);
  return {
    success,
    cost,
    otherCost,
    ratio: seedInterval(seeds, otherCost / cost, resampled, 'matched cost'),
  };
}

/** Mean deviation of rewards within a group in windows of steps, mean over runs; ends with the shortest run. */
export function rewardDeviations(runs: readonly RunResult[], window: number): number[] {
  if (!runs.length) return [];
  const steps = Math.min(...runs.map((run) => run.steps.length));
  const values: number[] = [];
  for (let at = 0; at + window <= steps; at += window)
    values.push(mean(runs.map((run) => windowMean(run, at, at + window))));
  return values;
}

export const windowMean = (run: RunResult, from: number, to: number): number =>
  mean(run.steps.slice(from, to).map(({ rewardDeviation }) => rewardDeviation ?? 0));
