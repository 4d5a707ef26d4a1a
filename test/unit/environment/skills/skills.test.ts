import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/base/random.ts';
import type { Split } from '../../../../src/environment/environment.ts';
import { algebra } from '../../../../src/environment/skills/algebra.ts';
import { arithmetic } from '../../../../src/environment/skills/arithmetic.ts';
import { facts, veliFacts } from '../../../../src/environment/skills/facts.ts';
import { instructions } from '../../../../src/environment/skills/instructions.ts';
import { programs } from '../../../../src/environment/skills/programs.ts';
import type { Exercise, Skill } from '../../../../src/environment/skills/skill.ts';
import { skills } from '../../../../src/environment/skills/skills.ts';
import { translation } from '../../../../src/environment/skills/translation.ts';
import { units } from '../../../../src/environment/skills/units.ts';
import { VELI } from '../../../../src/environment/skills/veli.ts';

const drawn = (skill: Skill, split: Split = 'train', count = 400): Exercise[] =>
  Array.from({ length: count }, (_, index) => skill.draw(new Random('skills-test').fork(index), split));

/** Of words asked and answered, what is not free: an order of terms, a choice of words. */
const sameExercise: Record<string, (exercise: Exercise) => string> = {
  instructions: ({ question }) => question.replace(/ but not \w+/, ''),
  arithmetic: ({ question }) => (question.match(/\d+|last|-/g) ?? []).sort().join(),
  algebra: ({ question }) => question.replace(/(\d+) \+ x/, 'x + $1'),
};

describe.each(skills.map((skill) => [skill.name, skill] as const))('the skill %s', (_, skill) => {
  it('accepts its own answers, in any surrounding space', () => {
    for (const { answer, accepts, question } of drawn(skill)) {
      expect(accepts(answer), question).toBe(true);
      expect(accepts(` ${answer}\n`), question).toBe(true);
    }
  });

  it('refuses nothing, the question and other answers', () => {
    const all = drawn(skill);
    for (const [index, { question, accepts, answer }] of all.entries()) {
      for (const text of ['', ' ', question, `${answer} ${answer}`, `not ${answer}`])
        expect(accepts(text), `${question} ${text}`).toBe(false);
      const other = all[(index + 1) % all.length]!;
      // Whoever accepts another's answer gives it too: nothing is right by chance of spelling.
      if (skill !== instructions && accepts(other.answer)) expect(other.accepts(answer)).toBe(true);
    }
  });

  it('is the same for the same seed', () => {
    const shown = () => drawn(skill, 'train', 30).map(({ question, answer }) => [question, answer]);
    expect(shown()).toEqual(shown());
  });

  it('holds exercises out: none occurs in training', () => {
    const same = sameExercise[skill.name] ?? (({ question }: Exercise) => question);
    const train = new Set(drawn(skill, 'train', 6000).map(same));
    const heldout = new Set(drawn(skill, 'heldout', 1500).map(same));
    expect(heldout.size).toBeGreaterThanOrEqual(20);
    expect([...heldout].filter((key) => train.has(key))).toEqual([]);
  });

  it('shows every word and digit of a held-out exercise in training', () => {
    const words = (split: Split, count: number) =>
      new Set(
        drawn(skill, split, count).flatMap(
          ({ question, answer }) => `${question} ${answer}`.match(/[A-Za-z]+|\d/g) ?? [],
        ),
      );
    const known = words('train', 6000);
    expect([...words('heldout', 1500)].filter((word) => !known.has(word))).toEqual([]);
  });

  it('asks no number of three digits, which could be a held-out order', () => {
    for (const { question, answer } of drawn(skill))
      expect(`${question} ${answer}`).not.toMatch(/(?<!\d)\d{3}(?!\d)/);
  });
});

describe('right answers, computed anew', () => {
  it('to arithmetic', () => {
    for (const { question, answer } of drawn(arithmetic)) {
      const [a, b, c = 0] = question.match(/\d+/g)!.map(Number) as [number, number, number?];
      const value = question.includes('-') ? a - b : a + b + c;
      expect(Number(answer), question).toBe(question.includes('last digit') ? value % 10 : value);
    }
  });

  it('to equations, by putting the solution in', () => {
    for (const { question, answer, accepts } of drawn(algebra)) {
      const x = Number(/^x = (\d+)$/.exec(answer)![1]);
      const [left, right] = /Solve (.*) = (.*)\./.exec(question)!.slice(1) as [string, string];
      const [first, sign, second] = left
        .split(' ')
        .map((term) => (term === 'x' ? x : Number.isNaN(Number(term)) ? term : Number(term)));
      const value = sign === '+' ? Number(first) + Number(second) : Number(first) - Number(second);
      expect(value, question).toBe(Number(right));
      expect(accepts(String(x))).toBe(true);
      expect(accepts(`x=${x}`)).toBe(true);
      expect(accepts(`x = ${x + 1}`)).toBe(false);
      expect(accepts(`y = ${x}`)).toBe(false);
    }
  });

  it('to programs, by running them', () => {
    for (const { question, answer } of drawn(programs)) {
      const values = new Map<string, number>();
      const valueOf = (term: string) => values.get(term) ?? Number(term);
      const lines = question.split('\n').slice(1);
      for (const line of lines.slice(0, -1)) {
        const [, name, first, sign, second] = /^(\w) = (\w+)(?: ([+-]) (\w+))?$/.exec(line)!;
        const operand = sign ? valueOf(second!) : 0;
        values.set(name!, valueOf(first!) + (sign === '-' ? -operand : operand));
      }
      expect(Number(answer), question).toBe(values.get(/^print\((\w)\)$/.exec(lines.at(-1)!)![1]!));
    }
  });

  it('to conversions, in the base unit', () => {
    const inBase: Record<string, number> = { km: 1e3, m: 1, kg: 1e3, g: 1, kJ: 1e3, J: 1, kV: 1e3, V: 1, cm: 10, mm: 1 }; // prettier-ignore
    const conversions = drawn(units).filter(({ question }) => question.startsWith('Convert'));
    expect(conversions.length).toBeGreaterThan(100);
    for (const { question, answer, accepts } of conversions) {
      const [, amount, from, to] = /^Convert (\d+) (\w+) to (\w+)\.$/.exec(question)!;
      const [, result, unit] = /^(\d+) (\w+)$/.exec(answer)!;
      expect(unit).toBe(to);
      expect(Number(result) * inBase[to!]!).toBe(Number(amount) * inBase[from!]!);
      expect(accepts(`${result}${unit}`)).toBe(true);
      expect(accepts(result!)).toBe(false);
      expect(accepts(`${result}0 ${unit}`)).toBe(false);
    }
  });

  it('to instructions: what keeps every constraint, and nothing that breaks one', () => {
    const joints = { commas: ', ', dashes: '-', and: ' and ' };
    for (const { question, answer, accepts } of drawn(instructions)) {
      const [, count, forbidden] = /^Name (\w+) \w+(?: but not (\w+))?/.exec(question)!;
      const isCapital = question.includes('in capitals');
      const isBracketed = question.includes('in brackets');
      const joint = joints[(/joined by (\w+)/.exec(question)?.[1] ?? 'commas') as keyof typeof joints];
      const words = answer.replace(/[()]/g, '').split(joint);
      expect(words).toHaveLength(['one', 'two', 'three'].indexOf(count!) + 1);
      expect(new Set(words).size).toBe(words.length);
      expect(words.map((word) => word.toLowerCase())).not.toContain(forbidden);
      const spell = (words: string[], by = joint, inBrackets = isBracketed) =>
        inBrackets ? `(${words.join(by)})` : words.join(by);
      expect(spell(words)).toBe(answer);
      expect(words.join('')).toBe(isCapital ? words.join('').toUpperCase() : words.join('').toLowerCase());

      // Another order of the words is as right.
      expect(accepts(spell(words.toReversed()))).toBe(true);
      const other = isCapital ? 'STONE' : 'stone';
      for (const wrong of [
        spell(words, joint, !isBracketed),
        spell(words.map((word) => (isCapital ? word.toLowerCase() : word.toUpperCase()))),
        spell([...words, words[0]!]),
        spell([...words.slice(1), other]),
        ...(words.length > 1 ? [spell(words.slice(1)), spell(words, ' or ')] : []),
        ...(forbidden ? [spell([...words.slice(1), isCapital ? forbidden.toUpperCase() : forbidden])] : []),
      ])
        expect(accepts(wrong), `${question} ${wrong}`).toBe(false);
    }
  });

  it('to facts in both languages, with one answer each', () => {
    for (const skill of [facts, veliFacts]) {
      const answers = new Map<string, string>();
      for (const split of ['train', 'heldout'] as const) {
        for (const { question, answer } of drawn(skill, split, 2000)) {
          expect(answers.get(question) ?? answer).toBe(answer);
          answers.set(question, answer);
        }
      }
      expect(answers.size).toBe(39 * 4);
    }
  });

  it('to translations, word by word from the lexicon', () => {
    const english = Object.fromEntries(Object.entries(VELI).map(([word, veli]) => [veli, word]));
    for (const { question, answer, accepts } of drawn(translation)) {
      const [, language, from] = /^Translate to (\w+): (.*)$/.exec(question)!;
      const [veli, text] = language === 'Veli' ? [answer, from!] : [from!, answer];
      const words = veli.toLowerCase().replace('.', '').split(' ');
      expect(words.filter((word) => word === 'to')).toHaveLength(1);
      for (const word of words) {
        const meaning = english[word] ?? { to: '', ge: '', du: 'two', tesi: 'three' }[word];
        expect(meaning, word).toBeDefined();
        // Past verbs change their form in English.
        if (!(words.includes('ge') && word === words.at(-1))) expect(text.toLowerCase()).toContain(meaning);
      }
      if (language === 'English') expect(accepts(answer.replaceAll(/\bthe\b/gi, 'a'))).toBe(true);
      expect(accepts(words.toReversed().join(' '))).toBe(false);
    }
  });
});

describe('the second language', () => {
  it('has another word for each word', () => {
    const words = Object.values(VELI);
    expect(new Set(words).size).toBe(words.length);
  });
});
