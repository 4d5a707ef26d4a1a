/** Program output, for LiveCodeBench: two or three assignments of digits, then what `print` writes. */
import type { Random } from '../../base/random.ts';
import { drawOfSplit, exact, type Skill } from './skill.ts';

/** Values stay between 0 and this. */
const MOST = 9;
const NAMES = ['a', 'b', 'c'];

function make(random: Random): { program: string; output: number } {
  const values = [random.integer(10)];
  const lines = [`a = ${values[0]}`];
  for (const count = 2 + random.integer(2); values.length < count;) {
    const source = random.integer(values.length);
    const isOperandVariable = values.length > 1 && random.bool();
    const other = random.integer(values.length);
    const operand = isOperandVariable ? values[other]! : random.integer(10);
    const [sign, value] = random.pick([
      ['', operand],
      [`${NAMES[source]} + `, values[source]! + operand],
      [`${NAMES[source]} - `, values[source]! - operand],
    ] as const);
    if (value < 0 || value > MOST) continue;
    lines.push(`${NAMES[values.length]} = ${sign}${isOperandVariable ? NAMES[other] : operand}`);
    values.push(value);
  }
  const printed = random.integer(values.length);
  const program = [...lines, `print(${NAMES[printed]})`].join('\n');
  return { program, output: values[printed]! };
}

export const programs: Skill = {
  name: 'programs',
  title: 'Program output',
  standsFor: 'LiveCodeBench',
  draw(random, split) {
    const { program, output } = drawOfSplit('programs', split, random, (random) => {
      const made = make(random);
      return { ...made, key: made.program };
    });
    return exact(`Run:\n${program}`, String(output));
  },
};
