/** The page of one engine: starts its worker with the task from the address, and keeps what the worker posts. */
const task = decodeURIComponent(location.hash.slice(1));
const { engine } = JSON.parse(task) as { engine: string };

// Each address is written out, since that is how bundlers find workers.
const workers: Record<string, () => Worker> = {
  ours: () =>
    new Worker(new URL('./engines/ours.worker.ts', import.meta.url), { type: 'module', name: task }),
  jax: () => new Worker(new URL('./engines/jax.worker.ts', import.meta.url), { type: 'module', name: task }),
  tfjs: () =>
    new Worker(new URL('./engines/tfjs.worker.ts', import.meta.url), { type: 'module', name: task }),
  wllama: () =>
    new Worker(new URL('./engines/wllama.worker.ts', import.meta.url), { type: 'module', name: task }),
  ort: () => new Worker(new URL('./engines/ort.worker.ts', import.meta.url), { type: 'module', name: task }),
};

const worker = workers[engine]!();
const report = new Promise((resolve) => {
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => resolve({ error: event.message || 'the worker did not start' });
});
Object.assign(globalThis, { report });

export {};
