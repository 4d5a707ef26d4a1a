/**
 * Exercises that teach copying, which a model of this size learns late and which every argument of a call needs:
 * listing, looking up, reversing. For pretraining; no study counts them.
 */
import type { Random } from '../../base/random.ts';
import { CITIES, ITEMS, ORDER_IDS } from '../helpdesk/world.ts';

export interface CopyExercise {
  question: string;
  answer: string;
}

/** All nouns of the helpdesk, of both splits: here they are mere words to copy. */
const WORDS = [...ITEMS, ...CITIES];
const [ONSETS, VOWELS, ENDS] = [
  'b c d f g h j k l m n p r s t v w z st tr ch',
  'a e i o u ai oo',
  'n r t k l m s nd p',
].map((letters) => letters.split(' ')) as [string[], string[], string[]];

/** A word that means nothing, of one to three syllables: names that nobody has seen must be copied too. */
function coinedWord(random: Random): string {
  const syllable = () => random.pick(ONSETS) + random.pick(VOWELS) + (random.bool() ? random.pick(ENDS) : '');
  const word = Array.from({ length: 1 + random.integer(3) }, syllable).join('');
  return random.bool(0.3) ? word[0]!.toUpperCase() + word.slice(1) : word;
}

const anyWord = (random: Random): string => (random.bool() ? random.pick(WORDS) : coinedWord(random));

function wordOrNumber(random: Random, numbers = 0.25): string {
  return random.bool(numbers) ? String(random.pick(ORDER_IDS.train)) : anyWord(random);
}

/** Different words. */
function drawWords(random: Random, count: number): string[] {
  const words = new Set<string>();
  while (words.size < count) words.add(anyWord(random));
  return [...words];
}

/** The answer is a list as in JSON, where a word is another token than in prose: arguments are copied so. */
export function listing(random: Random): CopyExercise {
  const items = Array.from({ length: 2 + random.integer(6) }, () => wordOrNumber(random));
  const listed = items.map((item) => (/^\d/.test(item) ? item : `"${item}"`));
  return { question: `List ${items.join(' ')}.`, answer: `List: [${listed.join(', ')}]` };
}

export function lookup(random: Random): CopyExercise {
  const words = drawWords(random, 2 + random.integer(3));
  const values = words.map(() => wordOrNumber(random, 0.7));
  const asked = random.integer(words.length);
  const pairs = words.map((word, index) => `${word}: ${values[index]}`).join(', ');
  return { question: `${pairs}. Get ${words[asked]}.`, answer: values[asked]! };
}

export function reversing(random: Random): CopyExercise {
  const words = drawWords(random, 2 + random.integer(4));
  return { question: `Reverse ${words.join(' ')}.`, answer: words.toReversed().join(' ') };
}

export function copyExercise(random: Random): CopyExercise {
  return random.pick([listing, listing, lookup, reversing])(random);
}
