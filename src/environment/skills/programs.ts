/** Program output, for LiveCodeBench: two or three assignments of digits, then what `print` writes. */
import type { Random } from '../../base/random.ts';
import { drawOfSplit, exact, type Skill } from './skill.ts';

/** Values stay between 0 and this. */
const MOST = 9;

/** Variables are numbered, so that programs that differ in names only have one key. */
function make(random: Random): { key: string; output: number } {
  const values = [random.integer(10)];
  const lines = [`v0 = ${values[0]}`];
  for (const count = 2 + random.integer(2); values.length < count;) {
    const target = values.length;
    const source = random.integer(target);
    const isOperandVariable = target > 1 && random.bool();
    const other = random.integer(target);
    const operand = isOperandVariable ? values[other]! : random.integer(10);
    const [sign, value] = random.pick([
      ['', operand],
      [`v${source} + `, values[source]! + operand],
      [`v${source} - `, values[source]! - operand],
    ] as const);
    if (value < 0 || value > MOST) continue;
    values.push(value);
    lines.push(`v${target} = ${sign}${isOperandVariable ? `v${other}` : operand}`);
  }
  const printed = random.integer(values.length);
  return { key: [...lines, `print(v${printed})`].join('\n'), output: values[printed]! };
}

export const programs: Skill = {
  name: 'programs',
  title: 'Program output',
  standsFor: 'LiveCodeBench',
  draw(random, split) {
    const { key, output } = drawOfSplit('programs', split, random, make);
    const names = random.shuffle(['a', 'b', 'c', 'n']);
    const program = key.replace(/v(\d)/g, (_, index: string) => names[Number(index)]!);
    return exact(`Run:\n${program}`, String(output));
  },
};
