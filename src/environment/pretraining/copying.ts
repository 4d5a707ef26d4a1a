/**
 * Exercises that teach copying, which a model of this size learns late and which every argument of a call needs:
 * listing, looking up, reversing. For pretraining only; nobody measures them.
 */
import type { Random } from '../../base/random.ts';
import { CITIES, ITEMS, ORDER_IDS } from '../helpdesk/world.ts';

export interface CopyExercise {
  question: string;
  answer: string;
}

/** All nouns of the helpdesk, of both splits: here they are mere words to copy. */
const WORDS = [...ITEMS, ...CITIES];

function wordOrNumber(random: Random, numbers = 0.25): string {
  return random.bool(numbers) ? String(random.pick(ORDER_IDS.train)) : random.pick(WORDS);
}

/** The answer is a list as in JSON, where a word is another token than in prose: arguments are copied so. */
export function listing(random: Random): CopyExercise {
  const items = Array.from({ length: 2 + random.integer(6) }, () => wordOrNumber(random));
  const listed = items.map((item) => (/^\d/.test(item) ? item : `"${item}"`));
  return { question: `List ${items.join(' ')}.`, answer: `List: [${listed.join(', ')}]` };
}

export function lookup(random: Random): CopyExercise {
  const words = random.shuffle(WORDS).slice(0, 2 + random.integer(3));
  const values = words.map(() => wordOrNumber(random, 0.7));
  const asked = random.integer(words.length);
  const pairs = words.map((word, index) => `${word}: ${values[index]}`).join(', ');
  return { question: `${pairs}. Get ${words[asked]}.`, answer: values[asked]! };
}

export function reversing(random: Random): CopyExercise {
  const words = random.shuffle(WORDS).slice(0, 2 + random.integer(4));
  return { question: `Reverse ${words.join(' ')}.`, answer: words.toReversed().join(' ') };
}

export function copyExercise(random: Random): CopyExercise {
  return random.pick([listing, listing, lookup, reversing])(random);
}
