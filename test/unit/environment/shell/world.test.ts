import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/base/random.ts';
import type { Voice } from '../../../../src/environment/environment.ts';
import { PHRASES } from '../../../../src/environment/shell/phrases.ts';
import { drawTask } from '../../../../src/environment/shell/task.ts';
import {
  FOLDERS,
  SPLIT_FOLDERS,
  SPLIT_STEMS,
  SPLIT_WORDS,
  STEMS,
  WORDS,
} from '../../../../src/environment/shell/world.ts';

const pools = [
  [FOLDERS, SPLIT_FOLDERS],
  [STEMS, SPLIT_STEMS],
  [WORDS, SPLIT_WORDS],
] as const;

describe('the entities of the shell world', () => {
  it('are split without sharing or losing any', () => {
    for (const [all, { train, heldout }] of pools) {
      expect(train.length + heldout.length).toBe(all.length);
      expect(new Set([...train, ...heldout])).toEqual(new Set(all));
      expect(heldout.length).toBeGreaterThanOrEqual(4);
      expect(train.length).toBeGreaterThan(1.5 * heldout.length);
    }
  });

  it('hide in no other, so that a plain grep finds whole words', () => {
    for (const word of WORDS) {
      for (const other of [...WORDS, ...FOLDERS, ...STEMS]) {
        if (other !== word) expect(other).not.toContain(word);
      }
    }
  });

  it('are those of the task’s split alone', () => {
    for (const split of ['train', 'heldout'] as const) {
      for (let index = 0; index < 200; index++) {
        const { tree, folder, newName, word, other } = drawTask(new Random(index), split);
        const stem = (path: string) => path.replace(/^.*\/|\.\w+$/g, '');
        for (const path of [...Object.keys(tree.files), newName])
          expect(SPLIT_STEMS[split]).toContain(stem(path));
        for (const name of [...tree.folders, folder]) expect(SPLIT_FOLDERS[split]).toContain(name);
        const words = Object.values(tree.files)
          .join('')
          .match(/[a-z]+/g)!;
        for (const name of [...words, word, other]) expect(SPLIT_WORDS[split]).toContain(name);
      }
    }
  });
});

describe('what users of the shell world say', () => {
  const sentences = (voice: Voice) => Object.values(PHRASES[voice]).flat();

  it('shares no sentence between pretraining, training and held-out phrasings', () => {
    const all = (['base', 'train', 'heldout'] as const).flatMap(sentences);
    expect(new Set(all.map((sentence) => sentence.toLowerCase())).size).toBe(all.length);
  });

  it('names in every phrasing of a request the same things', () => {
    const slots = (sentence: string) => [...new Set(sentence.match(/\{\w+\}/g))].sort().join();
    for (const request of Object.keys(PHRASES.base) as (keyof typeof PHRASES.base)[]) {
      const named = (['base', 'train', 'heldout'] as const).flatMap((voice) =>
        PHRASES[voice][request].map(slots),
      );
      expect(new Set(named).size, request).toBe(1);
    }
  });

  it('uses held out only words that training or pretraining knows, apart from a few', () => {
    const words = (voice: Voice) =>
      new Set(
        sentences(voice)
          .join(' ')
          .toLowerCase()
          .match(/[a-z]+/g),
      );
    const known = new Set([...words('base'), ...words('train')]);
    expect([...words('heldout')].filter((word) => !known.has(word)).length).toBeLessThanOrEqual(5);
  });
});
