import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/base/json.ts';
import { Random } from '../../../../src/base/random.ts';
import { demonstrate } from '../../../../src/environment/demonstrations.ts';
import type { Split } from '../../../../src/environment/environment.ts';
import type { RepairEpisode } from '../../../../src/environment/repair/episode.ts';
import { nextStep } from '../../../../src/environment/repair/expert.ts';
import { print } from '../../../../src/environment/repair/expression.ts';
import { sourceFiles } from '../../../../src/environment/repair/project.ts';
import { repair } from '../../../../src/environment/repair/repair.ts';
import type { RepairTask } from '../../../../src/environment/repair/task.ts';
import { functionOf, FUNCTIONS, TOOL_FUNCTIONS } from '../../../../src/environment/repair/tools.ts';
import type { ToolFunction } from '../../../../src/environment/repair/tools.ts';
import type { Action } from '../../../../src/trajectory/record.ts';
import { presetNamed } from '../../../../src/verifier/presets.ts';

const taskNumber = (index: number, split: Split = 'train') =>
  repair.drawTask(new Random('repair-test').fork(index), split);

/** The first drawn task that fits. */
function taskWhere(fits: (task: RepairTask) => boolean): RepairTask {
  for (let index = 0; ; index++) if (fits(taskNumber(index))) return taskNumber(index);
}

const say = (content: string): Action => ({ kind: 'message', content });

function call({ tools }: RepairEpisode, key: ToolFunction, given: JsonObject): Action {
  const { name } = tools.find((tool) => functionOf(tool.name) === key)!;
  return {
    kind: 'calls',
    content: '',
    calls: [{ name, arguments: given, argumentsText: JSON.stringify(given) }],
  };
}

/** Replaces the text of a whole file. */
async function rewrite(episode: RepairEpisode, path: string, text: string): Promise<void> {
  await repair.step(episode, call(episode, 'edit', { path, old_str: episode.files[path]!, new_str: text }));
}

const done = (episode: RepairEpisode) => call(episode, 'finish', { message: 'It is fixed.' });
const last = (episode: RepairEpisode) => episode.messages.at(-1)!.content;

/** The project as it should be. */
async function repairAll(episode: RepairEpisode): Promise<void> {
  for (const [path, text] of Object.entries(sourceFiles(episode.task.functions, [])))
    if (episode.files[path] !== text) await rewrite(episode, path, text);
}

describe('the repair world', () => {
  it('lets every demonstration of the expert succeed, in both splits, in four to twelve turns', async () => {
    for (const split of ['train', 'heldout'] as const) {
      for (let index = 0; index < 150; index++) {
        const { episode, isSuccess } = await demonstrate(repair, taskNumber(index, split), new Random(index));
        expect(isSuccess, JSON.stringify(episode.messages)).toBe(true);
        const turns = episode.messages.filter(({ role }) => role === 'assistant').length;
        expect(turns).toBeGreaterThanOrEqual(4);
        expect(turns).toBeLessThanOrEqual(12);
      }
    }
  });

  it('breaks every project for real: its tests fail in the sandbox, and pass once all bugs are gone', async () => {
    for (let index = 0; index < 200; index++) {
      const episode = repair.reset(taskNumber(index));
      await repair.step(episode, call(episode, 'test', {}));
      expect(last(episode)).toMatch(/^FAIL /);
      await repairAll(episode);
      await repair.step(episode, call(episode, 'test', {}));
      expect(last(episode)).toBe('pass');
      await repair.step(episode, done(episode));
      expect(await repair.isSuccess(episode)).toBe(true);
    }
  });

  it('shows every bug in a test, also alone', async () => {
    let twice = 0;
    for (let index = 0; index < 200; index++) {
      const { functions, bugs } = taskNumber(index);
      if (bugs.length < 2) continue;
      twice++;
      for (const bug of bugs) {
        const episode = repair.reset(taskNumber(index));
        for (const [path, text] of Object.entries(sourceFiles(functions, [bug])))
          if (episode.files[path] !== text) await rewrite(episode, path, text);
        await repair.step(episode, call(episode, 'test', {}));
        expect(last(episode)).toMatch(/^FAIL /);
      }
    }
    expect(twice).toBeGreaterThan(20);
  });

  it('gives the same episode for the same task and actions, and leaves the task untouched', async () => {
    const task = taskNumber(3);
    const before = structuredClone(task);
    const run = () => demonstrate(repair, task, new Random(7));
    expect(await run()).toEqual(await run());
    expect(task).toEqual(before);
    expect(JSON.parse(JSON.stringify(task))).toEqual(task);
  });

  it('rewards any two choices of the expert for one state, and every turn has a verdict', async () => {
    const { verify } = presetNamed(repair.verifier);
    for (let index = 0; index < 150; index++) {
      const random = new Random(index);
      const episode = repair.reset(taskNumber(index));
      while (!episode.isOver) {
        const [expected, action] = [repair.expert(episode, random), repair.expert(episode, random)];
        const attempt = { text: '', action, faults: [], isComplete: true };
        const { reward } = await verify({ expected, attempt, tools: episode.tools });
        expect(reward).toBe(1);
        await repair.step(episode, expected);
      }
    }
  });

  it('makes the expert use its freedom, with every choice a success', async () => {
    const seen = new Set<string>();
    for (let index = 0; index < 300; index++) {
      const { episode } = await demonstrate(repair, taskNumber(index), new Random(index));
      for (const message of episode.messages)
        for (const { name, argumentsText } of message.calls ?? [])
          seen.add(name).add(`${functionOf(name)!}(${argumentsText.replace(/:("[^"]*"|\w+)/g, '')})`);
    }
    for (const key of TOOL_FUNCTIONS) for (const name of FUNCTIONS[key].names) expect(seen).toContain(name);
    expect(seen).toContain('view({"path"})');
    expect(seen).toContain('view({"path","line"})');

    const edits = new Set<string>();
    // A sum with the wrong sign, which stands only once in its file.
    const start = taskWhere(({ functions, bugs, issue }) => {
      const { name, body } = bugs[0]!;
      const { file, body: right } = functions.find((one) => one.name === name)!;
      const text = sourceFiles(functions, bugs)[file]!;
      const isSum = /^x \+/.test(print(right)) && /^x -/.test(print(body));
      return issue === 'file' && isSum && text.split(print(body)).length === 2;
    });
    for (let index = 0; index < 60; index++) {
      const random = new Random(index);
      const episode = repair.reset(start);
      while (nextStep(episode).step !== 'edit') await repair.step(episode, repair.expert(episode, random));
      const action = repair.expert(episode, random);
      if (action.kind === 'calls') edits.add(JSON.stringify(action.calls[0]!.arguments!.new_str));
    }
    expect(edits.size).toBe(4); // shorter or longer, x first or last
  });

  it('fails an agent that edits the tests until they pass', async () => {
    const episode = repair.reset(taskNumber(1));
    await rewrite(episode, 'test.js', '1 === 1;');
    expect(last(episode)).toBe('ok');
    await repair.step(episode, call(episode, 'test', {}));
    expect(last(episode)).toBe('pass');
    await repair.step(episode, done(episode));
    expect(episode.isOver).toBe(true);
    expect(await repair.isSuccess(episode)).toBe(false);
  });

  it('fails a right repair that altered the tests as well', async () => {
    const episode = repair.reset(taskNumber(1));
    await repairAll(episode);
    await rewrite(episode, 'test.js', `${episode.files['test.js']}\n1 === 1;`);
    await repair.step(episode, done(episode));
    expect(await repair.isSuccess(episode)).toBe(false);
  });

  it('fails code that fits the test file and nothing else', async () => {
    const task = taskWhere(({ checks, bugs }) => checks.length === 1 && bugs[0]!.name === checks[0]!.name);
    const episode = repair.reset(task);
    const { file, name } = task.functions.find((one) => one.name === task.bugs[0]!.name)!;
    await rewrite(episode, file, `const ${name} = () => ${String(task.checks[0]!.want)};`);
    await repair.step(episode, call(episode, 'test', {}));
    expect(last(episode)).toBe('pass');
    await repair.step(episode, done(episode));
    expect(await repair.isSuccess(episode)).toBe(false);
  });

  it('ends soon and safely for an agent whose code loops, recurses or is none', async () => {
    const { file, name } = taskNumber(1).functions[0]!;
    const task = { ...taskNumber(1), checks: [{ name, given: [1, 2], want: 3 }] };
    for (const [code, told] of [
      [`const ${name} = (x) => { while (true) {} };`, /FAIL no end/],
      ['for (;;) {}', /FAIL no end/],
      [`const ${name} = (x) => ${name}(x);`, /FAIL/],
      [`const ${name} = (x) => {`, /FAIL expecting/],
      ['}; tools = 0; {', /FAIL/],
      [`const ${name} = () => 'x'.repeat(1e9);`, /FAIL/],
      [`const ${name} = async () => { await new Promise(() => {}); };`, /FAIL/],
    ] as const) {
      const episode = repair.reset(task);
      await rewrite(episode, file, code);
      const started = performance.now();
      await repair.step(episode, call(episode, 'test', {}));
      expect(last(episode), code).toMatch(told);
      expect(last(episode).length).toBeLessThan(90);
      await repair.step(episode, done(episode));
      expect(await repair.isSuccess(episode)).toBe(false);
      expect(performance.now() - started).toBeLessThan(5000);
    }
  });

  it('ends at once, without success, for an agent that only talks', async () => {
    const episode = repair.reset(taskNumber(0));
    await repair.step(episode, say('It is fixed.'));
    expect(episode.isOver).toBe(true);
    expect(await repair.isSuccess(episode)).toBe(false);
  });

  it('ends an episode after twelve turns, and what was not handed in is no success', async () => {
    const episode = repair.reset(taskNumber(0));
    await repairAll(episode);
    let turns = episode.turns;
    while (!episode.isOver) {
      await repair.step(episode, call(episode, 'test', {}));
      turns++;
    }
    expect(turns).toBe(12);
    expect(last(episode)).toBe('pass');
    expect(await repair.isSuccess(episode)).toBe(false);
  });

  it('answers faulty calls with an error and changes nothing', async () => {
    const task = taskNumber(2);
    const { name } = repair.reset(task).tools.find((tool) => functionOf(tool.name) === 'edit')!;
    const path = task.functions[0]!.file;
    const edit = (given: JsonObject): Action => ({
      kind: 'calls',
      content: '',
      calls: [{ name, arguments: given, argumentsText: JSON.stringify(given) }],
    });
    for (const action of [
      { ...edit({}), calls: [{ name: 'rm', arguments: {}, argumentsText: '{}' }] } as Action,
      { ...edit({}), calls: [{ name, arguments: null, argumentsText: '{' }] } as Action,
      edit({ path, old_str: 'x' }),
      edit({ path, old_str: 'const', new_str: 'let', all: true }),
      edit({ path: 'none.js', old_str: 'x', new_str: 'y' }),
      edit({ path: 'constructor', old_str: 'x', new_str: 'y' }),
      edit({ path, old_str: '', new_str: 'y' }),
      edit({ path, old_str: 'not there', new_str: 'y' }),
      edit({ path, old_str: 'x', new_str: 'y' }),
    ]) {
      const episode = repair.reset(task);
      const before = { ...episode.files };
      await repair.step(episode, action);
      expect(last(episode)).toMatch(/^error: /);
      expect(episode.files).toEqual(before);
    }
  });

  it('writes new text as it is, dollar signs included', async () => {
    const task = taskNumber(2);
    const episode = repair.reset(task);
    await rewrite(episode, task.functions[0]!.file, "$& $1 $'");
    expect(episode.files[task.functions[0]!.file]).toBe("$& $1 $'");
  });
});
