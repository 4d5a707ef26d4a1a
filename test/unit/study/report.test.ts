import { describe, expect, it } from 'vitest';
import { allClaims, verdictOf } from '../../../src/study/claims.ts';
import { costOf, matchedCost } from '../../../src/study/curves.ts';
import { knownTable, searchTable, turnsTable } from '../../../src/study/own-tables.ts';
import { figure3, table0, table1, table2 } from '../../../src/study/tables.ts';
import { cautionOf, studyText } from '../../../src/study/text.ts';
import { baseOf, planOf, resultsOf, runOf } from '../../helpers/study.ts';

const claim = (results: Parameters<typeof allClaims>[0], id: string) =>
  allClaims(results).find((candidate) => candidate.id === id)!;

/** SFT solves half of ten tasks, PivotRL all of them, with both seeds. */
function clear() {
  const plan = planOf(['helpdesk'], ['sft', 'pivotrl', 'end-to-end', 'no-filter']);
  const runs = [0, 1].flatMap((seed) => [
    runOf({ world: 'helpdesk', method: 'sft', seed, episodes: '0101010101', skill: '0000000000' }),
    runOf({
      world: 'helpdesk',
      method: 'pivotrl',
      seed,
      episodes: '1111111111',
      skill: '1111100000',
      points: [
        [0.4, 100],
        [0.6, 200],
      ],
      deviations: [0.4, 0.2],
    }),
    runOf({
      world: 'helpdesk',
      method: 'end-to-end',
      seed,
      points: [
        [0.4, 600],
        [0.6, 1200],
      ],
    }),
    runOf({
      world: 'helpdesk',
      method: 'no-filter',
      seed,
      episodes: '1111111111',
      deviations: [0.1, 0.1, 0.1],
    }),
  ]);
  return resultsOf(plan, [baseOf('helpdesk', '0000000000', '1111100000')], runs);
}

describe('verdicts', () => {
  it('hold or fail only where the whole interval does', () => {
    expect(verdictOf({ value: 5, low: 4.5, high: 6 }, 4, Infinity)).toBe('holds');
    expect(verdictOf({ value: 5, low: 3, high: 6 }, 4, Infinity)).toBe('within noise');
    expect(verdictOf({ value: 2, low: 1, high: 3 }, 4, Infinity)).toBe('does not hold');
    expect(verdictOf({ value: 0, low: -0.5, high: 0.5 }, -1, 1)).toBe('holds');
    expect(verdictOf({ value: 3, low: 2, high: 4 }, -1, 1)).toBe('does not hold');
    expect(verdictOf(null, 0, 1)).toBe('not measured');
  });
});

describe('the report', () => {
  it('puts our success beside the paper’s, in points', () => {
    const { rows } = table1(clear(), 'sampled');
    const byLabel = new Map(rows.map(({ label, cells }) => [label, cells[0]!]));
    expect(byLabel.get('Base')).toEqual({ ours: { value: 0, low: 0, high: 0 }, paper: 44.35 });
    expect(byLabel.get('SFT')!.ours!.value).toBe(50);
    expect(byLabel.get('PivotRL')).toEqual({ ours: { value: 100, low: 100, high: 100 }, paper: 63.81 });
  });

  it('shows skills as change against the base', () => {
    const { columns, rows } = table2(clear(), 'greedy');
    const mean = rows.at(-1)!.cells;
    expect(mean[0]!.ours!.value).toBe(50);
    expect(mean[columns.indexOf('SFT')]!.ours!.value).toBe(-50);
    expect(mean[columns.indexOf('PivotRL')]!.ours).toEqual({ value: 0, low: 0, high: 0 });
  });

  it('judges claims by pairs of tasks', () => {
    const results = clear();
    expect(claim(results, 'pivotrl-over-sft')).toMatchObject({ verdict: 'holds', ours: { value: 50 } });
    expect(claim(results, 'ood-pivotrl').verdict).toBe('holds');
    expect(claim(results, 'ood-sft').verdict).toBe('holds');
    expect(claim(results, 'filter')).toMatchObject({
      ours: { value: 0, low: 0, high: 0 },
      verdict: 'within noise',
    });
    expect(claim(results, 'reward-deviation').ours!.value).toBeCloseTo(0.2, 10);
  });

  it('says which worlds lack seeds', () => {
    const { plan, base, runs } = clear();
    expect(cautionOf(resultsOf(plan, base, runs))).toBe('');
    const fewer = runs.filter(({ method, seed }) => method !== 'sft' || seed === 0);
    expect(cautionOf(resultsOf(plan, base, fewer))).toBe('Not finished: helpdesk has 1 of 2 seeds.');
    expect(cautionOf(resultsOf({ ...plan, seeds: [0] }, base, runs))).toContain('One seed');
  });

  it('leaves out claims about methods that are not in the plan', () => {
    const { plan, base, runs } = clear();
    const fewer = { ...plan, methods: plan.methods.filter((name) => name !== 'sft') };
    expect(claim(resultsOf(fewer, base, runs), 'pivotrl-over-sft')).toBeUndefined();
  });

  it('says “not measured”, and stays readable, before anything has run', () => {
    const empty = resultsOf(planOf(['helpdesk'], ['sft', 'pivotrl']), [], []);
    expect(allClaims(empty).every(({ verdict }) => verdict === 'not measured')).toBe(true);
    expect(studyText(empty)).toContain('Table 1');
  });

  it('uses the trial that won the search on validation, never on held-out tasks', () => {
    const plan = planOf(['helpdesk'], ['pivotrl'], [0]);
    plan.trials.pivotrl = [1e-3, 1e-4].map((learningRate) => ({ learningRate, klWeight: 0 }));
    const loser = runOf({ world: 'helpdesk', method: 'pivotrl', episodes: '1111', points: [[0.3, 1]] });
    const winner = runOf({
      world: 'helpdesk',
      method: 'pivotrl',
      episodes: '1000',
      points: [[0.4, 1]],
      learningRate: 1e-4,
    });
    const { rows } = table1(resultsOf(plan, [baseOf('helpdesk', '0000', '0')], [loser, winner]), 'sampled');
    expect(rows.find(({ label }) => label === 'PivotRL')!.cells[0]!.ours!.value).toBe(25);
  });

  it('shows what the search tried and what it chose', () => {
    const plan = planOf(['helpdesk', 'shell'], ['sft', 'pivotrl'], [0]);
    plan.trials.pivotrl = [
      { learningRate: 1e-3, klWeight: 0.02 },
      { learningRate: 1e-3, klWeight: 0 },
      { learningRate: 1e-4, klWeight: 0 },
    ];
    const run = (learningRate: number, validation: number) =>
      runOf({ world: 'helpdesk', method: 'pivotrl', points: [[validation, 1]], learningRate });
    const tried = [{ ...run(1e-3, 0.2), klWeight: 0.02 }, run(1e-3, 0.3), run(1e-4, 0.4)];
    const { columns, rows } = searchTable(resultsOf(plan, [], tried));
    expect(columns).toEqual(['0.0001', '0.001', '0.001, β 0.02']);
    expect(rows.map(({ label }) => label)).toEqual(['SFT: 0.001', 'PivotRL: 0.0001']);
    const values = rows.map(({ cells }) => cells.map(({ ours }) => ours?.value ?? null));
    expect(values).toEqual([
      [null, null, null],
      [40, 30, 20],
    ]);
    const unfinished = searchTable(resultsOf(plan, [], tried.slice(1)));
    expect(unfinished.rows[1]!.label).toBe('PivotRL');
  });

  it('shows new tasks with known names by the last checkpoint, not the best', () => {
    const run = (method: 'sft' | 'pivotrl', seed: number, last: number) =>
      runOf({
        world: 'helpdesk',
        method,
        seed,
        points: [
          [0.95, 1],
          [last, 2],
        ],
      });
    const runs = [run('sft', 0, 0.2), run('sft', 1, 0.4), run('pivotrl', 0, 0.8), run('pivotrl', 1, 0.9)];
    const plan = planOf(['helpdesk'], ['sft', 'pivotrl']);
    plan.budgets = { ...plan.budgets, validationEpisodes: 60 };
    const results = resultsOf(plan, [baseOf('helpdesk', '0000', '0')], runs);
    const cells = knownTable(results).rows.map((row) => row.cells[0]!.ours!);
    expect(cells.map(({ value }) => value)).toEqual([20, expect.closeTo(30, 10), expect.closeTo(85, 10)]);
    // Two seeds that differ by 20 points and 60 tasks a seed leave about that much open.
    expect(cells[1]!.high - cells[1]!.low).toBeGreaterThan(15);
    expect(cells[1]!.high - cells[1]!.low).toBeLessThan(45);
    expect(claim(results, 'known-pivotrl-over-sft')).toMatchObject({
      ours: { value: expect.closeTo(55, 10) },
      verdict: 'holds',
    });
  });

  it('shows held-out turns beside whole tasks', () => {
    const results = clear();
    for (const run of results.runs)
      if (run.method === 'pivotrl') run.heldOut.turns = { sampled: '1110', greedy: '0000' };
      else run.heldOut.turns = { sampled: '1000', greedy: '0000' };
    const { rows } = turnsTable(results, 'sampled');
    const byLabel = new Map(rows.map(({ label, cells }) => [label, cells[0]!.ours?.value]));
    expect([byLabel.get('SFT'), byLabel.get('PivotRL')]).toEqual([25, 75]);
    expect(claim(results, 'pivotrl-over-sft-turns').ours!.value).toBe(50);
  });

  it('counts turns without a signal', () => {
    const results = resultsOf(planOf(['helpdesk'], []), [], []);
    results.profiles.push({
      kind: 'profile',
      world: 'helpdesk',
      seed: 0,
      profiled: 10,
      allFail: 5,
      mixed: 3,
      allPass: 2,
      pivots: 2,
      accepted: 5,
      demonstrated: 4,
      rolloutTurns: 40,
    });
    expect(table0(results).rows[0]!.cells.map(({ ours }) => ours!.value)).toEqual([50, 30, 20, 70, 20, 80]);
    expect(claim(results, 'table-0').verdict).toBe('within noise');
  });

  it('averages the deviation of rewards over windows of steps', () => {
    const deviations = Array.from({ length: 20 }, (_, step) => (step < 10 ? 0.4 : 0.2));
    const runs = [runOf({ world: 'helpdesk', method: 'pivotrl', deviations })];
    const { rows } = figure3(resultsOf(planOf(['helpdesk'], ['pivotrl'], [0]), [], runs));
    expect(rows[0]!.cells.map(({ ours }) => ours!.value)).toEqual([
      expect.closeTo(0.4, 10),
      expect.closeTo(0.2, 10),
    ]);
  });
});

describe('costs at matched success', () => {
  it('are read between two points in proportion', () => {
    const curve = [
      { cost: 0, success: 0.2 },
      { cost: 100, success: 0.4 },
    ];
    expect(costOf(curve, 0.3)).toBeCloseTo(50, 10);
    expect(costOf(curve, 0.2)).toBe(0);
    expect(costOf(curve, 0.5)).toBe(Infinity);
  });

  it('compare two methods where both arrive', () => {
    const pivotrl = [runOf({ world: 'shell', method: 'pivotrl', points: [[0.4, 100]] })];
    const others = [
      runOf({
        world: 'shell',
        method: 'end-to-end',
        points: [
          [0.3, 400],
          [0.8, 900],
        ],
      }),
    ];
    const matched = matchedCost(pivotrl, others, 'rolloutTurns')!;
    expect(matched.success).toBe(0.4);
    expect(matched.ratio.value).toBeCloseTo(500 / 100, 10);
    // One seed says nothing of seeds.
    expect(matched.ratio).toMatchObject({ low: -Infinity, high: Infinity });
  });

  it('do not exist where one never gets better than the base model', () => {
    const pivotrl = [runOf({ world: 'shell', method: 'pivotrl', points: [[0.4, 100]] })];
    const others = [runOf({ world: 'shell', method: 'end-to-end', points: [[0.1, 400]] })];
    expect(matchedCost(pivotrl, others, 'rolloutTurns')).toBeNull();
  });

  it('give a claim with the interval over seeds', () => {
    expect(claim(clear(), 'rollout-turns')).toMatchObject({
      ours: { value: expect.closeTo(6, 10), low: expect.closeTo(6, 10), high: expect.closeTo(6, 10) },
      verdict: 'holds',
    });
  });
});
