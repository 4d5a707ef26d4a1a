/** The novice of the shell world: plain style, wrong with a set probability for each kind of step and request. */
import type { Random } from '../../base/random.ts';
import type { Action } from '../../trajectory/record.ts';
import { clueOf, commandsOf } from './commands.ts';
import type { Work } from './commands.ts';
import type { ShellEpisode, Step } from './episode.ts';
import { nextStep } from './episode.ts';
import { commandAction, sentencesOf } from './expert.ts';
import type { Request, ShellTask } from './task.ts';
import { REQUESTS } from './task.ts';
import { drawNames, SPLIT_FOLDERS, SPLIT_WORDS } from './world.ts';

/** Probability that a step goes wrong, by kind, and factors on it by request. Fixed before any method is run. */
export const NOVICE = {
  errors: { locate: 0.3, make: 0.35, change: 0.4, clean: 0.3, read: 0.4, tell: 0.3 } satisfies Record<
    Step,
    number
  >,
  difficulty: {
    countFiles: 0.3, countLines: 0.8, countWord: 1, which: 0.3, first: 1.2, lookup: 1,
    rename: 0.8, move: 0.4, moveWord: 1, delete: 0.6, longest: 1.2, replace: 1.2, copy: 1, filter: 1.4, sort: 1.2,
    unique: 1.4,
  } satisfies Record<Request, number>, // prettier-ignore
  /** How many of the plainest commands and sentences it knows. */
  vocabulary: 2,
};

export function noviceAction(episode: ShellEpisode, random: Random): { action: Action; isWrong: boolean } {
  const step = nextStep(episode);
  const isWrong = random.bool(NOVICE.errors[step] * NOVICE.difficulty[episode.task.request]);
  return {
    action: isWrong ? wrongAction(step, episode, random) : plainAction(step, episode.task, random),
    isWrong,
  };
}

function plainAction(step: Step, task: ShellTask, random: Random): Action {
  if (step === 'tell') return say(plain(sentencesOf(task), random));
  return commandAction(plain(commandsOf(step, task), random));
}

const say = (content: string): Action => ({ kind: 'message', content });
const plain = (choices: readonly string[], random: Random) =>
  random.pick(choices.slice(0, NOVICE.vocabulary));

/** A plausible mistake: talk in place of a command, another file or word, a wrong flag, the command of another step. */
function wrongAction(step: Step, episode: ShellEpisode, random: Random): Action {
  const { task } = episode;
  const misread = misreadTask(task, random);
  if (step === 'tell') {
    return random.bool(0.6)
      ? say(wrongSentence(task, random))
      : commandAction(plain(otherCommands(task, random), random));
  }
  const kind = random.uniform();
  if (kind < 0.3) return say(wrongSentence(task, random));
  if (kind < 0.55) return commandAction(plain(commandsOf(step, misread), random));
  if (kind < 0.8) return commandAction(misflagged(step, task, random));
  return commandAction(plain(otherCommands(task, random), random));
}

/** Told too early, or told wrong: another number, place or line. */
function wrongSentence(task: ShellTask, random: Random): string {
  const right = plain(sentencesOf(task), random);
  const number = /\d+/.exec(right)?.[0];
  if (number) {
    const other = Number(number) + (number === '1' || random.bool() ? 1 : -1);
    return right.replace(number, String(other));
  }
  return plain(sentencesOf(misreadTask(task, random)), random);
}

/** The same task with another file, folder or word in it. */
function misreadTask(task: ShellTask, random: Random): ShellTask {
  const path = random.pick(Object.keys(task.tree.files).filter((at) => at !== task.path));
  const [newName] = drawNames(random, 'train', 1) as [string];
  const folder = random.pick(SPLIT_FOLDERS.train.filter((at) => at !== task.folder));
  const word = random.pick(SPLIT_WORDS.train.filter((at) => at !== task.word));
  const clue = clueOf(task);
  if (clue === 'folder') return { ...task, folder };
  if (clue === 'length') return { ...task, folder, path };
  return clue === 'word' ? { ...task, word, path } : { ...task, path, newName, word };
}

/** The right command with something wrong in it that a beginner would overlook. */
function misflagged(step: Work, task: ShellTask, random: Random): string {
  const right = plain(commandsOf(step, task), random);
  const slips: [RegExp, string][] = [
    [/ -rl /, ' -r '], [/ -c /, ' -l '], [/wc -l/, 'wc -c'], [/ -u /, ' '], [/ \| uniq/, ''], [/sed -i /, 'sed '],
    [/^mv /, 'cp '], [/^cp /, 'mv '], [/^rm (-f )?/, 'rmdir '], [/ > /, ' '], [/head/, 'tail'], [/-name/, '-type'],
    [/^mkdir (-p )?/, 'touch '], [/^grep /, 'grep -v '],
    [/ \S+$/, ''],
  ]; // prettier-ignore
  const [pattern, slip] = random.pick(slips.filter(([slipped]) => slipped.test(right)));
  return right.replace(pattern, slip);
}

/** The commands of another request on the same files. */
function otherCommands(task: ShellTask, random: Random): string[] {
  const others = REQUESTS.filter((request) => request !== task.request).flatMap((request) =>
    (['change', 'read', 'locate'] as const).map((work) => commandsOf(work, { ...task, request })),
  );
  return random.pick(others.filter((commands) => commands.length > 0));
}
