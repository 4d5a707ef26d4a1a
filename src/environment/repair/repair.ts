/**
 * The repair world: reset, step and success, joining files, tools and tests. Who acts in it are `expert.ts`,
 * `novice.ts`, and a policy through `step`.
 *
 * Every right turn is a call, the last one too: the paper's candidates in this domain are tool calls, and NVIDIA's
 * swe_pivot has no verdict on messages. A message hands the project in as it is.
 */
import type { Action, ToolCall } from '../../trajectory/record.ts';
import type { Environment, Voice } from '../environment.ts';
import { messageOf } from '../environment.ts';
import type { RepairEpisode } from './episode.ts';
import { expertAction } from './expert.ts';
import { noviceAction } from './novice.ts';
import { issueText } from './phrases.ts';
import { allChecks, checkLine, sourceFiles, TEST_FILE } from './project.ts';
import type { RepairTask } from './task.ts';
import { drawTask } from './task.ts';
import { runTests } from './test-run.ts';
import { edit, readCall, search, toolNamed, view } from './tools.ts';

const MAX_TURNS = 12;

const testText = (task: RepairTask): string => task.checks.map(checkLine).join('\n');

function reset(task: RepairTask, voice: Voice = task.split): RepairEpisode {
  const files = { ...sourceFiles(task.functions, task.bugs), [TEST_FILE]: testText(task) };
  const policy = `Fix the code, not the tests. Files: ${Object.keys(files).join(' ')}`;
  return {
    task,
    files,
    tools: task.toolNames.map(toolNamed),
    messages: [
      { role: 'system', content: policy, isTrainable: false },
      { role: 'user', content: issueText(task, voice), isTrainable: false },
    ],
    isOver: false,
    turns: 0,
    isHandedIn: false,
  };
}

function sourcesOf({ files }: RepairEpisode): Record<string, string> {
  const { [TEST_FILE]: _tests, ...sources } = files;
  return sources;
}

async function step(episode: RepairEpisode, action: Action): Promise<void> {
  const message = messageOf(action, episode.turns);
  episode.messages.push(message);
  episode.turns++;
  if (!message.calls) episode.isHandedIn = true;
  for (const call of message.calls ?? []) {
    const content = await answer(episode, call);
    // Nothing answers once the project is handed in.
    if (episode.isHandedIn) break;
    episode.messages.push({
      role: 'tool',
      content,
      ...(call.id === undefined ? {} : { callId: call.id }),
      name: call.name,
      isTrainable: false,
    });
  }
  episode.isOver = episode.isHandedIn || episode.turns >= MAX_TURNS;
}

async function answer(episode: RepairEpisode, call: ToolCall): Promise<string> {
  const read = readCall(episode.tools, call);
  if ('error' in read) return `error: ${read.error}`;
  const { files } = episode;
  switch (read.key) {
    case 'search':
      return search(sourcesOf(episode), read.given);
    case 'view':
      return view(files, read.given);
    case 'edit':
      return edit(files, read.given);
    case 'test':
      return runTests(Object.values(sourcesOf(episode)), files[TEST_FILE]!.split('\n'));
    case 'finish':
      episode.isHandedIn = true;
      return '';
  }
}

/** Handed in with the test file untouched, its tests passing, and more than those, so that no code is fitted to them. */
async function isSuccess(episode: RepairEpisode): Promise<boolean> {
  const { task, files, isHandedIn } = episode;
  if (!isHandedIn || files[TEST_FILE] !== testText(task)) return false;
  const lines = [...task.checks, ...allChecks(task.functions)].map(checkLine);
  return (await runTests(Object.values(sourcesOf(episode)), lines)) === 'pass';
}

export const repair = {
  name: 'repair',
  title: 'Repair',
  standsFor: 'SWE-Bench Verified',
  verifier: 'gym-swe-pivot-tool',
  drawTask,
  reset,
  step,
  isSuccess,
  worldOf: () => undefined,
  expert: expertAction,
  novice: noviceAction,
} satisfies Environment<RepairTask, RepairEpisode>;
