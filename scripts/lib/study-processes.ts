/** The processes that a study in Node runs its cells in: this same program again, each with one cell at a time. */
import { fork, type ChildProcess } from 'node:child_process';
import { cellKey } from '../../src/study/cells.ts';
import type { Cell, CellResult } from '../../src/study/results.ts';
import type { Earlier, OnProgress } from '../../src/study/run.ts';
import type { ChildOptions, FromChild, ToChild } from './study-child.ts';

export interface Processes {
  /** What the first one runs on. */
  device: string;
  run(cell: Cell, earlier: Earlier, onProgress: OnProgress): Promise<CellResult>;
  end(): void;
}

/** @throws Error when one of them cannot open its backend or model */
export async function startProcesses(
  count: number,
  program: string,
  options: ChildOptions,
): Promise<Processes> {
  let device = '';
  const children = new Set<ChildProcess>();
  async function start(): Promise<ChildProcess> {
    const child = fork(program, ['--child']);
    children.add(child);
    const answer = await ask(child, { type: 'open', options }, () => undefined);
    if (answer.type === 'opened') ({ device } = answer);
    return child;
  }
  const idle = await Promise.all(Array.from({ length: count }, start));
  return {
    device,
    async run(cell, earlier, onProgress) {
      const child = idle.pop() ?? (await start());
      try {
        const builtOn = cell.kind === 'run' ? await resultsFor(cell, earlier) : {};
        const answer = await ask(child, { type: 'run', cell, earlier: builtOn }, onProgress);
        if (answer.type !== 'result') throw new Error(`unexpected answer ${answer.type}`);
        idle.push(child);
        return answer.result;
      } catch (error) {
        // A lost device or full memory stays so for the rest of a process: the next cell gets a new one.
        children.delete(child);
        child.kill();
        throw error;
      }
    },
    end() {
      for (const child of children) child.kill();
    },
  };
}

async function resultsFor(
  { world, seed }: Extract<Cell, { kind: 'run' }>,
  earlier: Earlier,
): Promise<Record<string, CellResult>> {
  const cells: Cell[] = [
    { kind: 'base', world },
    { kind: 'profile', world, seed },
  ];
  return Object.fromEntries(
    await Promise.all(cells.map(async (cell) => [cellKey(cell), await earlier(cell)] as const)),
  );
}

function ask(child: ChildProcess, message: ToChild, onProgress: OnProgress): Promise<FromChild> {
  return new Promise((resolve, reject) => {
    const finish = (act: () => void) => {
      child.off('message', onMessage).off('exit', onExit);
      act();
    };
    const onExit = (code: number | null) =>
      finish(() => reject(new Error(`A process of the study ended with ${code}.`)));
    const onMessage = (answer: FromChild) => {
      if (answer.type === 'progress') onProgress(answer.detail, answer.fraction);
      else if (answer.type === 'error') finish(() => reject(new Error(answer.message)));
      else finish(() => resolve(answer));
    };
    child.on('message', onMessage).on('exit', onExit);
    child.send(message);
  });
}
