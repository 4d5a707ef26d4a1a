/** The novice of the search world: plain queries, wrong with a set probability for each kind of step and relation. */
import type { Random } from '../../base/random.ts';
import { actionOf } from '../../trajectory/record.ts';
import type { Action } from '../../trajectory/record.ts';
import type { SearchEpisode, Step } from './episode.ts';
import { nextStep } from './episode.ts';
import { queriesFor } from './expert.ts';
import type { Relation } from './relations.ts';
import { answerOf } from './task.ts';
import { callAction, searchDocuments } from './tools.ts';

type Difficulty = 'easy' | 'medium' | 'hard';

/**
 * Probability that a step goes wrong, by kind and by the relation that is followed: some relations the novice follows
 * well, others badly, so that whole stretches of an episode are easy.
 */
export const NOVICE_ERRORS = {
  search: { easy: 0.08, medium: 0.35, hard: 0.7 } satisfies Record<Difficulty, number>,
  open: { easy: 0.06, medium: 0.25, hard: 0.45 } satisfies Record<Difficulty, number>,
  answer: 0.2,
  /** Share of mistakes that take the last name read for the answer, by difficulty; they end the episode. */
  stops: { easy: 0.4, medium: 0.6, hard: 0.8 } satisfies Record<Difficulty, number>,
  difficulty: {
    teacher: 'easy',
    mother: 'medium',
    firm: 'easy',
    home: 'easy',
    book: 'hard',
    seat: 'easy',
    owner: 'medium',
    supplier: 'hard',
    country: 'easy',
    mayor: 'medium',
    capital: 'easy',
    ruler: 'medium',
    author: 'easy',
    printer: 'hard',
  } as Record<Relation, Difficulty>,
};

export function noviceAction(
  episode: SearchEpisode,
  random: Random,
  errors = NOVICE_ERRORS,
): { action: Action; isWrong: boolean } {
  const step = nextStep(episode);
  const isWrong = random.bool(errorRate(step, errors));
  return {
    action: isWrong ? wrongAction(step, episode, random, errors) : rightAction(step, episode, random),
    isWrong,
  };
}

export function errorRate(step: Step, errors = NOVICE_ERRORS): number {
  return step.kind === 'answer' ? errors.answer : errors[step.kind][errors.difficulty[step.fact.relation]];
}

function rightAction(step: Step, { task }: SearchEpisode, random: Random): Action {
  if (step.kind === 'answer') return callAction('answer', answerOf(task));
  if (step.kind === 'open') return callAction('open', random.pick(step.evidence));
  return callAction('search', queriesFor(step.fact)[0]!);
}

/** A plausible mistake: an answer too early, the last call once more, a distractor, the wrong name or relation. */
function wrongAction(
  step: Step,
  episode: SearchEpisode,
  random: Random,
  errors: typeof NOVICE_ERRORS,
): Action {
  const names = namesRead(step, episode);
  if (step.kind === 'answer') return callAction('answer', random.pick(names));
  const early = callAction('answer', names.at(-1)!);
  if (random.bool(errors.stops[errors.difficulty[step.fact.relation]])) return early;
  const last = episode.messages.findLast(({ role }) => role === 'assistant');
  if (last && random.bool(0.25)) return actionOf(last);
  const calls =
    step.kind === 'search'
      ? wrongQueries(step, names, episode).map((query) => callAction('search', query))
      : [...episode.shown].filter((id) => !step.evidence.includes(id)).map((id) => callAction('open', id));
  return calls.length > 0 ? random.pick(calls) : early;
}

/** The names known so far, without the answer: that of the question and those in opened documents. */
function namesRead(step: Step, { task }: SearchEpisode): string[] {
  const hops = step.kind === 'answer' ? task.chain.length - 1 : task.chain.indexOf(step.fact);
  return task.chain.slice(0, hops + 1).map(({ subject }) => subject);
}

/** Queries with another name or another relation of the question that miss what is needed. */
function wrongQueries(
  { fact, evidence }: Exclude<Step, { kind: 'answer' }>,
  names: string[],
  { task }: SearchEpisode,
) {
  const facts = [
    ...names.map((subject) => ({ ...fact, subject })),
    ...task.chain.map(({ relation }) => ({ ...fact, relation })),
  ];
  return facts
    .map((other) => queriesFor(other)[0]!)
    .filter((query) => !searchDocuments(task.documents, query).some(({ id }) => evidence.includes(id)));
}
