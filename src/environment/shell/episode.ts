/** An episode of the shell world, what is to be done next in it, and the one tool. Nothing happens here. */
import type { Tool } from '../../trajectory/record.ts';
import type { Episode } from '../environment.ts';
import type { Work } from './commands.ts';
import { clueOf } from './commands.ts';
import type { ShellTask } from './task.ts';
import { answerOf, resultPath, wantedTree } from './task.ts';
import type { FileTree } from './world.ts';
import { isSameTree } from './world.ts';

export interface ShellEpisode extends Episode {
  task: ShellTask;
  tree: FileTree;
  turns: number;
  /** What the commands have printed so far. */
  outputs: string[];
}

export type Step = Work | 'tell';

export const BASH: Tool = {
  name: 'bash',
  description: 'Runs a command. Each starts in the same folder.',
  parameters: {
    type: 'object',
    properties: { command: { type: 'string', description: 'The command.' } },
    required: ['command'],
  },
};

/** What has to be done now, seen from the files and from what the commands have printed. */
export function nextStep({ task, tree, outputs }: ShellEpisode): Step {
  const isLocated = outputs.some((output) => output.includes(task.path));
  if (clueOf(task) !== 'folder' && !isLocated) return 'locate';
  const wanted = wantedTree(task);
  // Where nothing was to be changed, harm cannot be made good.
  const isChange = !isSameTree(task.tree, wanted);
  if (isChange && !isSameTree(tree, wanted)) {
    if (task.request === 'copy' && !tree.folders.includes(task.folder)) return 'make';
    const result = resultPath(task);
    return task.request === 'sort' && tree.files[result] === wanted.files[result] ? 'clean' : 'change';
  }
  const answer = answerOf(task);
  return answer === null || shows(outputs.at(-1), answer) ? 'tell' : 'read';
}

/** Whether an output holds the answer as words of its own. */
function shows(output: string | undefined, answer: string): boolean {
  return output !== undefined && ` ${output.replace(/\s+|(?:^|\s)\.\//g, ' ')} `.includes(` ${answer} `);
}
