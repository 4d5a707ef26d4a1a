/**
 * A whole study as an async generator: runs every cell that has no result yet, several side by side where the caller can,
 * and says how far it is. Resumable: what the journal holds is not run again, and the order of cells changes no result.
 */
import { AppError } from '../base/errors.ts';
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
  | { type: 'failed'; key: string; message: string }
  | {
      type: 'cell';
      key: string;
      seconds: number;
      done: number;
      total: number;
      etaMs: number | null;
      results: StudyResults;
    };

/** Cells that fail before no more are started: then it is not the cell's fault. */
const MOST_FAILURES = 3;

/**
 * A cell that fails stops neither the others nor what does not build on it.
 * @throws AppError `cells-failed` in the end; whatever finished is in the journal
 */
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
  const failures = new Map<string, string>();
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
      const message = error instanceof Error ? error.message : String(error);
      failures.set(key, message);
      tell({ type: 'failed', key, message });
    } finally {
      running.delete(key);
      wake();
    }
  }

  const startable = () =>
    failures.size < MOST_FAILURES
      ? readyCells(plan, results).filter(
          (cell) => !running.has(cellKey(cell)) && !failures.has(cellKey(cell)),
        )
      : [];
  while (true) {
    for (const cell of startable().slice(0, jobs - running.size)) running.set(cellKey(cell), runOne(cell));
    while (events.length) yield events.shift()!;
    if (!running.size && !startable().length) break;
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (events.length || !running.size) resolve();
    });
  }
  if (failures.size) throw failed(failures);
  return collect(plan, results);
}

function failed(failures: ReadonlyMap<string, string>): AppError {
  const list = [...failures].map(([key, message]) => `${key}: ${message}`).join('\n');
  return new AppError(
    'cells-failed',
    `${failures.size} cells of the study failed, the others are kept.\n${list}`,
    'Run it again to continue with these.',
  );
}
