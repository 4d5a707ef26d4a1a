/**
 * Runs a kernel's chunks, on helper threads too where the memory is shared. What a job is and how threads share it is
 * in `claim.ts`.
 */
import {
  ARGUMENTS,
  CHUNKS,
  CLOSED,
  CONTROL_BYTES,
  DONE,
  ENDED,
  FAILED,
  KERNEL,
  MAX_CHUNKS,
  SLEEPING,
  WORD,
  controlOf,
  work,
  type Kernels,
} from './claim.ts';
import type { PoolStart } from './pool.worker.ts';

export interface Pool {
  readonly threads: number;
  /** One more than the largest thread number: how many scratch areas a kernel needs. */
  readonly slots: number;
  /** Scratch sizes: the exports that are no kernels. */
  readonly exports: Kernels;
  /** Calls kernel(…args, chunk, chunks, thread) for each chunk; returns when all are done. */
  run(kernel: string, chunks: number, ...args: number[]): void;
  dispose(): void;
}

const START_MS = 10_000;

/** Fewer threads than asked for where helpers do not start; one where the memory is not shared. */
export async function openPool(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  threads: number,
): Promise<Pool> {
  const exports = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
  if (threads <= 1 || memory.buffer instanceof ArrayBuffer) return singleThread(exports);
  const buffer = new SharedArrayBuffer(CONTROL_BYTES);
  const control = controlOf(buffer);
  control.ints[WORD] = CLOSED;
  const started = await Promise.all(
    Array.from({ length: threads - 1 }, (_, i) =>
      startHelper({ module, memory, control: buffer, thread: i + 1 }),
    ),
  );
  const helpers = started.filter((worker) => worker !== null);
  if (!helpers.length) return singleThread(exports);

  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  const kernels = names.map((name) => exports[name]!);
  const { ints, numbers } = control;
  const mayWait = typeof document === 'undefined'; // a page may not block

  function run(kernel: string, chunks: number, ...args: number[]): void {
    if (chunks === 1) {
      exports[kernel]!(...args, 0, 1, 0);
      return;
    }
    const job = (Atomics.load(ints, WORD) & ~CLOSED) + 0x2000;
    Atomics.store(ints, WORD, job | CLOSED);
    numbers.set(args);
    ints[KERNEL] = names.indexOf(kernel);
    ints[ARGUMENTS] = args.length;
    ints[DONE] = 0;
    Atomics.store(ints, CHUNKS, chunks);
    Atomics.store(ints, WORD, (job + 0x1000) | 0);
    if (Atomics.load(ints, SLEEPING)) Atomics.notify(ints, WORD);
    work(control, kernels, 0);
    for (let spins = 0; ; spins++) {
      const done = Atomics.load(ints, DONE);
      if (done === chunks) break;
      if (mayWait && spins > 2000) Atomics.wait(ints, DONE, done, 10);
    }
    if (Atomics.load(ints, FAILED)) throw new Error(`the kernel ${kernel} reached outside the memory`);
  }

  return {
    threads: helpers.length + 1,
    slots: threads,
    exports,
    run,
    dispose() {
      // Leaving by themselves, helpers give the shared memory back; terminated in their sleep, not always at once.
      Atomics.store(ints, ENDED, 1);
      // Another number, so that whoever is about to fall asleep does not.
      Atomics.store(ints, WORD, ((Atomics.load(ints, WORD) & ~CLOSED) + 0x2000) | CLOSED);
      Atomics.notify(ints, WORD);
    },
  };
}

function singleThread(exports: Kernels): Pool {
  return {
    threads: 1,
    slots: 1,
    exports,
    run(kernel, chunks, ...args) {
      for (let chunk = 0; chunk < chunks; chunk++) exports[kernel]!(...args, chunk, chunks, 0);
    },
    dispose() {},
  };
}

/** Null where the browser refuses the worker or it does not answer in time. */
function startHelper(start: PoolStart): Promise<Worker | null> {
  return new Promise((resolve) => {
    let worker: Worker;
    try {
      worker = new Worker(new URL('./pool.worker.ts', import.meta.url), { type: 'module' });
    } catch {
      resolve(null);
      return;
    }
    const finish = (result: Worker | null) => {
      clearTimeout(timer);
      if (!result) worker.terminate();
      resolve(result);
    };
    const timer = setTimeout(() => finish(null), START_MS);
    worker.onmessage = () => finish(worker);
    worker.onerror = (event) => {
      event.preventDefault();
      finish(null);
    };
    worker.postMessage(start);
  });
}

/**
 * How many chunks for work of about `nanoseconds` that has `grains` indivisible parts: a few a thread, so that all end
 * together, none shorter than what handing it over costs.
 */
export function chunksFor(pool: Pool, grains: number, nanoseconds: number): number {
  if (pool.threads === 1) return 1;
  return Math.max(1, Math.min(grains, 4 * pool.threads, Math.floor(nanoseconds / 10_000), MAX_CHUNKS));
}
