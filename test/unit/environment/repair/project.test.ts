import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/base/random.ts';
import { bugsOf } from '../../../../src/environment/repair/bugs.ts';
import { evaluate, inWords, print, spellings } from '../../../../src/environment/repair/expression.ts';
import type { Expression } from '../../../../src/environment/repair/expression.ts';
import { issueText } from '../../../../src/environment/repair/phrases.ts';
import { allChecks, callText, sourceFiles, worth } from '../../../../src/environment/repair/project.ts';
import { repair } from '../../../../src/environment/repair/repair.ts';
import { runTests } from '../../../../src/environment/repair/test-run.ts';

const taskNumber = (index: number) => repair.drawTask(new Random('project-test').fork(index), 'train');

describe('the little project', () => {
  it('is worth in our arithmetic what it is worth in JavaScript, with every single bug', async () => {
    const kinds = new Set<string>();
    for (let index = 0; index < 25; index++) {
      const { functions } = taskNumber(index);
      for (const bug of functions.flatMap((one) => bugsOf(one, functions))) {
        kinds.add(bug.kind);
        const lines = allChecks(functions).map(
          (check) => `Object.is(${callText(check)} + 0, ${String(worth(functions, [bug], check))} + 0);`,
        );
        expect(await runTests(Object.values(sourceFiles(functions, [bug])), lines), JSON.stringify(bug)).toBe(
          'pass',
        );
      }
    }
    expect([...kinds].sort()).toEqual([
      'missing return',
      'off by one',
      'swapped arguments',
      'swapped operands',
      'wrong constant',
      'wrong name',
      'wrong operator',
    ]);
  });

  it('really gives what the issue says that it gives', async () => {
    for (let index = 0; index < 150; index++) {
      const task = taskNumber(index);
      const got = String(worth(task.functions, task.bugs, task.reported));
      const sources = Object.values(sourceFiles(task.functions, task.bugs));
      expect(await runTests(sources, [`String(${callText(task.reported)}) === '${got}';`])).toBe('pass');
      const text = issueText(task, 'train');
      for (const said of [callText(task.reported), got, String(task.reported.want)])
        if (task.issue !== 'tests') expect(text).toContain(said);
      expect(text).not.toContain('{');
    }
  });

  it('draws every kind of bug', () => {
    const kinds = new Set<string>();
    for (let index = 0; index < 1500; index++) for (const bug of taskNumber(index).bugs) kinds.add(bug.kind);
    expect(kinds.size).toBe(7);
  });
});

describe('an expression', () => {
  const call: Expression = { call: 'tax', given: ['x'] };

  it('reads as JavaScript and as words', () => {
    expect(print({ operator: '+', left: call, right: 3 })).toBe('tax(x) + 3');
    expect(inWords({ operator: '+', left: call, right: 3 })).toBe('tax of x plus 3');
    expect(print({ call: 'gap', given: ['x', 3] })).toBe('gap(x, 3)');
    expect(inWords({ call: 'gap', given: ['x', 3] })).toBe('gap of x and 3');
    expect(inWords({ operator: '>=', left: 'x', right: 2 })).toBe('x at least 2');
  });

  it('has the same worth in all its spellings, and two spellings unless the order matters', () => {
    for (const operator of ['+', '-', '*', '>', '>='] as const) {
      const expression: Expression = { operator, left: 'x', right: 'y' };
      expect(spellings(expression)).toHaveLength(operator === '-' ? 1 : 2);
      for (const given of [
        { x: 2, y: 5 },
        { x: 5, y: 2 },
        { x: 3, y: 3 },
      ]) {
        const values = spellings(expression).map((one) => evaluate(one, given, () => undefined));
        expect(new Set(values).size).toBe(1);
      }
    }
  });
});
