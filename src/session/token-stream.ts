/**
 * Documents as one array of 16-bit numbers, small enough to carry to the machine that trains: the token id in the
 * low 14 bits, above them whether the assistant writes it and whether a document begins. Also which documents share a
 * row; what is done with rows is `pretrain.ts`.
 */
import { assert } from '../base/errors.ts';
import type { Random } from '../base/random.ts';

/** A document as the model sees it. */
export interface TokenDocument {
  ids: number[];
  /** Whether the assistant writes the token (its end-of-turn token included). */
  isAction: boolean[];
}

const STARTS = 0x8000;
const ACTION = 0x4000;
const ID = 0x3fff;

export function packTokens(documents: readonly TokenDocument[]): Uint16Array {
  const size = documents.reduce((sum, { ids }) => sum + ids.length, 0);
  const packed = new Uint16Array(size);
  let at = 0;
  for (const { ids, isAction } of documents)
    ids.forEach((id, i) => {
      assert(id <= ID, `token ${id} fits 14 bits`);
      packed[at++] = id | (isAction[i] ? ACTION : 0) | (i === 0 ? STARTS : 0);
    });
  return packed;
}

export const idOfToken = (packed: number): number => packed & ID;
export const isActionToken = (packed: number): boolean => (packed & ACTION) !== 0;

/** Where each document begins, and at last where all end. */
export function documentStarts(packed: Uint16Array): number[] {
  const starts: number[] = [];
  packed.forEach((token, at) => {
    if (token & STARTS) starts.push(at);
  });
  starts.push(packed.length);
  return starts;
}

/** Rows that are still open; more of them waste less room and cost more time. */
const OPEN_ROWS = 32;

/**
 * All documents in a random order, each in the first open row with room for it. Those longer than a row are cut.
 * @returns the documents' numbers of each row
 */
export function packRows(starts: readonly number[], rowTokens: number, random: Random): number[][] {
  const order = random.shuffle(Array.from({ length: starts.length - 1 }, (_, index) => index));
  const rows: number[][] = [];
  let open: { documents: number[]; room: number }[] = [];
  for (const document of order) {
    const length = Math.min(rowTokens, starts[document + 1]! - starts[document]!);
    let row = open.find(({ room }) => room >= length);
    if (!row) {
      row = { documents: [], room: rowTokens };
      open.push(row);
      rows.push(row.documents);
      if (open.length > OPEN_ROWS) open.shift();
    }
    row.documents.push(document);
    row.room -= length;
    if (!row.room) open = open.filter((other) => other !== row);
  }
  return rows;
}
