/** What holds for every verifier of tool calls, on random and mutated input. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../../src/base/json.ts';
import type { Action, Tool, ToolCall } from '../../../src/trajectory/record.ts';
import { presets } from '../../../src/verifier/presets.ts';
import type { Sample, Verdict } from '../../../src/verifier/verdict.ts';
import { attempt, call, calls, message, tool } from './samples.ts';

/** Verifiers that run nothing; those that execute are tested on their own. */
const SLOW = new Set(['sql', 'shell', 'shell-simulated', 'script-tools', 'judge']);
const quick = presets.filter(({ name }) => !SLOW.has(name));

const word = fc.constantFrom('a', 'Oslo', 'new york', 'user_1', '2024-05-01', '', 'x y z', 'ÅSE', '[[');
const value: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom(0.5, 1e21, -0, 3.0000000001),
    word,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'constructor', '1'), tie('value'), { maxKeys: 3 }),
  ),
})).value;
const argumentObject = fc.dictionary(fc.constantFrom('city', 'n', 'list', 'at', '__proto__'), value, {
  maxKeys: 4,
}) as fc.Arbitrary<JsonObject>;
const toolCall = fc
  .record({ name: fc.constantFrom('f', 'g'), given: argumentObject })
  .map(({ name, given }) => call(name, given));
const tools: Tool[] = [
  tool('f', {
    city: { type: 'string', default: 'Oslo' },
    n: { type: 'integer' },
    list: { type: 'array', uniqueItems: true },
    at: { type: 'object' },
  }),
  tool(
    'g',
    {
      city: { anyOf: [{ type: 'string', enum: ['a', 'Oslo'] }, { type: 'null' }] },
      n: { type: 'number', default: 0 },
    },
    ['n'],
  ),
];
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.array(toolCall, { minLength: 1, maxLength: 4 }).map((made) => calls(...made)),
  word.map(message),
);
const question: fc.Arbitrary<Sample> = fc
  .record({ expected: action, action })
  .map(({ expected, action: made }) => ({ expected, attempt: attempt(made), tools }));

async function verdicts(sample: Sample): Promise<Verdict[]> {
  const out: Verdict[] = [];
  for (const { verify } of quick) out.push(await verify(sample));
  return out;
}

/** The same object with its keys in reverse, at every depth. */
function reversed(given: Json): Json {
  if (Array.isArray(given)) return given.map(reversed);
  if (given === null || typeof given !== 'object') return given;
  const out: JsonObject = {};
  for (const key of Object.keys(given).reverse())
    Object.defineProperty(out, key, {
      value: reversed(given[key]!),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  return out;
}

function withReversedKeys(made: Action): Action {
  if (made.kind === 'message') return made;
  return calls(
    ...made.calls.map((one) => call(one.name, reversed(JSON.parse(one.argumentsText) as Json) as JsonObject)),
  );
}

describe('every verifier of tool calls', () => {
  test('gives a finite reward or none, a category and a reason', async () => {
    await fc.assert(
      fc.asyncProperty(question, async (sample) => {
        for (const { reward, category, reason } of await verdicts(sample)) {
          expect(reward === null || (reward >= -1 && reward <= 1)).toBe(true);
          expect(category).toMatch(/^[A-Z][A-Z0-9_]+$/);
          expect(reason.length).toBeGreaterThan(5);
        }
      }),
      { numRuns: 400 },
    );
  });

  test('gives full reward to the demonstrated calls themselves', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(toolCall, { minLength: 1, maxLength: 4 }), async (made) => {
        const sample: Sample = { expected: calls(...made), attempt: attempt(calls(...made)), tools };
        for (const { name, verify } of quick) {
          if (/^(?:random|search-evidence|search-steps|gym-terminal.*)$/.test(name)) continue;
          expect([name, (await verify(sample)).reward]).toEqual([name, 1]);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('does not care for the order of keys', async () => {
    await fc.assert(
      fc.asyncProperty(question, async (sample) => {
        const other: Sample = {
          ...sample,
          attempt: { ...sample.attempt, action: withReversedKeys(sample.attempt.action) },
        };
        expect((await verdicts(other)).map(rewardUnlessRandom)).toEqual(
          (await verdicts(sample)).map(rewardUnlessRandom),
        );
      }),
      { numRuns: 400 },
    );
  });

  test('does not care for the order of calls where it is free', async () => {
    const unordered = quick.filter(({ name }) => /^(?:guarded|gym-(?:conv|search|parallel|swe$))/.test(name));
    await fc.assert(
      fc.asyncProperty(
        fc.array(toolCall, { minLength: 1, maxLength: 4 }),
        fc.array(toolCall, { minLength: 1, maxLength: 4 }),
        async (expected, made) => {
          const one: Sample = { expected: calls(...expected), attempt: attempt(calls(...made)), tools };
          const two: Sample = {
            expected: calls(...[...expected].reverse()),
            attempt: attempt(calls(...[...made].reverse())),
            tools,
          };
          for (const { verify } of unordered)
            expect((await verify(two)).reward).toBe((await verify(one)).reward);
          const guarded = unordered.find(({ name }) => name === 'guarded')!.verify;
          expect(await guarded(two)).toEqual(await guarded(one));
        },
      ),
      { numRuns: 400 },
    );
  });

  test('does not depend on what was verified before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(question, { minLength: 2, maxLength: 6 }), async (samples) => {
        const forwards = [];
        for (const sample of samples) forwards.push(await verdicts(sample));
        const backwards = [];
        for (const sample of [...samples].reverse()) backwards.push(await verdicts(structuredClone(sample)));
        expect(backwards.reverse()).toEqual(forwards);
      }),
      { numRuns: 100 },
    );
  });

  test('changes nothing in what it is given', async () => {
    await fc.assert(
      fc.asyncProperty(question, async (sample) => {
        const before = structuredClone(sample);
        await verdicts(sample);
        expect(sample).toEqual(before);
      }),
      { numRuns: 200 },
    );
  });

  test('survives 10,000 random and mutated inputs, each verifier', async () => {
    const broken = fc.record({
      expected: action,
      name: fc.string(),
      argumentsText: fc.oneof(fc.string({ unit: 'binary' }), argumentObject.map(mutated)),
      text: fc.string({ unit: 'binary' }),
      faults: fc.array(fc.string(), { maxLength: 2 }),
      isComplete: fc.boolean(),
      isCall: fc.boolean(),
      schema: fc.oneof(
        argumentObject,
        fc.constant({ type: 'nonsense', properties: 7, required: 'x', $ref: '#/nowhere' } as JsonObject),
      ),
      world: fc.option(value, { nil: undefined }),
    });
    let count = 0;
    await fc.assert(
      fc.asyncProperty(
        broken,
        async ({ expected, name, argumentsText, text, faults, isComplete, isCall, schema, world }) => {
          const one: ToolCall = { name: isCall ? 'f' : name, arguments: null, argumentsText };
          const made = isCall ? calls(one) : message(text);
          const sample: Sample = {
            expected,
            attempt: { text, action: made, faults, isComplete },
            tools: [{ name: 'f', parameters: schema }],
          };
          for (const { reward } of await verdicts(world === undefined ? sample : { ...sample, world })) {
            expect(reward === null || Number.isFinite(reward)).toBe(true);
            count++;
          }
        },
      ),
      { numRuns: 10_000 },
    );
    expect(count).toBe(10_000 * quick.length);
  }, 120_000);
});

describe('every verifier that executes', () => {
  const worlds: Record<string, Json> = {
    sql: { database: 'CREATE TABLE t (a INTEGER, b TEXT); INSERT INTO t VALUES (1, NULL);' },
    shell: { cwd: '/w', files: { '/w/a.txt': 'one\n' } },
    'script-tools': { script: 'tools = { run: (args, state) => { state.push(args); } }', state: [] },
  };
  const programs: Record<string, string[]> = {
    sql: ['SELECT a FROM t', 'DELETE FROM t WHERE b IS NULL', '))', "'", 'PRAGMA x', '\0', 'WITH'],
    shell: [
      'ls | sort',
      'echo $((1/0))',
      '$(',
      '`',
      '<<EOF',
      '"',
      '> a.txt',
      'cd ..; rm -r w',
      '((',
      'f(){ f|f& };f',
    ],
    'script-tools': ['}', '__proto__', '\u2028', '{"a":1}'],
  };

  test.each(Object.keys(worlds))(
    'survives random programs: %s',
    async (name) => {
      const { verify } = presets.find((preset) => preset.name === name)!;
      const good = programs[name]![0]!;
      const program = fc.oneof(
        fc.string({ unit: 'binary' }),
        fc
          .array(fc.constantFrom(...programs[name]!), { minLength: 1, maxLength: 3 })
          .map((parts) => parts.join(' ')),
      );
      await fc.assert(
        fc.asyncProperty(program, async (text) => {
          const sample: Sample = {
            expected: calls(call('run', { code: good })),
            attempt: attempt(calls(call('run', { code: text }))),
            tools: [],
            world: worlds[name]!,
          };
          const { reward, category } = await verify(sample);
          expect(reward === null || (reward >= -1 && reward <= 1)).toBe(true);
          expect(category).not.toBe('VERIFIER_FAILED');
        }),
        { numRuns: 150 },
      );
    },
    60_000,
  );
});

/** A coin is thrown on the very text, so it alone may change with the order of keys. */
function rewardUnlessRandom(verdict: Verdict): number | null | string {
  return /^(?:HEADS|TAILS)$/.test(verdict.category) ? 'coin' : verdict.reward;
}

/** JSON text with one character left out, doubled or replaced. */
function mutated(given: JsonObject): string {
  const text = JSON.stringify(given);
  const at = (text.length * 7919) % (text.length + 1);
  const changes = [
    text.slice(0, at) + text.slice(at + 1),
    text.slice(0, at) + text.slice(Math.max(0, at - 1)),
    `${text.slice(0, at)}}${text.slice(at)}`,
  ];
  return changes[text.length % changes.length]!;
}
