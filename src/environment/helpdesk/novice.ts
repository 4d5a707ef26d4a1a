/**
 * The novice of the helpdesk: plain style, wrong with a set probability for each kind of step and request.
 */
import type { Random } from '../../base/random.ts';
import type { Action } from '../../trajectory/record.ts';
import type { HelpdeskEpisode } from './episode.ts';
import type { Step } from './expert.ts';
import { callOf, fullArguments, functionOfStep, isDefault, nextStep, sentencesOf } from './expert.ts';
import type { Request } from './policy.ts';
import { functionOf } from './tools.ts';
import { ORDER_IDS, SPLIT_CITIES, SPLIT_ITEMS } from './world.ts';

/** Probability that a step goes wrong, by kind; `retry`: after the server was busy. */
export type ErrorRates = Record<Step | 'retry', number>;

export const NOVICE_ERRORS: ErrorRates = {
  ask: 0.35,
  look: 0.35,
  stock: 0.35,
  act: 0.35,
  tell: 0.3,
  refuse: 0.45,
  done: 0.25,
  retry: 0.5,
};

/** The novice knows some requests better than others: factors on the probabilities above. */
const DIFFICULTY: Record<Request, number> = { status: 0.15, cancel: 0.4, refund: 1, move: 1.2, swap: 1.4 };

export function noviceAction(
  episode: HelpdeskEpisode,
  random: Random,
  errors: ErrorRates = NOVICE_ERRORS,
): { action: Action; isWrong: boolean } {
  const step = nextStep(episode);
  const rate = errors[episode.seen.isBusy ? 'retry' : step] * DIFFICULTY[episode.task.request];
  const isWrong = random.bool(rate);
  return {
    action: isWrong ? wrongAction(step, episode, random) : rightAction(step, episode, random),
    isWrong,
  };
}

function rightAction(step: Step, episode: HelpdeskEpisode, random: Random): Action {
  const key = functionOfStep(step, episode.task);
  if (!key) return { kind: 'message', content: random.pick(sentencesOf(step, episode)) };
  const entries = Object.entries(fullArguments(key, episode.task)).filter(
    ([a, value]) => !isDefault(key, a, value),
  );
  return call(pickTool(episode, key, random), Object.fromEntries(entries));
}

const call = (name: string, given: Parameters<typeof callOf>[1]): Action => ({
  kind: 'calls',
  content: '',
  calls: [callOf(name, given)],
});

function pickTool(episode: HelpdeskEpisode, key: string, random: Random): string {
  return random.pick(episode.tools.filter((tool) => functionOf(tool.name) === key)).name;
}

/** A plausible mistake: a wrong tool, a wrong value, talk in place of a call or a call in place of talk. */
function wrongAction(step: Step, episode: HelpdeskEpisode, random: Random): Action {
  const key = functionOfStep(step, episode.task);
  const kind = random.uniform();
  if (key && kind < 0.4) return misspoken(episode, random);
  const hasValues = key === 'stock' || key === 'refund' || key === 'move' || key === 'swap';
  if (hasValues && kind < 0.6) return rightAction(step, withWrongTask(episode, random), random);
  const others = episode.tools.filter((tool) => functionOf(tool.name) !== key);
  const tool = random.pick(others).name;
  const other = functionOf(tool)!;
  const task = episode.seen.id ? episode.task : { ...episode.task, orderId: random.pick(ORDER_IDS.train) };
  const entries = Object.entries(fullArguments(other, task)).filter(
    ([a, value]) => !isDefault(other, a, value),
  );
  return call(tool, Object.fromEntries(entries));
}

/** Talks too early: asks what is known, or tells an end that has not been reached. */
function misspoken(episode: HelpdeskEpisode, random: Random): Action {
  const step: Step = !episode.seen.order || random.bool(0.4) ? 'ask' : random.bool() ? 'refuse' : 'tell';
  return { kind: 'message', content: random.pick(sentencesOf(step, episode)) };
}

/** The same episode with a value of the task misread; order numbers stay, as copying them is hard enough to learn. */
function withWrongTask(episode: HelpdeskEpisode, random: Random): HelpdeskEpisode {
  const { task } = episode;
  return {
    ...episode,
    task: {
      ...task,
      item: random.pick(SPLIT_ITEMS.train),
      city: random.pick(SPLIT_CITIES.train),
      method: task.method === 'card' ? 'voucher' : 'card',
    },
  };
}
