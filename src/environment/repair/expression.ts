/**
 * The bodies of the little project's functions: one operator at most, over parameters, digits and a call. Prints them
 * as JavaScript and in words, and says what they are worth; the sandbox is never asked here.
 */

export type Operator = '+' | '-' | '*' | '>' | '>=' | '<' | '<=';

export type Expression =
  /** A digit, or a parameter's name. */
  | number
  | string
  | { operator: Operator; left: Expression; right: Expression }
  | { call: string; given: Expression[] };

export type Value = number | boolean | undefined;

/** What a call of a function of the project is worth. */
export type Apply = (name: string, given: number[]) => Value;

export function print(expression: Expression): string {
  if (typeof expression !== 'object') return String(expression);
  if ('call' in expression) return `${expression.call}(${expression.given.map(print).join(', ')})`;
  return `${print(expression.left)} ${expression.operator} ${print(expression.right)}`;
}

const WORDS: Record<Operator, string> = {
  '+': 'plus', '-': 'minus', '*': 'times', '>': 'over', '>=': 'at least', '<': 'under', '<=': 'at most',
}; // prettier-ignore

/** As the comment above a function says it: `tax of x plus y`. */
export function inWords(expression: Expression): string {
  if (typeof expression !== 'object') return String(expression);
  if ('call' in expression) return `${expression.call} of ${expression.given.map(inWords).join(' and ')}`;
  return `${inWords(expression.left)} ${WORDS[expression.operator]} ${inWords(expression.right)}`;
}

const MIRRORED: Partial<Record<Operator, Operator>> = { '+': '+', '*': '*', '>': '<', '>=': '<=' };

/** The expression and, where there is one, the same with its operands the other way round. */
export function spellings(expression: Expression): Expression[] {
  if (typeof expression !== 'object' || 'call' in expression) return [expression];
  const { operator, left, right } = expression;
  const mirrored = MIRRORED[operator];
  return mirrored ? [expression, { operator: mirrored, left: right, right: left }] : [expression];
}

export function evaluate(expression: Expression, given: Record<string, number>, apply: Apply): Value {
  if (typeof expression === 'number') return expression;
  if (typeof expression === 'string') return given[expression];
  if ('call' in expression) {
    return apply(
      expression.call,
      expression.given.map((argument) => Number(evaluate(argument, given, apply))),
    );
  }
  const left = Number(evaluate(expression.left, given, apply));
  const right = Number(evaluate(expression.right, given, apply));
  switch (expression.operator) {
    case '+': return left + right;
    case '-': return left - right;
    case '*': return left * right;
    case '>': return left > right;
    case '>=': return left >= right;
    case '<': return left < right;
    case '<=': return left <= right;
  } // prettier-ignore
}
