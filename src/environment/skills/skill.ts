/**
 * What a skill is: endless exercises in two splits, each one prompt with a short answer and an exact scorer. The eight
 * skills stand for the paper's eight out-of-domain benchmarks (Table 2); which they are is `skills.ts`.
 */
import { hash32 } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import type { Split } from '../environment.ts';

export interface Exercise {
  question: string;
  /** A right answer, the one to learn from. */
  answer: string;
  /** Whether a text answers the question; several may. */
  accepts(text: string): boolean;
}

export interface Skill {
  /** Key of results. */
  name: string;
  /** For people. */
  title: string;
  /** The paper's benchmark. */
  standsFor: string;
  /** Exercises of the held-out split never occur in the training split. */
  draw(random: Random, split: Split): Exercise;
}

/** One exercise in five is held out, by a hash of what makes two exercises the same. */
export function splitOf(skill: string, key: string): Split {
  return hash32('skill', skill, key) % 5 === 0 ? 'heldout' : 'train';
}

/** Draws until the exercise is of the split. */
export function drawOfSplit<T extends { key: string }>(
  skill: string,
  split: Split,
  random: Random,
  make: (random: Random) => T,
): T {
  for (;;) {
    const drawn = make(random);
    if (splitOf(skill, drawn.key) === split) return drawn;
  }
}

/** Without case, surrounding space and a closing full stop. */
export const plain = (text: string): string => text.trim().replace(/\.$/, '').toLowerCase();

/** An exercise with one answer, whatever its case. */
export function exact(question: string, answer: string): Exercise {
  return { question, answer, accepts: (text) => plain(text) === plain(answer) };
}
