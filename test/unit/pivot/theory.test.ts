import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  expectedReward,
  fisherNorm,
  mixedProbability,
  naturalGradient,
  project,
  projectedSuccess,
  rewardVariance,
  signal,
  withProbability,
} from '../../../src/pivot/theory.ts';

const softmax = (logits: readonly number[]): number[] => {
  const weights = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
};
const kl = (p: readonly number[], q: readonly number[]): number =>
  p.reduce((sum, value, a) => sum + value * Math.log(value / q[a]!), 0);

/** Logits of two to seven actions with a reward each, in [0, 1] or 0/1. */
const cases = (reward: fc.Arbitrary<number>) =>
  fc.integer({ min: 2, max: 7 }).chain((size) =>
    fc.record({
      logits: fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: size, maxLength: size }),
      rewards: fc.array(reward, { minLength: size, maxLength: size }),
      klWeight: fc.double({ min: 0.2, max: 3, noNaN: true }),
    }),
  );
const graded = cases(fc.double({ min: 0, max: 1, noNaN: true }));
const binary = cases(fc.constantFrom(0, 1));

/** Solves F·x = g in the least-squares sense by gradient descent's closed cousin: Gauss on F + 11ᵀ, which is regular. */
function solveFisher(policy: readonly number[], gradient: readonly number[]): number[] {
  const n = policy.length;
  const rows = policy.map((p, i) => [...policy.map((q, j) => (i === j ? p : 0) - p * q + 1), gradient[i]!]);
  for (let i = 0; i < n; i++) {
    const pivot = rows
      .slice(i)
      .reduce((best, row, k) => (Math.abs(row[i]!) > Math.abs(rows[best]![i]!) ? i + k : best), i);
    [rows[i], rows[pivot]] = [rows[pivot]!, rows[i]!];
    for (let k = 0; k < n; k++) {
      if (k === i) continue;
      const factor = rows[k]![i]! / rows[i]![i]!;
      for (let j = i; j <= n; j++) rows[k]![j]! -= factor * rows[i]![j]!;
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!);
}

describe('Theorem 3.2 on a softmax policy', () => {
  it('has a natural gradient that solves F·x = ∇J, with ∇J by finite differences in the logits', () => {
    fc.assert(
      fc.property(graded, ({ logits, rewards }) => {
        const policy = softmax(logits);
        const step = 1e-5;
        const gradient = logits.map((_, a) => {
          const moved = (by: number) => softmax(logits.map((logit, b) => (a === b ? logit + by : logit)));
          return (expectedReward(moved(step), rewards) - expectedReward(moved(-step), rewards)) / (2 * step);
        });
        const solved = solveFisher(policy, gradient);
        const natural = naturalGradient(policy, rewards);
        // Both are defined up to a constant, which the Fisher norm does not see.
        const difference = natural.map((value, a) => value - solved[a]!);
        expect(fisherNorm(policy, difference)).toBeLessThan(1e-6);
      }),
    );
  });

  it('makes its Fisher norm the deviation of the reward', () => {
    fc.assert(
      fc.property(graded, ({ logits, rewards }) => {
        const policy = softmax(logits);
        expect(fisherNorm(policy, naturalGradient(policy, rewards))).toBeCloseTo(
          Math.sqrt(rewardVariance(policy, rewards)),
          12,
        );
      }),
    );
  });

  it('is the speed of the projection in β: KL of a small step is half of its square', () => {
    fc.assert(
      fc.property(graded, ({ logits, rewards, klWeight }) => {
        const start = softmax(logits);
        const step = 1e-4;
        const here = project(start, rewards, klWeight);
        const there = project(start, rewards, klWeight + step);
        const speed = Math.sqrt(2 * Math.max(0, kl(there, here))) / step;
        const gamma = signal(here, rewards, klWeight);
        expect(Math.abs(speed - gamma)).toBeLessThan(2e-3 * Math.max(1, gamma));
      }),
    );
  });

  it('vanishes exactly where all rewards are equal (Proposition 3.1)', () => {
    expect(signal([0.2, 0.5, 0.3], [1, 1, 1], 0.5)).toBe(0);
    expect(signal([0.5, 0.5], [0, 1], 0.5)).toBe(2);
  });
});

describe('Theorem 3.3 on a softmax policy', () => {
  it('agrees with a numerical minimum of −E[r] + β·KL', () => {
    fc.assert(
      fc.property(graded, ({ logits, rewards, klWeight }) => {
        const start = softmax(logits);
        const objective = (policy: readonly number[]) =>
          -expectedReward(policy, rewards) + klWeight * kl(policy, start);
        // Natural-gradient descent in the logits, from the starting policy.
        let now = [...logits];
        for (let step = 0; step < 200; step++) {
          const policy = softmax(now);
          const cost = policy.map((p, a) => -rewards[a]! + klWeight * Math.log(p / start[a]!));
          now = now.map((logit, a) => logit - (0.5 / klWeight) * cost[a]!);
        }
        const found = softmax(now);
        const closed = project(start, rewards, klWeight);
        expect(objective(closed)).toBeLessThanOrEqual(objective(found) + 1e-9);
        closed.forEach((probability, a) => expect(Math.abs(probability - found[a]!)).toBeLessThan(1e-5));
      }),
      { numRuns: 40 },
    );
  });

  it('has the closed form q for 0/1 rewards, never below ρ', () => {
    fc.assert(
      fc.property(binary, ({ logits, rewards, klWeight }) => {
        const start = softmax(logits);
        const rho = expectedReward(start, rewards);
        const q = expectedReward(project(start, rewards, klWeight), rewards);
        expect(q).toBeCloseTo(projectedSuccess(rho, klWeight), 10);
        expect(q).toBeGreaterThanOrEqual(rho - 1e-12);
        if (rho > 1e-9 && rho < 1 - 1e-9) expect(q).toBeGreaterThan(rho);
      }),
    );
  });

  it('keeps the ratio of any two actions of equal reward', () => {
    fc.assert(
      fc.property(binary, ({ logits, rewards, klWeight }) => {
        const start = softmax(logits);
        const projected = project(start, rewards, klWeight);
        for (let a = 0; a < start.length; a++)
          for (let b = 0; b < a; b++)
            if (rewards[a] === rewards[b])
              expect(projected[a]! / projected[b]! / (start[a]! / start[b]!)).toBeCloseTo(1, 9);
      }),
    );
  });

  it('does not overflow for a tiny β', () => {
    expect(project([0.9, 0.1], [0, 1], 1e-6)).toEqual([0, 1]);
    expect(projectedSuccess(0.1, 1e-6)).toBe(1);
    expect(projectedSuccess(0, 0.1)).toBe(0);
  });
});

describe('a group', () => {
  it('is mixed as often as counting all outcomes says', () => {
    const [rho, size] = [0.3, 5];
    let mixed = 0;
    for (let outcome = 1; outcome < 2 ** size - 1; outcome++) {
      const successes = [...outcome.toString(2)].filter((bit) => bit === '1').length;
      mixed += rho ** successes * (1 - rho) ** (size - successes);
    }
    expect(mixedProbability(rho, size)).toBeCloseTo(mixed, 12);
  });
});

describe('dragging one probability', () => {
  it('keeps a policy a policy, whatever is dragged how far', () => {
    fc.assert(
      fc.property(
        graded,
        fc.nat(6),
        fc.double({ min: -1, max: 2, noNaN: true }),
        ({ logits }, at, wanted) => {
          const policy = withProbability(softmax(logits), 0, 0.5);
          const action = at % policy.length;
          const changed = withProbability(policy, action, wanted);
          expect(changed.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9);
          for (const value of changed) expect(value).toBeGreaterThanOrEqual(0.005 - 1e-9);
          const limit = 1 - 0.005 * (policy.length - 1);
          expect(changed[action]).toBeCloseTo(Math.min(limit, Math.max(0.005, wanted)), 9);
        },
      ),
    );
  });
});
