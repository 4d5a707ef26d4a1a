/**
 * Translation, for WMT24++: one sentence from English to Veli or back. Veli puts the verb last, qualities after their
 * noun, `to` before the object and `ge` before a past verb; it has no articles and one form of noun and verb, and a
 * number stands where a quality would. Held out are other sentences of known words.
 */
import type { Random } from '../../base/random.ts';
import { drawOfSplit, plain, type Skill } from './skill.ts';
import { VELI } from './veli.ts';

const NOUNS = ['cat', 'dog', 'bird', 'horse', 'ant', 'spider', 'girl', 'boy', 'king', 'ship'] as const;
const QUALITIES = [
  'hot', 'cold', 'big', 'small', 'old', 'young', 'fast', 'slow', 'wet', 'dry',
  'white', 'green', 'red', 'blue', 'black', 'yellow', 'brown', 'grey',
] as const; // prettier-ignore
const PAST = {
  sees: 'saw', hears: 'heard', finds: 'found', follows: 'followed', likes: 'liked', carries: 'carried',
} as const; // prettier-ignore
const NUMBERS = { two: 'du', three: 'tesi' } as const;

const sentence = (words: string): string => `${words[0]!.toUpperCase()}${words.slice(1)}.`;

/** One sentence in both languages. */
export function sentencePair(random: Random): { english: string; veli: string } {
  const [subject, object] = random.shuffle(NOUNS) as [(typeof NOUNS)[number], (typeof NOUNS)[number]];
  const subjectQuality = random.bool() ? random.pick(QUALITIES) : null;
  const objectQuality = random.bool(0.4) ? random.pick(QUALITIES) : null;
  const number =
    !objectQuality && random.bool() ? random.pick(Object.keys(NUMBERS) as (keyof typeof NUMBERS)[]) : null;
  const verb = random.pick(Object.keys(PAST) as (keyof typeof PAST)[]);
  const isPast = random.bool();
  const english = [
    'the',
    ...(subjectQuality ? [subjectQuality] : []),
    subject,
    isPast ? PAST[verb] : verb,
    ...(number ? [number, `${object}s`] : ['the', ...(objectQuality ? [objectQuality] : []), object]),
  ];
  const veli = [
    VELI[subject],
    ...(subjectQuality ? [VELI[subjectQuality]] : []),
    'to',
    VELI[object],
    ...(objectQuality ? [VELI[objectQuality]] : number ? [NUMBERS[number]] : []),
    ...(isPast ? ['ge'] : []),
    VELI[verb],
  ];
  return { english: sentence(english.join(' ')), veli: sentence(veli.join(' ')) };
}

/** Veli says nothing of articles, so English may take either or none. */
const withoutArticles = (text: string): string =>
  plain(text)
    .split(/\s+/)
    .filter((word) => !['the', 'a', 'an'].includes(word))
    .join(' ');

export const translation: Skill = {
  name: 'translation',
  title: 'Translation',
  standsFor: 'WMT24++',
  draw(random, split) {
    const { english, veli } = drawOfSplit('translation', split, random, (random) => {
      const pair = sentencePair(random);
      return { ...pair, key: pair.english };
    });
    const [language, from, to] = random.bool() ? ['Veli', english, veli] : ['English', veli, english];
    return {
      question: `Translate to ${language}: ${from}`,
      answer: to,
      accepts: (text) => withoutArticles(text) === withoutArticles(to),
    };
  },
};
