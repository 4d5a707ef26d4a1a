/** Draws search tasks: a chain of facts to follow and a corpus of its own. No wording of questions, no behaviour. */
import type { Random } from '../../base/random.ts';
import type { Split } from '../environment.ts';
import { drawChain, drawDocuments } from './corpus.ts';
import type { Fact, SearchDocument } from './corpus.ts';

export interface SearchTask {
  split: Split;
  /** From the name in the question to the answer, each fact's object the next one's subject. */
  chain: Fact[];
  documents: SearchDocument[];
  /** Chooses among the phrasings of the question. */
  phraseSeed: number;
}

/** Numbers of hops, drawn evenly; a hop takes two turns, the answer one. */
const HOPS = [5, 5, 5, 6, 6, 6, 7, 7];

export function drawTask(random: Random, split: Split): SearchTask {
  const chain = drawChain(random, split, random.pick(HOPS));
  return { split, chain, documents: drawDocuments(random, split, chain), phraseSeed: random.uint32() };
}

export function answerOf({ chain }: SearchTask): string {
  return chain.at(-1)!.object;
}
