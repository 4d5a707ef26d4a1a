/**
 * A whole study as an async generator: runs every cell that has no result yet, several side by side where the caller can,
 * and says how far it is. Resumable: what the journal holds is not run again, and the order of cells changes no result.
 */
import type { Json } from '../base/json.ts';
import { cellKey, countCells, readyCells } from './cells.ts';
import { collect } from './collect.ts';
import type { Plan } from './plan.ts';
import type { Cell, CellResult, StudyResults } from './results.ts';
import type { Earlier, OnProgress } from './run.ts';

/** Keeps results between runs; a key is a file name. Writing must be atomic. */
export interface Journal {
  read(key: string): Promise<Json | undefined>;
  write(key: string, value: Json): Promise<void>;
}

export interface StudyParts {
  journal: Journal;
  /** Runs one cell to its result; rejects when it cannot. */
  run(cell: Cell, earlier: Earlier, onProgress: OnProgress): Promise<CellResult>;
  /** How many cells `run` may be asked for at once. */
  jobs: number;
}

export type StudyEvent =
  | { type: 'started'; done: number; total: number; results: StudyResults }
  | { type: 'progress'; key: string; detail: string; fraction: number }
  | {
      type: 'cell';
      key: string;
      seconds: number;
      done: number;
      total: number;
      etaMs: number | null;
      results: StudyResults;
    };

/** Throws what a cell threw; whatever finished before is in the journal. */
export async function* study(
  plan: Plan,
  { journal, run, jobs }: StudyParts,
): AsyncGenerator<StudyEvent, StudyResults> {
  const results = new Map<string, CellResult>();
  const total = countCells(plan);
  /** Everything known before the first cell runs, searches whose outcome is stored included. */
  for (let found = true; found;) {
    found = false;
    for (const cell of readyCells(plan, results)) {
      const stored = await journal.read(cellKey(cell));
      if (stored === undefined) continue;
      results.set(cellKey(cell), stored as unknown as CellResult);
      found = true;
    }
  }
  yield { type: 'started', done: results.size, total, results: collect(plan, results) };

  const earlier: Earlier = (cell) => Promise.resolve(results.get(cellKey(cell))!);
  const running = new Map<string, Promise<void>>();
  const events: StudyEvent[] = [];
  let wake = () => {};
  let failure: { error: unknown } | null = null;
  const tell = (event: StudyEvent) => {
    events.push(event);
    wake();
  };
  const ran: number[] = [];
  const etaMs = () => {
    const mean = ran.reduce((sum, seconds) => sum + seconds, 0) / ran.length;
    return (1000 * mean * (total - results.size)) / jobs;
  };

  async function runOne(cell: Cell): Promise<void> {
    const key = cellKey(cell);
    try {
      const result = await run(cell, earlier, (detail, fraction) =>
        tell({ type: 'progress', key, detail, fraction }),
      );
      await journal.write(key, result as unknown as Json);
      results.set(key, result);
      ran.push(result.seconds);
      const { seconds } = result;
      tell({
        type: 'cell',
        key,
        seconds,
        done: results.size,
        total,
        etaMs: etaMs(),
        results: collect(plan, results),
      });
    } catch (error) {
      failure ??= { error };
    } finally {
      running.delete(key);
      wake();
    }
  }

  while (true) {
    if (!failure)
      for (const cell of readyCells(plan, results))
        if (running.size < jobs && !running.has(cellKey(cell))) running.set(cellKey(cell), runOne(cell));
    while (events.length) yield events.shift()!;
    if (failure && !running.size) throw (failure as { error: unknown }).error;
    if (!running.size && !readyCells(plan, results).length) return collect(plan, results);
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (events.length || !running.size) resolve();
    });
  }
}
