/**
 * What the base model reads: for each source an endless, seeded stream of chat documents, and its share of all tokens.
 * Only training splits occur. Rendering, packing and the order of documents are the trainer's.
 */
import { Random } from '../../base/random.ts';
import { noviceDocument, type Document } from '../demonstrations.ts';
import { skills } from '../skills/skills.ts';
import { worlds } from '../worlds.ts';
import { copyExercise } from './copying.ts';

export interface Source {
  name: string;
  document(random: Random): Document | Promise<Document>;
}

/** A question and its answer. */
const dialogue = ({ question, answer }: { question: string; answer: string }): Document => ({
  tools: [],
  messages: [
    { role: 'user', content: question, isTrainable: false },
    { role: 'assistant', content: answer, isTrainable: true },
  ],
});

export const sources: readonly Source[] = [
  ...worlds.map((world) => ({
    name: world.name,
    document: (random: Random) => noviceDocument(world, random),
  })),
  ...skills.map((skill) => ({
    name: skill.name,
    document: (random: Random) => dialogue(skill.draw(random, 'train')),
  })),
  { name: 'copying', document: (random: Random) => dialogue(copyExercise(random)) },
];

/**
 * Parts of the tokens. Skills are to be learned well and the worlds' tasks only partly; what few words of a skill can
 * teach needs few tokens.
 */
export const SHARES: Record<string, number> = {
  helpdesk: 12,
  shell: 13,
  repair: 14,
  search: 15,
  instructions: 5,
  arithmetic: 8,
  algebra: 7,
  programs: 7,
  units: 2,
  facts: 2,
  'veli-facts': 2,
  translation: 5,
  copying: 8,
};

/** Document number `index` of a source; the same arguments give the same document. */
export async function pretrainingDocument(source: Source, seed: number, index: number): Promise<Document> {
  return source.document(new Random(seed).fork('pretraining', source.name, index));
}
