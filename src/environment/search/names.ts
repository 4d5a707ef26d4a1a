/**
 * The names of the search world: invented, each a beginning and an ending that tells the kind. Split by hash, one name
 * in five held out; every held-out name is put together from pieces that training knows in the same places.
 */
import { hash32 } from '../../base/random.ts';
import type { Split } from '../environment.ts';

const BEGINNINGS = [
  'Al', 'Be', 'Da', 'Fi', 'Go', 'Ka', 'Lu', 'Mo', 'Ne', 'Pa', 'Ro', 'Su', 'Ti', 'Va', 'Ye', 'Zo',
]; // prettier-ignore

const ENDINGS = {
  person: ['na', 'ri', 'la', 'mo', 'ko', 'vi'],
  firm: ['tec', 'corp', 'dex', 'bank'],
  city: ['ton', 'burg', 'port', 'ville'],
  country: ['land', 'stan', 'nia'],
  book: ['saga', 'song', 'tale'],
} as const;

export type Kind = keyof typeof ENDINGS;
export const KINDS = Object.keys(ENDINGS) as Kind[];

export function splitOf(name: string): Split {
  return hash32('search names', name) % 5 === 0 ? 'heldout' : 'train';
}

/** All names of a kind. */
export function namesOf(kind: Kind): string[] {
  return BEGINNINGS.flatMap((beginning) => ENDINGS[kind].map((ending) => beginning + ending));
}

const namesOfSplit = (split: Split) =>
  Object.fromEntries(
    KINDS.map((kind) => [kind, namesOf(kind).filter((name) => splitOf(name) === split)]),
  ) as Record<Kind, string[]>;

export const NAMES: Record<Split, Record<Kind, string[]>> = {
  train: namesOfSplit('train'),
  heldout: namesOfSplit('heldout'),
};
