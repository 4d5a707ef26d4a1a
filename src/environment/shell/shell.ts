/**
 * The shell world: reset, step and success, joining task, sandbox and conversation. Who acts in it are `expert.ts`,
 * `novice.ts`, and a policy through `step`.
 */
import { toldDifference } from '../../verifier/told.ts';
import type { Action } from '../../trajectory/record.ts';
import type { Environment, Voice } from '../environment.ts';
import { messageOf } from '../environment.ts';
import type { ShellEpisode } from './episode.ts';
import { BASH } from './episode.ts';
import { expertAction, sentencesOf } from './expert.ts';
import { noviceAction } from './novice.ts';
import { opening } from './phrases.ts';
import { runCommand } from './sandbox.ts';
import { answerOf, drawTask, wantedTree } from './task.ts';
import type { ShellTask } from './task.ts';
import { isSameTree, verifierWorld } from './world.ts';

/** The expert needs five at most. */
const MAX_TURNS = 8;
/** More commands in one turn than this are not run: nobody needs them, and they are long to read. */
const MAX_CALLS = 2;

function reset(task: ShellTask, voice: Voice = task.split): ShellEpisode {
  return {
    task,
    tree: structuredClone(task.tree),
    tools: [BASH],
    messages: [{ role: 'user', content: opening(task, voice), isTrainable: false }],
    isOver: false,
    turns: 0,
    outputs: [],
  };
}

async function step(episode: ShellEpisode, action: Action): Promise<void> {
  const message = messageOf(action, episode.turns++);
  episode.messages.push(message);
  episode.isOver = action.kind === 'message' || episode.turns >= MAX_TURNS;
  for (const [index, call] of (message.calls ?? []).entries()) {
    const command = call.arguments?.command;
    let output = 'no such tool';
    if (call.name === BASH.name) {
      if (typeof command !== 'string') output = 'no command';
      else if (index >= MAX_CALLS) output = 'too many commands';
      else ({ output, tree: episode.tree } = await runCommand(episode.tree, command));
    }
    episode.outputs.push(output);
    episode.messages.push({
      role: 'tool',
      content: output,
      ...(call.id === undefined ? {} : { callId: call.id }),
      name: call.name,
      isTrainable: false,
    });
  }
}

/** The files are as wanted; a question got its answer, and otherwise the user was not told that it failed. */
function isSuccess({ task, tree, messages, isOver }: ShellEpisode): boolean {
  const last = messages.at(-1)!;
  if (!isOver || last.role !== 'assistant' || last.calls) return false;
  if (!isSameTree(tree, wantedTree(task))) return false;
  const isAsked = answerOf(task) !== null;
  const right = isAsked ? sentencesOf(task)[0]! : 'Done.';
  return toldDifference(right, last.content, verifierWorld(tree)) === null;
}

export const shellWorld = {
  name: 'shell',
  title: 'Shell',
  standsFor: 'Terminal-Bench',
  verifier: 'shell-simulated',
  drawTask,
  reset,
  step,
  isSuccess,
  worldOf: (episode) => verifierWorld(episode.tree),
  expert: expertAction,
  novice: noviceAction,
} satisfies Environment<ShellTask, ShellEpisode>;
