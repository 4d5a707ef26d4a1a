/** Contest arithmetic, for AIME: sums, differences and last digits of small numbers. */
import type { Random } from '../../base/random.ts';
import { drawOfSplit, exact, type Skill } from './skill.ts';

function make(random: Random): { key: string; question: string; answer: number } {
  const digit = random.integer(10);
  const number = digit + random.integer(50 - digit);
  switch (random.integer(4)) {
    case 0: {
      const terms = random.shuffle([number, digit]);
      return {
        key: `sum ${number} ${digit}`,
        question: `What is ${terms.join(' + ')}?`,
        answer: number + digit,
      };
    }
    case 1:
      return {
        key: `difference ${number} ${digit}`,
        question: `What is ${number} - ${digit}?`,
        answer: number - digit,
      };
    case 2: {
      const other = random.integer(50);
      return {
        // A sum stays the same sum when its terms change places.
        key: `last digit ${Math.min(number, other)} ${Math.max(number, other)}`,
        question: `What is the last digit of ${number} + ${other}?`,
        answer: (number + other) % 10,
      };
    }
    default: {
      const terms = [random.integer(8), random.integer(8), random.integer(8)];
      return {
        key: `three ${terms.toSorted().join(' ')}`,
        question: `What is ${terms.join(' + ')}?`,
        answer: terms.reduce((sum, term) => sum + term, 0),
      };
    }
  }
}

export const arithmetic: Skill = {
  name: 'arithmetic',
  title: 'Contest arithmetic',
  standsFor: 'AIME25',
  draw(random, split) {
    const { question, answer } = drawOfSplit('arithmetic', split, random, make);
    return exact(question, String(answer));
  },
};
