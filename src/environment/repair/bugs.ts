/** The ways in which a function of the project can be wrong. Whether a bug shows in a test is `task.ts`'s affair. */
import type { Expression, Operator } from './expression.ts';
import { print } from './expression.ts';
import type { Bug, ProjectFunction } from './project.ts';

export const ARITHMETIC: readonly Operator[] = ['+', '-', '*'];

/** All ways to break a function, each under the name of its kind. */
export function bugsOf(one: ProjectFunction, functions: readonly ProjectFunction[]): Bug[] {
  const { name, body, isBlock } = one;
  const bugs = brokenBodies(body, one, functions).map(([kind, broken]): Bug => ({
    kind,
    name,
    body: broken,
    isBlock,
    returns: true,
  }));
  return isBlock ? [...bugs, { kind: 'missing return', name, body, isBlock, returns: false }] : bugs;
}

type Broken = [kind: string, body: Expression];

function brokenBodies(
  body: Expression,
  one: ProjectFunction,
  functions: readonly ProjectFunction[],
): Broken[] {
  if (typeof body === 'number') return brokenDigits(body);
  if (typeof body === 'string') return [];
  if ('call' in body) return brokenCalls(body.call, body.given, one, functions);
  const { operator, left, right } = body;
  const operators: Broken[] = ARITHMETIC.includes(operator)
    ? ARITHMETIC.filter((other) => other !== operator).map((other) => [
        'wrong operator',
        { operator: other, left, right },
      ])
    : [['off by one', { operator: operator === '>' ? '>=' : '>', left, right }]];
  const names: Broken[] =
    typeof left === 'string' && typeof right === 'string'
      ? [left, right].map((same) => ['wrong name', { operator, left: same, right: same }])
      : [];
  return [
    ...operators,
    ...names,
    ...(operator === '-' ? [['swapped operands', { operator, left: right, right: left }] as Broken] : []),
    ...brokenBodies(left, one, functions).map(([kind, broken]): Broken => [
      kind,
      { operator, left: broken, right },
    ]),
    ...brokenBodies(right, one, functions).map(([kind, broken]): Broken => [
      kind,
      { operator, left, right: broken },
    ]),
  ];
}

function brokenDigits(digit: number): Broken[] {
  return [2, 3, 4, 5, 6, 7, 8, 9]
    .filter((other) => other !== digit)
    .map((other) => [Math.abs(other - digit) === 1 ? 'off by one' : 'wrong constant', other]);
}

/** A call of another function, with its arguments swapped, or with one of them wrong. */
function brokenCalls(
  call: string,
  given: readonly Expression[],
  one: ProjectFunction,
  functions: readonly ProjectFunction[],
): Broken[] {
  const others = functions.filter(
    ({ name, parameters, body }) =>
      // A function that calls could call back and never end.
      name !== one.name && name !== call && parameters.length === given.length && !print(body).includes('('),
  );
  return [
    ...others.map(({ name }): Broken => ['wrong name', { call: name, given: [...given] }]),
    ...(given.length > 1 ? [['swapped arguments', { call, given: given.toReversed() }] as Broken] : []),
    ...given.flatMap((argument, at) =>
      brokenBodies(argument, one, functions).map(([kind, broken]): Broken => [
        kind,
        { call, given: given.with(at, broken) },
      ]),
    ),
  ];
}
