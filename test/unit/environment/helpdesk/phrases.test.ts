import { describe, expect, it } from 'vitest';
import type { Voice } from '../../../../src/environment/environment.ts';
import { PHRASES } from '../../../../src/environment/helpdesk/phrases.ts';

const sentences = (voice: Voice): string[] => {
  const { opening, voucher, answer } = PHRASES[voice];
  return [...Object.values(opening).flat(), ...voucher, ...answer];
};

describe('what users say', () => {
  it('shares no sentence between pretraining, training and held-out phrasings', () => {
    const all = (['base', 'train', 'heldout'] as const).flatMap((voice) => [...new Set(sentences(voice))]);
    expect(new Set(all).size).toBe(all.length);
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
    const unknown = [...words('heldout')].filter((word) => !known.has(word));
    expect(unknown.length).toBeLessThanOrEqual(5);
  });
});
