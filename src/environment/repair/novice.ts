/** The novice of the repair world: plain style, wrong with a set probability for each kind of step. */
import type { Random } from '../../base/random.ts';
import type { Action } from '../../trajectory/record.ts';
import { bugsOf } from './bugs.ts';
import type { RepairEpisode } from './episode.ts';
import { bugIn, shownIn } from './episode.ts';
import type { Step } from './expert.ts';
import { callTool, FINISHED, nextStep, replacements, toolOfStep } from './expert.ts';
import type { ProjectFunction } from './project.ts';
import { allChecks, codeLine, functionNamed, worth } from './project.ts';
import { functionOf } from './tools.ts';

/** `persist`: the step, whatever it is, right after tests that still fail after an edit. */
export type Situation = Step | 'persist';

/**
 * Probability that a step goes wrong. As in the paper's domain, most turns are sure or hopeless for a reward that sees
 * only the kind of tool. Of `edit` it is the new text that is wrong, which that reward does not see.
 */
export const NOVICE_ERRORS: Record<Situation, number> = {
  reproduce: 0.98,
  search: 0.005,
  view: 0.1,
  follow: 0.98,
  edit: 0.3,
  test: 0.92,
  finish: 0.005,
  persist: 0.98,
};

export function situationOf(episode: RepairEpisode): Situation {
  const { step } = nextStep(episode);
  const isAfterTests = functionOf(episode.messages.at(-1)!.name ?? '') === 'test';
  return isAfterTests && step !== 'finish' && shownIn(episode).hasEdited ? 'persist' : step;
}

export function noviceAction(
  episode: RepairEpisode,
  random: Random,
  errors: Record<Situation, number> = NOVICE_ERRORS,
): { action: Action; isWrong: boolean } {
  const situation = situationOf(episode);
  const isWrong = random.bool(errors[situation]);
  return {
    action: isWrong ? wrongAction(situation, episode, random) : rightAction(episode, random),
    isWrong,
  };
}

function finish(episode: RepairEpisode, random: Random): Action {
  return callTool(episode, 'finish', { message: random.pick(FINISHED.slice(0, 2)) }, random);
}

function rightAction(episode: RepairEpisode, random: Random): Action {
  const { step, one } = nextStep(episode);
  if (step === 'finish') return finish(episode, random);
  if (step === 'edit')
    return callTool(episode, 'edit', replacements(episode, one!, bugIn(episode, one!)!, one!)[0]!, random);
  if (step === 'view') return callTool(episode, 'view', { path: one!.file }, random);
  return callTool(episode, toolOfStep(step), one ? { pattern: one.name } : {}, random);
}

/** Hands in too early, looks into any file, or edits what it has not understood. */
function wrongAction(situation: Situation, episode: RepairEpisode, random: Random): Action {
  const { functions } = episode.task;
  switch (situation) {
    case 'test':
    case 'persist':
      return finish(episode, random);
    case 'finish':
      return callTool(episode, 'test', {}, random);
    case 'reproduce':
    case 'search':
      return callTool(episode, 'view', { path: random.pick(functions).file }, random);
    case 'view':
    case 'edit':
      return wrongEdit(nextStep(episode).one!, episode, random);
    case 'follow':
      return wrongEdit(functionNamed(functions, shownIn(episode).failing!.name), episode, random);
  }
}

/** Another wrong code in place of the one that is there; not one that happens to do the right thing. */
function wrongEdit(one: ProjectFunction, episode: RepairEpisode, random: Random): Action {
  const { functions } = episode.task;
  const from = bugIn(episode, one) ?? one;
  const checks = allChecks(functions);
  const wrong = bugsOf(one, functions).filter(
    (bug) =>
      codeLine(one, bug) !== codeLine(one, from) &&
      checks.some((check) => worth(functions, [bug], check) !== check.want),
  );
  return callTool(episode, 'edit', replacements(episode, one, from, random.pick(wrong))[0]!, random);
}
