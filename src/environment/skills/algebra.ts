/** Algebra, for MATH500: linear equations in x with one step to the solution; no number reaches 40. */
import type { Random } from '../../base/random.ts';
import { drawOfSplit, plain, type Skill } from './skill.ts';

function make(random: Random): { key: string; equation: string; x: number } {
  const [x, a] = [random.integer(20), 1 + random.integer(19)];
  switch (random.integer(3)) {
    case 0:
      return {
        key: `sum ${x} ${a}`,
        equation: `${random.bool() ? `x + ${a}` : `${a} + x`} = ${x + a}`,
        x,
      };
    case 1:
      return { key: `minus ${x} ${a}`, equation: `x - ${a} = ${x}`, x: x + a };
    default:
      return { key: `from ${x} ${a}`, equation: `${x + a} - x = ${a}`, x };
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
