/**
 * Algebra, for MATH500: linear equations in x, one step from the solution, with numbers below 100 and digits; so many
 * that a small model cannot learn them by heart.
 */
import type { Random } from '../../base/random.ts';
import { drawOfSplit, plain, type Skill } from './skill.ts';

function make(random: Random): { key: string; equation: string; x: number } {
  const [number, digit] = [random.integer(90), 1 + random.integer(9)];
  const sum = number + digit;
  switch (random.integer(3)) {
    case 0:
      return {
        key: `sum ${number} ${digit}`,
        equation: `${random.bool() ? `x + ${digit}` : `${digit} + x`} = ${sum}`,
        x: number,
      };
    case 1:
      return { key: `minus ${number} ${digit}`, equation: `x - ${digit} = ${number}`, x: sum };
    default:
      return { key: `from ${number} ${digit}`, equation: `${sum} - x = ${number}`, x: digit };
  }
}

export const algebra: Skill = {
  name: 'algebra',
  title: 'Algebra',
  standsFor: 'MATH500',
  draw(random, split) {
    const { equation, x } = drawOfSplit('algebra', split, random, make);
    return {
      question: `Solve ${equation}.`,
      answer: `x = ${x}`,
      accepts: (text) => plain(text).replace(/^x\s*=\s*/, '') === String(x),
    };
  },
};
