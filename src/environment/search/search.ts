/**
 * The search world: reset, step and success of multi-hop questions over a small corpus. Who acts in it are
 * `expert.ts`, `novice.ts`, and a policy through `step`.
 */
import type { Json } from '../../base/json.ts';
import type { Action, ToolCall } from '../../trajectory/record.ts';
import { sameText } from '../../verifier/equivalence.ts';
import type { Environment, Voice } from '../environment.ts';
import { messageOf } from '../environment.ts';
import type { SearchEpisode } from './episode.ts';
import { nextStep } from './episode.ts';
import { expertAction } from './expert.ts';
import { noviceAction } from './novice.ts';
import { questionOf } from './phrases.ts';
import { answerOf, drawTask } from './task.ts';
import type { SearchTask } from './task.ts';
import { argumentOf, resultText, searchDocuments, TOOLS } from './tools.ts';

export const MAX_TURNS = 20;
const INSTRUCTION = 'Search, open, and answer with one name. One call a turn.';

function reset(task: SearchTask, voice: Voice = task.split): SearchEpisode {
  return {
    task,
    tools: [...TOOLS],
    messages: [
      { role: 'system', content: INSTRUCTION, isTrainable: false },
      { role: 'user', content: questionOf(task, voice), isTrainable: false },
    ],
    isOver: false,
    turns: 0,
    shown: new Set(),
    opened: new Set(),
    answer: null,
  };
}

/** A message, like an answer, ends the episode: nobody is there to talk to. */
function step(episode: SearchEpisode, action: Action): void {
  const message = messageOf(action, episode.turns);
  episode.messages.push(message);
  episode.turns++;
  episode.isOver = episode.turns >= MAX_TURNS || action.kind === 'message';
  for (const [index, call] of (message.calls ?? []).entries()) {
    const content = index === 0 ? run(episode, call) : 'error: one call a turn';
    if (content === null) continue;
    episode.messages.push({
      role: 'tool',
      content,
      ...(call.id === undefined ? {} : { callId: call.id }),
      name: call.name,
      isTrainable: false,
    });
  }
}

/** What a call answers; null for the answer, which ends the episode. */
function run(episode: SearchEpisode, call: ToolCall): string | null {
  const { documents } = episode.task;
  const given = argumentOf(call);
  if (given === null) return 'error: bad call';
  if (call.name === 'answer') {
    episode.answer = String(given);
    episode.isOver = true;
    return null;
  }
  if (call.name === 'search') {
    const found = searchDocuments(documents, String(given));
    for (const { id } of found) episode.shown.add(id);
    return resultText(found);
  }
  const document = documents.find(({ id }) => id === given);
  if (!document) return 'error: no such document';
  episode.opened.add(document.id);
  return document.text;
}

function isSuccess({ task, answer }: SearchEpisode): boolean {
  return answer !== null && sameText(answerOf(task), answer);
}

/** The corpus, which never changes and so is not copied, and the documents that the next step needs. */
function worldOf(episode: SearchEpisode): Json {
  const next = nextStep(episode);
  const documents = episode.task.documents as unknown as Json[];
  return { documents, evidence: next.kind === 'answer' ? [] : [...next.evidence] };
}

export const search = {
  name: 'search',
  title: 'Search',
  standsFor: 'BrowseComp',
  verifier: 'search-steps',
  drawTask,
  reset,
  step,
  isSuccess,
  worldOf,
  expert: expertAction,
  novice: noviceAction,
} satisfies Environment<SearchTask, SearchEpisode>;
