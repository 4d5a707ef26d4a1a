/** An episode of the search world and what has to be done next in it. Nothing happens here. */
import type { Episode } from '../environment.ts';
import { titleOf } from './corpus.ts';
import type { Fact } from './corpus.ts';
import type { SearchTask } from './task.ts';

export interface SearchEpisode extends Episode {
  task: SearchTask;
  turns: number;
  /** Numbers of documents that results have shown, and of those that were opened. */
  shown: Set<number>;
  opened: Set<number>;
  /** Null until the answer is given. */
  answer: string | null;
}

export type Step =
  /** Any query that finds one of the documents. */
  | { kind: 'search'; fact: Fact; evidence: number[] }
  /** Any of the documents; all of them have been shown. */
  | { kind: 'open'; fact: Fact; evidence: number[] }
  | { kind: 'answer' };

/** Documents that tell a fact. */
function evidenceOf({ documents }: SearchTask, fact: Fact): number[] {
  return documents.filter(({ title }) => title === titleOf(fact)).map(({ id }) => id);
}

/** What has to be done now: the first fact of the chain that was not read is opened if shown, else searched for. */
export function nextStep({ task, shown, opened }: SearchEpisode): Step {
  for (const fact of task.chain) {
    const evidence = evidenceOf(task, fact);
    if (evidence.some((id) => opened.has(id))) continue;
    const seen = evidence.filter((id) => shown.has(id));
    return seen.length > 0 ? { kind: 'open', fact, evidence: seen } : { kind: 'search', fact, evidence };
  }
  return { kind: 'answer' };
}
