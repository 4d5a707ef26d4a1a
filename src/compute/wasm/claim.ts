/**
 * How threads share one job without waiting for each other: every thread, the calling one included, claims the next
 * chunk by compare-and-swap until none is left. A thread that sleeps, or never started, costs nothing.
 *
 * The word that is swapped holds (job number, next chunk), so a claim made on the arguments of an old job fails: the
 * caller closes the word, writes the new job, and opens it under a new number.
 */
export type Kernels = Record<string, (...args: number[]) => number>;

/** Indices into the Int32Array. */
export const WORD = 0;
export const CHUNKS = 1;
export const DONE = 2;
export const KERNEL = 3;
export const ARGUMENTS = 4;
export const SLEEPING = 5;
export const FAILED = 6;
export const ENDED = 7;

export const CLOSED = 0xfff;
export const MAX_CHUNKS = 0xffe;

export interface Control {
  ints: Int32Array;
  /** Arguments of the job; addresses above 2³¹ and fractions both fit. */
  numbers: Float64Array;
}

export function controlOf(buffer: SharedArrayBuffer): Control {
  return { ints: new Int32Array(buffer, 0, 16), numbers: new Float64Array(buffer, 64, 32) };
}

export const CONTROL_BYTES = 64 + 32 * 8;

/** Does chunks of the open job until none is left. `kernels` in the order of the module's exports. */
export function work({ ints, numbers }: Control, kernels: Kernels[string][], thread: number): void {
  for (;;) {
    const word = Atomics.load(ints, WORD);
    const chunk = word & 0xfff;
    const chunks = Atomics.load(ints, CHUNKS);
    if (chunk >= chunks) return;
    const kernel = kernels[ints[KERNEL]!]!;
    const args = Array.from(numbers.subarray(0, ints[ARGUMENTS]!));
    if (Atomics.compareExchange(ints, WORD, word, word + 1) !== word) continue;
    try {
      kernel(...args, chunk, chunks, thread);
    } catch {
      Atomics.store(ints, FAILED, 1);
    }
    if (Atomics.add(ints, DONE, 1) + 1 === chunks) Atomics.notify(ints, DONE);
  }
}
