/**
 * Unit science, for SciCode: converting between units of powers of ten, and which unit measures what. Held out are
 * conversions of other numbers, and of each quantity one phrasing, which is known with others. No number has three
 * digits: those are the helpdesk's order numbers, of which some must never be seen.
 */
import { hash32 } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import type { Split } from '../environment.ts';
import { drawOfSplit, exact, type Exercise, type Skill } from './skill.ts';

/** Large unit, small unit, how many small ones are in a large one, largest number of large ones. */
const CONVERSIONS = [
  ['km', 'm', 1000, 99],
  ['kg', 'g', 1000, 99],
  ['kJ', 'J', 1000, 99],
  ['kV', 'V', 1000, 99],
  ['cm', 'mm', 10, 9],
] as const;

const UNITS = {
  force: 'newton', energy: 'joule', power: 'watt', charge: 'coulomb', voltage: 'volt', current: 'ampere',
  pressure: 'pascal', frequency: 'hertz', resistance: 'ohm', temperature: 'kelvin', length: 'metre', time: 'second',
} as const; // prettier-ignore

const PHRASINGS = [
  'Which unit measures _?',
  'What is the unit of _?',
  'Name the unit of _.',
  'In which unit is _ measured?',
] as const;

function conversion(random: Random): { key: string; question: string; answer: string } {
  const [large, small, factor, most] = random.pick(CONVERSIONS);
  const amount = 1 + random.integer(most);
  const [many, few] = [`${amount * factor} ${small}`, `${amount} ${large}`];
  const [from, to, unit] = random.bool() ? [few, many, small] : [many, few, large];
  return { key: `${from} ${unit}`, question: `Convert ${from} to ${unit}.`, answer: to };
}

function quantity(random: Random, split: Split): { question: string; answer: string } {
  const asked = random.pick(Object.keys(UNITS) as (keyof typeof UNITS)[]);
  const heldOut = PHRASINGS[hash32('units', asked) % PHRASINGS.length]!;
  const phrasing =
    split === 'heldout' ? heldOut : random.pick(PHRASINGS.filter((phrasing) => phrasing !== heldOut));
  return { question: phrasing.replace('_', asked), answer: UNITS[asked] };
}

function draw(random: Random, split: Split): Exercise {
  const { question, answer } = random.bool(0.6)
    ? drawOfSplit('units', split, random, conversion)
    : quantity(random, split);
  const { accepts } = exact(question, answer.replaceAll(' ', ''));
  return { question, answer, accepts: (text) => accepts(text.replaceAll(' ', '')) };
}

export const units: Skill = { name: 'units', title: 'Unit science', standsFor: 'SciCode', draw };
