/**
 * The documents of one task: a chain of facts that leads to the answer, second documents of some of them, and
 * distractors. For a subject and a relation there is exactly one object.
 */
import type { Random } from '../../base/random.ts';
import type { Split } from '../environment.ts';
import type { Kind } from './names.ts';
import { NAMES } from './names.ts';
import type { Relation } from './relations.ts';
import { RELATIONS, relationsOf } from './relations.ts';

export interface Fact {
  subject: string;
  relation: Relation;
  object: string;
}

/** One sentence about one fact; the title names the fact and keeps its object to itself. */
export interface SearchDocument {
  id: number;
  title: string;
  text: string;
}

/** Share of facts of the chain that a second document tells as well. */
const TWIN = 0.25;
/** Most distractors about one thing of the chain, and those about others altogether. */
const MOST_NEAR = 2;
const FEWEST_FAR = 7;
const MOST_FAR = 11;
const LOWEST_ID = 10;
const HIGHEST_ID = 99;

/** A walk over distinct relations and distinct names. */
export function drawChain(random: Random, split: Split, hops: number): Fact[] {
  const facts: Fact[] = [];
  let kind: Kind = 'person';
  let subject = random.pick(NAMES[split].person);
  const names = new Set([subject]);
  while (facts.length < hops) {
    const unused: Relation[] = relationsOf(kind).filter(
      (name) => !facts.some(({ relation }) => relation === name),
    );
    // A dead end is rare: every kind leads to people, of whom most can be asked.
    if (unused.length === 0) return drawChain(random, split, hops);
    const relation = random.pick(unused);
    kind = RELATIONS[relation].is;
    const object = random.pick(NAMES[split][kind].filter((name) => !names.has(name)));
    facts.push({ subject, relation, object });
    names.add(object);
    subject = object;
  }
  return facts;
}

/** Documents of the chain's facts and of others, in any order, under any two-digit numbers. */
export function drawDocuments(random: Random, split: Split, chain: readonly Fact[]): SearchDocument[] {
  const told = chain.flatMap((fact) => (random.bool(TWIN) ? [fact, fact] : [fact]));
  const facts = random.shuffle([...told, ...drawDistractors(random, split, chain)]);
  const ids = random.shuffle(Array.from({ length: HIGHEST_ID - LOWEST_ID + 1 }, (_, i) => LOWEST_ID + i));
  return facts.map((fact, index) => ({ id: ids[index]!, title: titleOf(fact), text: tell(fact, random) }));
}

function drawDistractors(random: Random, split: Split, chain: readonly Fact[]): Fact[] {
  const distractors: Fact[] = [];
  const taken = new Set(chain.map(titleOf));
  const add = (subject: string, kind: Kind) => {
    const relation = random.pick(relationsOf(kind));
    const object = random.pick(NAMES[split][RELATIONS[relation].is].filter((name) => name !== subject));
    const fact = { subject, relation, object };
    if (taken.has(titleOf(fact))) return;
    taken.add(titleOf(fact));
    distractors.push(fact);
  };
  for (const { subject, relation } of chain) {
    for (let count = random.integer(MOST_NEAR + 1); count > 0; count--) add(subject, RELATIONS[relation].of);
  }
  const far = FEWEST_FAR + random.integer(MOST_FAR - FEWEST_FAR + 1);
  for (let index = 0; index < far; index++) {
    const kind = RELATIONS[random.pick(chain).relation].of;
    add(random.pick(NAMES[split][kind]), kind);
  }
  return distractors;
}

export function titleOf({ subject, relation }: Fact): string {
  return `${subject} ${relation}`;
}

function tell({ subject, relation, object }: Fact, random: Random): string {
  return random.pick(RELATIONS[relation].sentences).replace('{s}', subject).replace('{o}', object);
}
