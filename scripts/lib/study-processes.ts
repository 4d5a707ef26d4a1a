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
  const children = Array.from({ length: count }, () => fork(program, ['--child']));
  const idle: ChildProcess[] = [];
  const waiting: ((child: ChildProcess) => void)[] = [];
  const opened = await Promise.all(
    children.map((child) => ask(child, { type: 'open', options }, () => undefined)),
  );
  idle.push(...children);
  const first = opened[0]!;
  return {
    device: first.type === 'opened' ? first.device : '',
    async run(cell, earlier, onProgress) {
      const child = idle.pop() ?? (await new Promise<ChildProcess>((resolve) => waiting.push(resolve)));
      try {
        const builtOn = cell.kind === 'run' ? await resultsFor(cell, earlier) : {};
        const answer = await ask(child, { type: 'run', cell, earlier: builtOn }, onProgress);
        if (answer.type !== 'result') throw new Error(`unexpected answer ${answer.type}`);
        return answer.result;
      } finally {
        const next = waiting.shift();
        if (next) next(child);
        else idle.push(child);
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
