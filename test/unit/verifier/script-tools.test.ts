import { describe, expect, test } from 'vitest';
import { scriptTools } from '../../../src/verifier/script-tools.ts';
import { call, calls, message, sample } from './samples.ts';

const script = `
  globalThis.tools = {
    book: ({ room, guest }, state) => { state.rooms[room] = guest ?? null; return 'ok'; },
    find: ({ guest }, state) => Object.keys(state.rooms).filter((room) => state.rooms[room] === guest),
    later: async ({ room }, state) => { await null; state.rooms[room] = 'later'; },
    dice: () => [Math.random(), Date.now(), new Date().getFullYear()],
    spin: () => { for (;;); },
    spinAsync: async () => { for (;;) await null; },
    wait: () => new Promise(() => {}),
    grow: () => { let text = 'x'; for (;;) text += text + text; },
    recurse: () => { const f = () => f() + 1; return f(); },
    hide: () => { try { for (;;); } catch { return 'caught'; } },
    probe: () => [typeof fetch, typeof require, typeof process, typeof XMLHttpRequest, typeof setTimeout, typeof WebAssembly],
  };
  function plain({ room }) { state.rooms[room] = 'plain'; }
`;
const world = { script, state: { rooms: { a: null, b: 'Ann' } } };
const verify = scriptTools({ limitMs: 300 });

function judge(expected: ReturnType<typeof call>[], made: ReturnType<typeof call>[]) {
  return verify({ ...sample(calls(...expected), calls(...made)), world });
}
const book = (room: string, guest: string) => call('book', { room, guest });

describe('tools in JavaScript', () => {
  test('compares the state that calls leave behind, whatever their order', async () => {
    expect(await judge([book('a', 'Bo'), book('b', 'Cy')], [book('b', 'Cy'), book('a', 'Bo')])).toMatchObject(
      { reward: 1, category: 'SAME_STATE' },
    );
    expect(await judge([book('a', 'Bo')], [book('a', 'Cy')])).toMatchObject({
      reward: 0,
      category: 'STATE_DIFFERENT',
    });
    expect(await judge([book('a', 'Bo')], [call('find', { guest: 'Ann' })])).toMatchObject({ reward: 0 });
    expect(await judge([call('later', { room: 'a' })], [book('a', 'later')])).toMatchObject({ reward: 1 });
    expect(await judge([call('plain', { room: 'a' })], [book('a', 'plain')])).toMatchObject({ reward: 1 });
  });

  test('compares what calls return where nothing is changed', async () => {
    expect(await judge([call('find', { guest: 'Ann' })], [call('find', { guest: 'Ann' })])).toMatchObject({
      reward: 1,
      category: 'SAME_RESULT',
    });
    expect(await judge([call('find', { guest: 'Ann' })], [call('find', { guest: 'Bo' })])).toMatchObject({
      reward: 0,
      category: 'RESULT_DIFFERENT',
    });
  });

  test('charges for surplus calls as f1 does', async () => {
    const verdict = await judge(
      [book('a', 'Bo')],
      [book('a', 'Cy'), book('a', 'Bo'), call('find', { guest: 'x' })],
    );
    expect(verdict).toMatchObject({ reward: 0.5, category: 'SURPLUS_CALLS' });
  });

  test('starts every run from the dataset’s state, with the same time and chance', async () => {
    await judge([book('a', 'Bo')], [book('a', 'Bo')]);
    expect(await judge([call('find', { guest: 'Bo' })], [call('find', { guest: 'nobody' })])).toMatchObject({
      reward: 1,
    });
    expect(await judge([call('dice')], [call('dice')])).toMatchObject({ reward: 1 });
  });

  test.each(['spin', 'spinAsync', 'wait', 'hide'])(
    'ends an attempt that never ends (%s) in its time limit',
    async (name) => {
      const start = performance.now();
      expect(await judge([book('a', 'Bo')], [call(name)])).toMatchObject({
        reward: 0,
        category: 'ATTEMPT_TIMED_OUT',
      });
      expect(performance.now() - start).toBeLessThan(3000);
    },
  );

  test.each(['grow', 'recurse'])('survives an attempt that asks for everything (%s)', async (name) => {
    expect((await judge([book('a', 'Bo')], [call(name)])).reward).toBe(0);
    expect(await judge([book('a', 'Bo')], [book('a', 'Bo')])).toMatchObject({ reward: 1 });
  });

  test('blames the dataset when the demonstration or the script is at fault', async () => {
    expect(await judge([call('spin')], [book('a', 'Bo')])).toMatchObject({
      reward: null,
      category: 'VERIFIER_FAILED',
    });
    expect(await judge([call('unknown')], [book('a', 'Bo')])).toMatchObject({
      reward: null,
      category: 'VERIFIER_FAILED',
    });
    const broken = {
      ...sample(calls(book('a', 'x')), calls(book('a', 'x'))),
      world: { script: 'tools = {' },
    };
    expect(await verify(broken)).toMatchObject({ reward: null, category: 'VERIFIER_FAILED' });
  });

  test('gives the tools nothing of the world outside', async () => {
    const names = call('probe');
    const own = {
      script: 'tools = { probe: () => "undefined,undefined,undefined,undefined,undefined,undefined" }',
    };
    const inside = await verify({ ...sample(calls(names), calls(names)), world });
    expect(inside.reward).toBe(1);
    const listed = { script: `${script}; const seen = tools.probe(); tools.probe = () => seen.join();` };
    const { runScript } = await import('../../../src/verifier/script-sandbox.ts');
    expect(await runScript(listed, [names], 300)).toMatchObject(
      await runScript(own, [names], 300).then((outcome) => ({
        results: (outcome as { results: unknown }).results,
      })),
    );
  });

  test('has no verdict without tools and none on messages', async () => {
    expect(await verify(sample(calls(call('f')), calls(call('f'))))).toMatchObject({
      category: 'NOT_APPLICABLE',
    });
    expect(await verify({ ...sample(message('x'), message('y')), world })).toMatchObject({
      category: 'NOT_APPLICABLE',
    });
  });

  test('ends a loop after a number of steps as well as after a time', async () => {
    const { runScript } = await import('../../../src/verifier/script-sandbox.ts');
    const run = (name: string, limitSteps: number) =>
      runScript({ script }, [{ name, argumentsText: '{}' }], 60_000, limitSteps);
    for (const name of ['spin', 'spinAsync', 'hide'])
      expect(await run(name, 20)).toEqual({ kind: 'timed-out' });
    expect(await run('dice', 20)).toMatchObject({ kind: 'done' });
  });
});
