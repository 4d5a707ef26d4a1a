/** The expert: the right next step, as any of the commands that do it or the sentences that tell the result. */
import type { Random } from '../../base/random.ts';
import type { Action } from '../../trajectory/record.ts';
import { commandsOf } from './commands.ts';
import type { ShellEpisode } from './episode.ts';
import { BASH, nextStep } from './episode.ts';
import type { Request, ShellTask } from './task.ts';
import { answerOf, resultPath } from './task.ts';

export function commandAction(command: string): Action {
  const given = { command };
  return {
    kind: 'calls',
    content: '',
    calls: [{ name: BASH.name, arguments: given, argumentsText: JSON.stringify(given) }],
  };
}

/** Slots: {answer} number, line or place; {path} the place of the file at the end; {old} its place before. */
const SENTENCES: Record<Request, readonly string[]> = {
  countFiles: ['There are {answer} files.', '{answer} files.', 'I see {answer} files.'],
  countLines: ['There are {answer} lines.', '{answer} lines.', 'It has {answer} lines.'],
  countWord: ['There are {answer} lines.', '{answer} lines.', 'It has {answer} of them.'],
  which: ['It is {answer}.', 'It is in {answer}.', 'The file is {answer}.'],
  first: ['It is {answer}.', 'The first is {answer}.', 'First comes {answer}.'],
  lookup: ['It is {answer}.', 'The number is {answer}.', 'It says {answer}.'],
  rename: ['Done, it is {path}.', 'It is {path} now.', 'Done, it is {path} now.'],
  move: ['Done, it is {path}.', 'It is {path} now.', 'Done, it is {path} now.'],
  moveWord: ['Done, there are {answer} files.', '{answer} files.', 'It has {answer} files now.'],
  delete: ['Done, {old} is gone.', 'I deleted {old}.', '{old} is gone now.'],
  longest: ['Done, there are {answer} files.', '{answer} files.', 'It has {answer} files now.'],
  replace: ['Done, there are {answer} lines.', '{answer} lines.', 'It has {answer} of them.'],
  copy: ['Done, there are {answer} lines.', '{answer} lines.', 'The copy has {answer} lines.'],
  filter: ['Done, there are {answer} lines.', '{answer} lines.', 'It has {answer} lines.'],
  sort: ['Done, it is {answer}.', 'The first is {answer}.', 'First comes {answer}.'],
  unique: ['Done, there are {answer} lines.', '{answer} lines.', 'It has {answer} lines.'],
};

/** The sentences that tell the result, filled in; the first is the plainest. */
export function sentencesOf(task: ShellTask): string[] {
  const slots: Record<string, string> = {
    answer: answerOf(task) ?? '',
    path: resultPath(task),
    old: task.path,
  };
  return SENTENCES[task.request].map((sentence) =>
    sentence.replace(/\{(\w+)\}/g, (_, slot: string) => slots[slot]!),
  );
}

export function expertAction(episode: ShellEpisode, random: Random): Action {
  const step = nextStep(episode);
  if (step === 'tell') return { kind: 'message', content: random.pick(sentencesOf(episode.task)) };
  return commandAction(random.pick(commandsOf(step, episode.task)));
}
