/** Contest arithmetic, for AIME: sums, differences and last digits whose answers are numbers below 100. */
import type { Random } from '../../base/random.ts';
import { drawOfSplit, exact, type Skill } from './skill.ts';

function make(random: Random): { key: string; question: string; answer: number } {
  const [a, b] = [random.integer(50), random.integer(50)];
  const [low, high] = [Math.min(a, b), Math.max(a, b)];
  // A sum stays the same sum when its terms change places.
  const pair = `${low} ${high}`;
  switch (random.integer(4)) {
    case 0:
      return { key: `sum ${pair}`, question: `What is ${a} + ${b}?`, answer: a + b };
    case 1:
      return { key: `difference ${pair}`, question: `What is ${high} - ${low}?`, answer: high - low };
    case 2:
      return {
        key: `last digit ${pair}`,
        question: `What is the last digit of ${a} + ${b}?`,
        answer: (a + b) % 10,
      };
    default: {
      const digits = [random.integer(10), random.integer(10), random.integer(10)];
      return {
        key: `three ${digits.toSorted().join(' ')}`,
        question: `What is ${digits.join(' + ')}?`,
        answer: digits.reduce((sum, digit) => sum + digit, 0),
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
