/**
 * Instruction following, for IFBench: name some things of a kind, under constraints on number, case, joints and
 * brackets, with one thing forbidden now and then. Any answer that keeps them all is right. Held out are combinations
 * of constraints.
 */
import type { Random } from '../../base/random.ts';
import { drawOfSplit, type Exercise, type Skill } from './skill.ts';

const KINDS: Record<string, readonly string[]> = {
  colour: ['red', 'blue', 'green', 'white', 'black', 'yellow', 'brown', 'grey'],
  animal: ['cat', 'dog', 'horse', 'bird', 'cow', 'fox', 'wolf', 'bear'],
  fruit: ['apple', 'pear', 'plum', 'fig', 'peach', 'melon', 'cherry', 'grape'],
  metal: ['iron', 'gold', 'silver', 'copper', 'tin', 'lead', 'zinc', 'steel'],
  drink: ['tea', 'milk', 'water', 'juice', 'coffee', 'cocoa', 'wine', 'beer'],
};
const COUNTS = ['one', 'two', 'three'] as const;
const JOINTS = { commas: ', ', dashes: '-', and: ' and ' } as const;

interface Constraints {
  kind: string;
  /** 1 … 3 */
  count: number;
  inCapitals: boolean;
  /** Between the words; of no meaning for one. */
  joint: keyof typeof JOINTS;
  inBrackets: boolean;
}

function drawConstraints(random: Random): Constraints & { key: string } {
  const constraints = {
    kind: random.pick(Object.keys(KINDS)),
    count: 1 + random.integer(COUNTS.length),
    inCapitals: random.bool(),
    joint: random.pick(Object.keys(JOINTS) as (keyof typeof JOINTS)[]),
    inBrackets: random.bool(),
  };
  return { ...constraints, key: wording(constraints, '') };
}

function wording({ kind, count, inCapitals, joint, inBrackets }: Constraints, exception: string): string {
  return [
    `Name ${COUNTS[count - 1]} ${kind}${count > 1 ? 's' : ''}${exception}`,
    ...(inCapitals ? ['in capitals'] : []),
    ...(count > 1 ? [`joined by ${joint}`] : []),
    ...(inBrackets ? ['in brackets'] : []),
  ].join(', ');
}

function draw(random: Random, split: 'train' | 'heldout'): Exercise {
  const constraints = drawOfSplit('instructions', split, random, drawConstraints);
  const { kind, count, inCapitals, joint, inBrackets } = constraints;
  const [forbidden, ...allowed] = random.shuffle(KINDS[kind]!);
  // Those of the answer in the order of the list, so that what was named is easily known.
  const named = KINDS[kind]!.filter((word) => allowed.slice(0, count).includes(word));
  const hasException = random.bool(0.3);
  const spell = (word: string) => (inCapitals ? word.toUpperCase() : word);
  const words = new Set((hasException ? allowed : KINDS[kind]!).map(spell));
  const joined = named.map(spell).join(JOINTS[joint]);
  return {
    question: `${wording(constraints, hasException ? ` but not ${forbidden}` : '')}.`,
    answer: inBrackets ? `(${joined})` : joined,
    accepts(text) {
      const inner = inBrackets ? /^\((.*)\)$/.exec(text.trim())?.[1] : text.trim();
      const parts = inner?.split(count > 1 ? JOINTS[joint] : /(?!)/) ?? [];
      return (
        parts.length === count && new Set(parts).size === count && parts.every((part) => words.has(part))
      );
    },
  };
}

export const instructions: Skill = {
  name: 'instructions',
  title: 'Instruction following',
  standsFor: 'IFBench',
  draw,
};
