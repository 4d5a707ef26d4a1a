/**
 * The little JavaScript project: functions in files, what they are worth, and their text. A function is a comment that
 * says what it should do and one line of code that may do something else. Which bugs there are is `bugs.ts`.
 */
import { evaluate, inWords, print } from './expression.ts';
import type { Expression, Value } from './expression.ts';

export interface Code {
  body: Expression;
  /** `=> { return body; }` in place of `=> body`. */
  isBlock: boolean;
  /** False: a block that forgot its `return`. */
  returns: boolean;
}

export interface ProjectFunction extends Code {
  name: string;
  file: string;
  parameters: string[];
}

export interface Bug extends Code {
  kind: string;
  /** The function that is broken. */
  name: string;
}

/** A call with what it should be worth. */
export interface Check {
  name: string;
  given: number[];
  want: Value;
}

export const TEST_FILE = 'test.js';

export function functionNamed(functions: readonly ProjectFunction[], name: string): ProjectFunction {
  return functions.find((one) => one.name === name)!;
}

/** What stands after the arrow. */
function bodyText({ body, isBlock, returns }: Code): string {
  return isBlock ? `{ ${returns ? 'return ' : ''}${print(body)}; }` : print(body);
}

export function codeLine({ name, parameters }: ProjectFunction, code: Code): string {
  return `const ${name} = (${parameters.join(', ')}) => ${bodyText(code)};`;
}

export const callText = ({ name, given }: Check): string => `${name}(${given.join(', ')})`;

/** One line of the test file; it passes when it is true. */
export const checkLine = (check: Check): string => `${callText(check)} === ${check.want};`;

/** File name → text, the tests not among them. */
export function sourceFiles(
  functions: readonly ProjectFunction[],
  bugs: readonly Bug[],
): Record<string, string> {
  const files: Record<string, string> = {};
  for (const one of functions) {
    const text = `// ${inWords(one.body)}\n${codeLine(one, bugs.find((bug) => bug.name === one.name) ?? one)}`;
    files[one.file] = one.file in files ? `${files[one.file]}\n${text}` : text;
  }
  return files;
}

/** What a call is worth in the project with these bugs. */
export function worth(
  functions: readonly ProjectFunction[],
  bugs: readonly Bug[],
  { name, given }: Pick<Check, 'name' | 'given'>,
): Value {
  const apply = (called: string, values: number[]): Value => {
    const { parameters, ...right } = functionNamed(functions, called);
    const { body, returns } = bugs.find((bug) => bug.name === called) ?? right;
    const named = Object.fromEntries(parameters.map((parameter, index) => [parameter, values[index]!]));
    return returns ? evaluate(body, named, apply) : undefined;
  };
  return apply(name, given);
}

/**
 * What the whole project should do: functions of one parameter at every digit, others at nine pairs. Any bug of
 * `bugs.ts` that changes anything shows in these.
 */
export function allChecks(functions: readonly ProjectFunction[]): Check[] {
  const digits = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  const some = [2, 5, 9];
  const pairs = some.flatMap((x) => some.map((y) => [x, y]));
  return functions.flatMap(({ name, parameters }) =>
    (parameters.length > 1 ? pairs : digits.map((x) => [x])).map((given) => ({
      name,
      given,
      want: worth(functions, [], { name, given }),
    })),
  );
}

/** The function and those that it calls, callers first. */
export function callChain(functions: readonly ProjectFunction[], name: string): ProjectFunction[] {
  const called = (body: Expression): string[] => {
    if (typeof body !== 'object') return [];
    return 'call' in body ? [body.call] : [...called(body.left), ...called(body.right)];
  };
  const one = functionNamed(functions, name);
  return [one, ...called(one.body).flatMap((callee) => callChain(functions, callee))];
}
