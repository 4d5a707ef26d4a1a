/** What one engine reports about one piece of work, and how its times are taken. */
import { countCalls, extrapolated, takeCalls, type Calls } from './calls.ts';
import type { ModelSize } from './work.ts';

/** What the runner asks of a page. */
export interface Task {
  engine: string;
  backend: 'wasm' | 'webgpu';
  work: string;
  size: ModelSize;
  rows: number;
  length: number;
  /** New tokens a row that are really decoded; the time of the rest is extrapolated. */
  newTokens: number;
  /** Whether what the engine saves by sharing (prompts, chunks) is on; off is the work it is compared with. */
  shared: boolean;
  /** All rows of the work, where only `rows` of them are trained on: the time is extrapolated. */
  ofRows?: number;
  /** Threads, where an engine has to be told; default as many as there are cores. */
  threads?: number;
  /** Rows decoded together, where an engine has to be told. */
  atOnce?: number;
  /** Time for the repetitions after the first; at least one is made. */
  budgetMs: number;
}

export interface Measurement {
  /** The first repetition, which compiles and allocates. */
  firstMs: number;
  times: number[];
  /** GPU calls of the last repetition, extrapolated where decoding is; null where there is no WebGPU. */
  calls: Calls | null;
  /** Tokens of one repetition, where a rate means something. */
  tokens?: number;
  /** Numbers by which engines can be seen to do the same: losses, token ids. */
  check?: number[];
  facts?: Record<string, number | string>;
}

/** Repeats until the budget is spent; `run` resolves only when all its work is done, on the GPU too. */
export async function repeat(
  { budgetMs, rows, ofRows = rows }: Task,
  run: () => Promise<void>,
): Promise<Pick<Measurement, 'firstMs' | 'times' | 'calls' | 'facts'>> {
  const firstMs = await timed(run);
  const times: number[] = [];
  let spent = 0;
  for (let last = 0; !times.length || spent + last < budgetMs; spent += last) {
    last = await timed(run);
    times.push((last * ofRows) / rows);
  }
  const facts = ofRows > rows && { trained: `${rows} of ${ofRows} rows, the rest extrapolated` };
  return { firstMs, times, calls: callsOfLast(), ...(facts && { facts }) };
}

/** Null where nothing was sent to a GPU. */
function callsOfLast(): Calls | null {
  const calls = takeCalls();
  return calls.submits ? calls : null;
}

async function timed(run: () => Promise<void>): Promise<number> {
  takeCalls();
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/**
 * The same for decoding. An engine that is too slow for all tokens decodes fewer, and what each token after the first
 * cost stands for those left out, in time and in calls.
 * @param run decodes all rows up to a number of new tokens
 */
export async function repeatDecoding(
  task: Task,
  allTokens: number,
  run: (newTokens: number) => Promise<void>,
): Promise<Pick<Measurement, 'firstMs' | 'times' | 'calls' | 'facts'>> {
  const { newTokens } = task;
  const firstMs = await timed(() => run(newTokens));
  const times: number[] = [];
  let untilFirst = 0;
  let calls: Calls | null = null;
  for (let spent = 0; !times.length || spent < task.budgetMs;) {
    untilFirst = await timed(() => run(1));
    const callsUntilFirst = takeCalls();
    const ms = await timed(() => run(newTokens));
    if (ms <= untilFirst)
      throw new Error(`${newTokens} tokens took ${ms} ms and one ${untilFirst} ms: too noisy to extrapolate`);
    const factor = (allTokens - 1) / (newTokens - 1);
    times.push(untilFirst + (ms - untilFirst) * factor);
    const decoded = callsOfLast();
    calls = decoded && extrapolated(callsUntilFirst, decoded, factor);
    spent += untilFirst + ms;
  }
  const facts = {
    untilFirstMs: Math.round(untilFirst),
    ...(newTokens < allTokens && { decoded: `${newTokens} of ${allTokens} tokens, the rest extrapolated` }),
  };
  return { firstMs, times, calls, facts };
}

/** Takes the task that the page passes as the worker's name, and posts the measurement or what went wrong. */
export async function answer(work: Record<string, (task: Task) => Promise<Measurement>>): Promise<void> {
  if (globalThis.GPUQueue) countCalls();
  try {
    const task = JSON.parse(self.name) as Task;
    const perform = work[task.work];
    if (!perform) throw new Error(`${task.engine} does not do ${task.work}`);
    self.postMessage({ measurement: await perform(task) });
  } catch (error) {
    self.postMessage({ error: error instanceof Error ? error.message : JSON.stringify(error) });
  }
}
