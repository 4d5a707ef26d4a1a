/** Proves: pivots are exactly the mixed turns below λ, the controls are fair, and the theorems hold numerically. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/base/random.ts';
import { isPivot, kindOf, selectTurns, turnStatistics } from '../../../src/pivot/filter.ts';
import { mixedProbability, projectedSuccess, signal } from '../../../src/pivot/theory.ts';

const turn = (successes: number, of = 8) =>
  turnStatistics(Array.from({ length: of }, (_, i) => (i < successes ? 1 : 0)));

describe('the pivot filter', () => {
  it('keeps 1 to 4 successes of 8 at λ = 0.6', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7, 8].map((n) => isPivot(turn(n), 0.6))).toEqual([
      false,
      true,
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it('names the three kinds, and equal partial rewards pass from one half on', () => {
    expect([turn(0), turn(3), turn(8)].map(kindOf)).toEqual(['all-fail', 'mixed', 'all-pass']);
    expect(kindOf(turnStatistics([0.5, 0.5]))).toBe('all-pass');
    expect(kindOf(turnStatistics([0.4, 0.4]))).toBe('all-fail');
  });

  it('does not let rounding make equal rewards mixed', () => {
    expect(turnStatistics(Array<number>(8).fill(0.1)).variance).toBe(0);
  });

  it('leaves rollouts without a verdict out', () => {
    expect(turnStatistics([1, null, 0, null])).toEqual({ mean: 0.5, variance: 0.25 });
  });

  it('draws as many random turns as there are pivots, the same for the same seed', () => {
    const turns = Array.from({ length: 90 }, (_, i) => ({ ...turn(i % 9), id: i }));
    const random = () => selectTurns(turns, 'random', 0.6, new Random('a'));
    expect(random()).toHaveLength(selectTurns(turns, 'pivots', 0.6, new Random('a')).length);
    expect(random()).toEqual(random());
    expect(selectTurns(turns, 'mixed', 0.6, new Random('a'))).toHaveLength(70);
  });
});

describe('the theorems', () => {
  it('gives the strongest signal at even odds and none at certainty', () => {
    const at = (rho: number) => signal([rho, 1 - rho], [1, 0], 1);
    expect(at(0.5)).toBe(0.5);
    expect(at(0)).toBe(0);
    expect(at(1)).toBe(0);
  });

  it('projects success as the KL-regularised optimum of a toy policy does', () => {
    // Three actions, two acceptable; the optimum is π_0(a)·e^{r(a)/β}, normalised.
    const start = [0.1, 0.2, 0.7];
    const beta = 0.5;
    const weights = start.map((p, a) => p * Math.exp((a < 2 ? 1 : 0) / beta));
    const total = weights.reduce((sum, w) => sum + w, 0);
    expect(projectedSuccess(0.3, beta)).toBeCloseTo((weights[0]! + weights[1]!) / total, 12);
    expect(projectedSuccess(0.3, 1e-4)).toBe(1);
  });

  it('equals the brief table of mixed groups', () => {
    expect(mixedProbability(0.05, 8)).toBeCloseTo(0.34, 2);
    expect(mixedProbability(0.5, 4)).toBeCloseTo(0.875, 3);
  });
});
