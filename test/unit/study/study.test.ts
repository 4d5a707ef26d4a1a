import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/base/json.ts';
import { cellKey, chosenTrial, countCells, readyCells } from '../../../src/study/cells.ts';
import { fullPlan, quickPlan, studyKey } from '../../../src/study/plan.ts';
import type { Cell, CellResult, RunCell, StudyResults } from '../../../src/study/results.ts';
import { study, type Journal, type StudyParts } from '../../../src/study/study.ts';
import { baseOf, planOf, profileOf, runOf } from '../../helpers/study.ts';

/** A result that depends on the cell alone. */
function madeUp(cell: Cell): CellResult {
  if (cell.kind === 'base') return baseOf(cell.world, '01', '01');
  if (cell.kind === 'profile')
    return profileOf(cell.world, cell.seed, [
      [0, 1],
      [1, 1],
    ]);
  // The middle rate of a search is the best.
  const validation = cell.learningRate === 2.5e-4 && cell.klWeight === 0 ? 0.9 : 0.4;
  return { ...runOf({ ...cell, points: [[validation, 10]] }), klWeight: cell.klWeight };
}

function memoryJournal(): Journal & { entries: Map<string, Json> } {
  const entries = new Map<string, Json>();
  return {
    entries,
    read: (key) => Promise.resolve(structuredClone(entries.get(key))),
    write: (key, value) => Promise.resolve(void entries.set(key, structuredClone(value))),
  };
}

async function toEnd(plan: Parameters<typeof study>[0], parts: StudyParts): Promise<StudyResults> {
  const running = study(plan, parts);
  for (;;) {
    const next = await running.next();
    if (next.done) return next.value;
  }
}

const plan = planOf(['helpdesk', 'shell'], ['sft', 'pivotrl']);
const searched = { ...plan, trials: { ...plan.trials, pivotrl: fullPlan.trials['no-filter'] } };

describe('the cells of a study', () => {
  it('come in an order in which nothing waits for what is not there', async () => {
    const done = new Set<string>();
    const run: StudyParts['run'] = (cell) => {
      if (cell.kind === 'run') {
        expect(done).toContain(cellKey({ kind: 'base', world: cell.world }));
        expect(done).toContain(cellKey({ kind: 'profile', world: cell.world, seed: cell.seed }));
      }
      done.add(cellKey(cell));
      return Promise.resolve(madeUp(cell));
    };
    await toEnd(searched, { journal: memoryJournal(), run, jobs: 1 });
    expect(done.size).toBe(countCells(searched));
  });

  it('number 136 in the full plan and 10 in the quick one', () => {
    // 4 worlds × (base, 3 profiles, 8 methods × 3 seeds), and 3 more trials for each method in one world.
    expect(countCells(fullPlan)).toBe(136);
    expect(countCells(quickPlan)).toBe(10);
  });

  it('give every method the same number of trials', () => {
    for (const { trials } of [fullPlan, quickPlan])
      expect(new Set(Object.values(trials).map((own) => own.length)).size).toBe(1);
  });

  it('run in all worlds and with all seeds only what the search in the first world has chosen', async () => {
    const journal = memoryJournal();
    await toEnd(searched, { journal, run: (cell) => Promise.resolve(madeUp(cell)), jobs: 3 });
    const results = new Map(
      [...journal.entries].map(([key, value]) => [key, value as unknown as CellResult]),
    );
    expect(chosenTrial(searched, 'pivotrl', results)).toEqual({ learningRate: 2.5e-4, klWeight: 0 });
    const settings = (world: string) =>
      [...results.values()]
        .filter((result): result is Extract<CellResult, RunCell> => result.kind === 'run')
        .filter((run) => run.world === world && run.method === 'pivotrl')
        .map(({ seed, learningRate, klWeight }) => [seed, learningRate, klWeight]);
    expect(settings('helpdesk')).toEqual([
      [0, 1.25e-4, 0],
      [0, 2.5e-4, 0],
      [0, 5e-4, 0],
      [0, 2.5e-4, 0.02],
      [1, 2.5e-4, 0],
    ]);
    expect(settings('shell')).toEqual([
      [0, 2.5e-4, 0],
      [1, 2.5e-4, 0],
    ]);
    expect(readyCells(searched, results)).toEqual([]);
  });

  it('belong to budgets, model and backend, so that those of another study never mix in', () => {
    const key = studyKey(fullPlan, 'a', 'wasm');
    expect(studyKey(fullPlan, 'b', 'wasm')).not.toBe(key);
    expect(studyKey(fullPlan, 'a', 'webgpu')).not.toBe(key);
    const other = { ...fullPlan, budgets: { ...fullPlan.budgets, steps: 1 } };
    expect(studyKey(other, 'a', 'wasm')).not.toBe(key);
    expect(studyKey({ ...fullPlan, seeds: [0] }, 'a', 'wasm')).toBe(key);
  });
});

describe('a study', () => {
  it('that was interrupted continues to the same results, and runs no cell twice', async () => {
    const whole = await toEnd(searched, {
      journal: memoryJournal(),
      run: (cell) => Promise.resolve(madeUp(cell)),
      jobs: 1,
    });
    const journal = memoryJournal();
    const ran: string[] = [];
    const run: StudyParts['run'] = (cell) => {
      ran.push(cellKey(cell));
      return Promise.resolve(madeUp(cell));
    };
    const first = study(searched, { journal, run, jobs: 2 });
    for (let cells = 0; cells < 7;) {
      const { value } = await first.next();
      if ('type' in value && value.type === 'cell') cells++;
    }
    await first.return(whole);
    expect(journal.entries.size).toBeLessThan(countCells(searched));
    const before = new Set(journal.entries.keys());
    ran.length = 0;
    const continued = await toEnd(searched, { journal, run, jobs: 2 });
    expect(JSON.stringify(continued)).toBe(JSON.stringify(whole));
    expect(ran.filter((key) => before.has(key))).toEqual([]);
  });

  it('is the same whether cells run one by one or side by side, in whatever order they end', async () => {
    const run: StudyParts['run'] = async (cell) => {
      await new Promise((resolve) => setTimeout(resolve, cellKey(cell).length % 5));
      return madeUp(cell);
    };
    const one = await toEnd(searched, { journal: memoryJournal(), run, jobs: 1 });
    const many = await toEnd(searched, { journal: memoryJournal(), run, jobs: 5 });
    expect(JSON.stringify(many)).toBe(JSON.stringify(one));
  });

  it('goes on without a cell that fails, says so in the end, and tries it again the next time', async () => {
    const journal = memoryJournal();
    const isBroken = (cell: Cell) => cell.kind === 'profile' && cell.world === 'shell' && cell.seed === 1;
    const run: StudyParts['run'] = (cell) =>
      isBroken(cell) ? Promise.reject(new Error('no GPU')) : Promise.resolve(madeUp(cell));
    await expect(toEnd(plan, { journal, run, jobs: 2 })).rejects.toThrow('shell.profile.1: no GPU');
    // The broken one and the two runs that build on it.
    expect(journal.entries.size).toBe(countCells(plan) - 3);
    await toEnd(plan, { journal, run: (cell) => Promise.resolve(madeUp(cell)), jobs: 2 });
    expect(journal.entries.size).toBe(countCells(plan));
  });

  it('gives up when cell after cell fails', async () => {
    let ran = 0;
    const run: StudyParts['run'] = () => Promise.reject(new Error(`no GPU ${++ran}`));
    await expect(toEnd(plan, { journal: memoryJournal(), run, jobs: 1 })).rejects.toThrow('no GPU 3');
    expect(ran).toBe(3);
  });

  it('tells results so far and the time left after every cell', async () => {
    const shares: number[] = [];
    for await (const event of study(plan, {
      journal: memoryJournal(),
      run: (cell) => Promise.resolve(madeUp(cell)),
      jobs: 1,
    }))
      if (event.type === 'cell') {
        shares.push(event.done / event.total);
        expect(event.etaMs).toBeCloseTo(1000 * (event.total - event.done), 6);
      }
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });
});
