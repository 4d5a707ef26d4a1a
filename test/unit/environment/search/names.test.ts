import { describe, expect, it } from 'vitest';
import { KINDS, NAMES, namesOf } from '../../../../src/environment/search/names.ts';
import { PHRASES } from '../../../../src/environment/search/phrases.ts';

const VOICES = ['base', 'train', 'heldout'] as const;
const counts = (names: readonly string[], piece: (name: string) => string) => {
  const count = new Map<string, number>();
  for (const name of names) count.set(piece(name), (count.get(piece(name)) ?? 0) + 1);
  return count;
};

describe('the split of the search world’s names', () => {
  it('shares no name and loses none, about one in five held out of each kind', () => {
    for (const kind of KINDS) {
      const { train, heldout } = { train: NAMES.train[kind], heldout: NAMES.heldout[kind] };
      expect([...train, ...heldout].sort()).toEqual(namesOf(kind).sort());
      const share = heldout.length / namesOf(kind).length;
      expect(share).toBeGreaterThan(0.1);
      expect(share).toBeLessThan(0.35);
    }
    expect(new Set(KINDS.flatMap(namesOf)).size).toBe(KINDS.flatMap(namesOf).length);
  });

  it('knows every beginning and ending from training, in its place, many times', () => {
    const train = KINDS.flatMap((kind) => NAMES.train[kind]);
    const heldout = KINDS.flatMap((kind) => NAMES.heldout[kind]);
    for (const piece of [(name: string) => name.slice(0, 2), (name: string) => name.slice(2)]) {
      const known = counts(train, piece);
      for (const part of counts(heldout, piece).keys()) {
        expect(known.get(part) ?? 0, part).toBeGreaterThanOrEqual(8);
      }
      for (const part of known.keys()) expect(counts(heldout, piece).has(part), part).toBe(true);
    }
  });
});

describe('the questions of the search world', () => {
  it('share no sentence between pretraining, training and held-out phrasings', () => {
    const all = VOICES.flatMap((voice) => PHRASES[voice].map(({ sentence }) => sentence));
    expect(new Set(all).size).toBe(all.length);
  });

  it('use held out only words and joints that training or pretraining knows, apart from a few', () => {
    const of = (...voices: (typeof VOICES)[number][]) => voices.flatMap((voice) => PHRASES[voice]);
    const words = (voices: ReturnType<typeof of>) =>
      new Set(voices.flatMap(({ sentence }) => sentence.toLowerCase().match(/[a-z]+/g)!));
    const known = words(of('base', 'train'));
    expect([...words(of('heldout'))].filter((word) => !known.has(word)).length).toBeLessThanOrEqual(5);
    const joints = new Set(of('base', 'train').map(({ joint }) => joint));
    for (const { joint } of of('heldout')) expect(joints).toContain(joint);
  });
});
