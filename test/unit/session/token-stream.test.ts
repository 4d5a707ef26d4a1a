import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/base/random.ts';
import {
  documentStarts, idOfToken, isActionToken, packRows, packTokens, type TokenDocument,
} from '../../../src/session/token-stream.ts'; // prettier-ignore

const documents = fc.array(
  fc
    .array(fc.tuple(fc.integer({ min: 0, max: 0x3fff }), fc.boolean()), { minLength: 1, maxLength: 20 })
    .map((tokens): TokenDocument => ({
      ids: tokens.map(([id]) => id),
      isAction: tokens.map(([, is]) => is),
    })),
  { minLength: 1, maxLength: 30 },
);

describe('the packed token stream', () => {
  it('reads back as the documents that were packed', () => {
    fc.assert(
      fc.property(documents, (all) => {
        const packed = packTokens(all);
        const starts = documentStarts(packed);
        const read = starts.slice(0, -1).map((start, index): TokenDocument => {
          const tokens = [...packed.subarray(start, starts[index + 1])];
          return { ids: tokens.map(idOfToken), isAction: tokens.map(isActionToken) };
        });
        expect(read).toEqual(all);
      }),
    );
  });

  it('refuses ids that it has no room for', () => {
    expect(() => packTokens([{ ids: [0x4000], isAction: [false] }])).toThrow();
  });

  it('puts every document into one row, and no more into a row than it holds', () => {
    fc.assert(
      fc.property(documents, fc.integer({ min: 5, max: 60 }), (all, rowTokens) => {
        const starts = documentStarts(packTokens(all));
        const rows = packRows(starts, rowTokens, new Random(1));
        expect(rows.flat().sort((a, b) => a - b)).toEqual(all.map((_, index) => index));
        for (const row of rows) {
          const lengths = row.map((index) => Math.min(rowTokens, all[index]!.ids.length));
          expect(lengths.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(rowTokens);
        }
      }),
    );
  });

  it('wastes little room where documents are much shorter than rows, in an order that the seed gives', () => {
    const all = Array.from({ length: 3000 }, (_, i) => ({
      ids: new Array<number>(10 + ((i * 37) % 150)).fill(1),
      isAction: new Array<boolean>(10 + ((i * 37) % 150)).fill(true),
    }));
    const packed = packTokens(all);
    const starts = documentStarts(packed);
    const rows = packRows(starts, 768, new Random(1));
    expect(packed.length / (rows.length * 768)).toBeGreaterThan(0.95);
    expect(packRows(starts, 768, new Random(1))).toEqual(rows);
    expect(packRows(starts, 768, new Random(2))).not.toEqual(rows);
  });
});
