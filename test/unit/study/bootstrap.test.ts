import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/base/random.ts';
import { estimateDifference, estimateMean } from '../../../src/study/bootstrap.ts';

const coins = (count: number, probability: number, name: string) => {
  const random = new Random(name);
  return Array.from({ length: count }, () => (random.bool(probability) ? 1 : 0));
};

describe('bootstrap intervals', () => {
  it('are as wide as the normal approximation says for one seed of many coins', () => {
    const values = coins(400, 0.3, 'coins');
    const { value, low, high } = estimateMean([values].map((items) => [items]));
    const standardError = Math.sqrt((value * (1 - value)) / 400);
    expect((high - low) / (2 * 1.96 * standardError)).toBeGreaterThan(0.9);
    expect((high - low) / (2 * 1.96 * standardError)).toBeLessThan(1.1);
    expect((low + high) / 2).toBeCloseTo(value, 1);
  });

  it('have no width where nothing varies', () => {
    expect(
      estimateMean([
        [
          [1, 1, 1],
          [1, 1, 1],
        ],
      ]),
    ).toEqual({ value: 1, low: 1, high: 1 });
    const same = [coins(50, 0.5, 'same')];
    expect(estimateDifference([{ a: same, b: same }])).toEqual({ value: 0, low: 0, high: 0 });
  });

  it('are narrower for pairs than for two independent sides', () => {
    const a = coins(300, 0.5, 'a');
    // The same tasks, one in ten lost.
    const b = a.map((value, index) => (index % 10 === 0 ? 0 : value));
    const paired = estimateDifference([{ a: [a], b: [b] }]);
    const shuffled = new Random('pairs').shuffle(b);
    const unpaired = estimateDifference([{ a: [a], b: [shuffled] }]);
    expect(paired.value).toBeCloseTo(unpaired.value, 10);
    expect(paired.high - paired.low).toBeLessThan(0.5 * (unpaired.high - unpaired.low));
  });

  it('count the spread between seeds', () => {
    const low = Array.from({ length: 100 }, () => 0);
    const high = Array.from({ length: 100 }, () => 1);
    const estimate = estimateMean([[low, high]]);
    expect(estimate).toEqual({ value: 0.5, low: 0, high: 1 });
  });

  it('set a base of one seed against every seed of the other side', () => {
    const { value } = estimateDifference([
      {
        a: [
          [1, 0],
          [1, 1],
        ],
        b: [[0, 0]],
      },
    ]);
    expect(value).toBe(0.75);
  });

  it('give each group the same weight, however many items it has', () => {
    const { value } = estimateMean([[[1, 1, 1, 1, 1, 1]], [[0]]]);
    expect(value).toBe(0.5);
  });
});
