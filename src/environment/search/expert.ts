/**
 * The expert of the search world: the right next step with a free choice among equivalent ones (several wordings of a
 * query, any of two documents that tell the same). It never errs; erring is `novice.ts`.
 */
import type { Random } from '../../base/random.ts';
import type { Action } from '../../trajectory/record.ts';
import type { Fact } from './corpus.ts';
import type { SearchEpisode } from './episode.ts';
import { nextStep } from './episode.ts';
import { answerOf } from './task.ts';
import { callAction, searchDocuments } from './tools.ts';

/** Wordings of the query for a fact; the first is the plainest and always finds it. */
export function queriesFor({ subject, relation }: Fact): string[] {
  return [`${subject} ${relation}`, `${relation} ${subject}`, `${relation} of ${subject}`, subject];
}

export function expertAction(episode: SearchEpisode, random: Random): Action {
  const step = nextStep(episode);
  if (step.kind === 'answer') return callAction('answer', answerOf(episode.task));
  if (step.kind === 'open') return callAction('open', random.pick(step.evidence));
  const queries = queriesFor(step.fact).filter((query) =>
    searchDocuments(episode.task.documents, query).some(({ id }) => step.evidence.includes(id)),
  );
  return callAction('search', random.pick(queries));
}
