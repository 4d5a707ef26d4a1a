import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/base/random.ts';
import type { Voice } from '../../../../src/environment/environment.ts';
import { PHRASES } from '../../../../src/environment/repair/phrases.ts';
import { repair } from '../../../../src/environment/repair/repair.ts';
import {
  FILE_STEMS,
  FUNCTION_NAMES,
  SPLIT_FILES,
  SPLIT_FUNCTIONS,
} from '../../../../src/environment/repair/words.ts';

const sentences = (voice: Voice): string[] => Object.values(PHRASES[voice]).flat();
const wordsOf = (texts: readonly string[]) =>
  new Set(
    texts
      .join(' ')
      .toLowerCase()
      .match(/[a-z]+/g),
  );

describe('the words of the repair world', () => {
  it('share no function or file between the splits and lose none', () => {
    for (const [all, { train, heldout }] of [
      [FUNCTION_NAMES, SPLIT_FUNCTIONS],
      [FILE_STEMS, SPLIT_FILES],
    ] as const) {
      expect(new Set(all).size).toBe(all.length);
      expect(new Set([...train, ...heldout])).toEqual(new Set(all));
      expect(train.length + heldout.length).toBe(all.length);
      expect(heldout.length).toBeGreaterThan(3);
      expect(train.length).toBeGreaterThan(2 * heldout.length);
    }
  });

  it('are used by tasks of their split only', () => {
    for (const split of ['train', 'heldout'] as const) {
      for (let index = 0; index < 200; index++) {
        const { functions } = repair.drawTask(new Random(index), split);
        for (const { name, file } of functions) {
          expect(SPLIT_FUNCTIONS[split]).toContain(name);
          expect(SPLIT_FILES[split]).toContain(file.replace('.js', ''));
        }
      }
    }
  });

  it('tell an issue in disjoint sentences in pretraining, training and held-out', () => {
    const all = (['base', 'train', 'heldout'] as const).flatMap(sentences);
    expect(new Set(all).size).toBe(all.length);
  });

  it('are known from pretraining or training in held-out issues, apart from a few', () => {
    const known = wordsOf([...sentences('base'), ...sentences('train')]);
    const unknown = [...wordsOf(sentences('heldout'))].filter((word) => !known.has(word));
    expect(unknown.length).toBeLessThanOrEqual(5);
  });

  it('never name a function like a word of an issue', () => {
    const said = wordsOf((['base', 'train', 'heldout'] as const).flatMap(sentences));
    expect([...FUNCTION_NAMES, ...FILE_STEMS].filter((word) => said.has(word))).toEqual([]);
  });
});
