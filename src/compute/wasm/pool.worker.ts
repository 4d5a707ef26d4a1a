/** A helper thread of the kernels: spins for work a moment, then sleeps until the next job or the end. */
import { ENDED, SLEEPING, WORD, controlOf, work, type Kernels } from './claim.ts';

export interface PoolStart {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  control: SharedArrayBuffer;
  thread: number;
}

/** About a tenth of a millisecond: longer than the pause between two kernels, short enough to leave the core. */
const SPINS = 20_000;

addEventListener('message', ({ data }: MessageEvent<PoolStart>) => {
  const { exports } = new WebAssembly.Instance(data.module, { env: { memory: data.memory } });
  const kernels = WebAssembly.Module.exports(data.module).map(
    ({ name }) => (exports as unknown as Kernels)[name]!,
  );
  const control = controlOf(data.control);
  const { ints } = control;
  postMessage('ready');
  while (!Atomics.load(ints, ENDED)) {
    const seen = Atomics.load(ints, WORD);
    work(control, kernels, data.thread);
    let spins = SPINS;
    while (Atomics.load(ints, WORD) === seen && spins > 0) spins--;
    if (spins > 0) continue;
    Atomics.add(ints, SLEEPING, 1);
    Atomics.wait(ints, WORD, seen);
    Atomics.sub(ints, SLEEPING, 1);
  }
  close();
});
