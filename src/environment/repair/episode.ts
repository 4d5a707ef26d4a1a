/** An episode of the repair world, and what its conversation has shown so far. Nothing happens here. */
import type { Episode } from '../environment.ts';
import type { Bug, ProjectFunction } from './project.ts';
import { codeLine, functionNamed } from './project.ts';
import type { RepairTask } from './task.ts';
import { functionOf } from './tools.ts';

export interface RepairEpisode extends Episode {
  task: RepairTask;
  /** Text of each file as it is now, the test file included. */
  files: Record<string, string>;
  turns: number;
  /** The agent itself said that it is done. */
  isHandedIn: boolean;
}

export interface Shown {
  /** The function that fails, as the latest failing test or else the issue says; undefined before either. */
  failing: ProjectFunction | undefined;
  /** What the tests said since the last edit; undefined when they have not run since. */
  tests: string | undefined;
  hasEdited: boolean;
  /** The line of a function's code, from a search. */
  lineOf(one: ProjectFunction): number | undefined;
  isLocated(one: ProjectFunction): boolean;
  isViewed(one: ProjectFunction): boolean;
}

export function shownIn({ task, messages }: RepairEpisode): Shown {
  let failing = task.issue === 'tests' ? undefined : functionNamed(task.functions, task.reported.name);
  let tests: string | undefined;
  let hasEdited = false;
  let found = '';
  let viewed = '';
  for (const { role, name = '', content } of messages) {
    if (role !== 'tool') continue;
    const key = functionOf(name);
    if (key === 'search') found += `\n${content}`;
    if (key === 'view') viewed += `\n${content}`;
    if (key === 'test') {
      tests = content;
      failing = task.functions.find((one) => content.startsWith(`FAIL ${one.name}(`)) ?? failing;
    }
    if (key === 'edit' && content === 'ok') {
      hasEdited = true;
      tests = undefined;
    }
  }
  const isViewed = (one: ProjectFunction) => viewed.includes(`const ${one.name} =`);
  const lineOf = (one: ProjectFunction) => {
    const at = new RegExp(`:(\\d+): const ${one.name} =`).exec(found);
    return at ? Number(at[1]) : undefined;
  };
  const isTold = (one: ProjectFunction) => task.issue === 'file' && one.name === task.reported.name;
  const isLocated = (one: ProjectFunction) => isTold(one) || isViewed(one) || lineOf(one) !== undefined;
  return { failing, tests, hasEdited, lineOf, isLocated, isViewed };
}

/** The bug that a function still has. */
export function bugIn({ task, files }: RepairEpisode, one: ProjectFunction): Bug | undefined {
  const bug = task.bugs.find(({ name }) => name === one.name);
  return bug && files[one.file]!.includes(codeLine(one, bug)) ? bug : undefined;
}
