/** What can be asked of each kind of thing, and the sentences that say it. Nothing about tasks. */
import type { Kind } from './names.ts';

interface Definition {
  of: Kind;
  is: Kind;
  /** {s} the subject, whose relation it is, and {o} the object, who or what it is. */
  sentences: readonly string[];
}

export const RELATIONS = {
  teacher: { of: 'person', is: 'person', sentences: ['{o} taught {s}.', '{s} learned from {o}.'] },
  mother: { of: 'person', is: 'person', sentences: ['{o} is the mother of {s}.', '{s} is a child of {o}.'] },
  firm: { of: 'person', is: 'firm', sentences: ['{s} works for {o}.', '{o} pays {s}.'] },
  home: { of: 'person', is: 'city', sentences: ['{s} lives in {o}.', '{o} is home to {s}.'] },
  book: { of: 'person', is: 'book', sentences: ['{s} loves {o}.', '{s} reads {o} again.'] },
  seat: { of: 'firm', is: 'city', sentences: ['{s} is in {o}.', '{o} is where {s} is.'] },
  owner: { of: 'firm', is: 'person', sentences: ['{o} owns {s}.', '{s} belongs to {o}.'] },
  supplier: { of: 'firm', is: 'firm', sentences: ['{s} buys from {o}.', '{o} sells to {s}.'] },
  country: { of: 'city', is: 'country', sentences: ['{s} is a city of {o}.', '{s} lies in {o}.'] },
  mayor: { of: 'city', is: 'person', sentences: ['{o} runs {s}.', '{s} is run by {o}.'] },
  capital: { of: 'country', is: 'city', sentences: ['{o} is first in {s}.', '{s} is led from {o}.'] },
  ruler: { of: 'country', is: 'person', sentences: ['{o} rules {s}.', '{s} is ruled by {o}.'] },
  author: { of: 'book', is: 'person', sentences: ['{o} wrote {s}.', '{s} is by {o}.'] },
  printer: { of: 'book', is: 'firm', sentences: ['{o} printed {s}.', '{s} comes from {o}.'] },
} as const satisfies Record<string, Definition>;

export type Relation = keyof typeof RELATIONS;
export const RELATION_NAMES = Object.keys(RELATIONS) as Relation[];

export function relationsOf(kind: Kind): Relation[] {
  return RELATION_NAMES.filter((name) => RELATIONS[name].of === kind);
}
