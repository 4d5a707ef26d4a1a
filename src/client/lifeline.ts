/**
 * Tells a page that its worker is gone, however it went: by an error, by `close()`, killed by the browser or the
 * system. No event reports that. The worker holds a lock for life and the page waits for it.
 *
 * And lets a worker go. Chromium keeps the memory of one that is terminated while threads of its own sleep, for as long
 * as the page is open: so it is asked to let them go and to leave by itself, and only terminated when it does not.
 */

interface Lifeline {
  lifeline: string;
}

const isLifeline = (data: unknown): data is Lifeline =>
  typeof data === 'object' && data !== null && typeof (data as Partial<Lifeline>).lifeline === 'string';

const LEAVE = 'leave';
/** For a worker to end the work that it is in the middle of. */
const LEAVE_MS = 5000;
/** For its threads to be gone altogether, which needs it alive. */
const PARTING_MS = 500;

/**
 * In the worker, as its first act.
 * @param letThreadsGo ends the worker's own threads
 */
export function holdLifeline(letThreadsGo: () => void = () => undefined): void {
  addEventListener('message', ({ data }) => {
    if (data === LEAVE) {
      letThreadsGo();
      setTimeout(close, PARTING_MS);
    }
    if (!isLifeline(data)) return;
    void navigator.locks.request(data.lifeline, () => {
      postMessage(data);
      return new Promise(() => undefined);
    });
  });
}

/** On the page: calls back once when the worker has ended. */
export function watchLifeline(worker: Worker, onEnd: () => void): void {
  const lifeline = `fulcrum:lifeline:${crypto.randomUUID()}`;
  worker.addEventListener('message', ({ data }) => {
    // Only now does the worker hold the lock; asking earlier might win it.
    if (isLifeline(data) && data.lifeline === lifeline) void navigator.locks.request(lifeline, onEnd);
  });
  worker.postMessage({ lifeline } satisfies Lifeline);
}

/** On the page: ends a worker, at the latest when this resolves. */
export async function letGo(worker: Worker): Promise<void> {
  worker.postMessage(LEAVE);
  await new Promise((resolve) => setTimeout(resolve, LEAVE_MS));
  worker.terminate();
}
