import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/base/json.ts';
import { Random } from '../../../../src/base/random.ts';
import { demonstrate } from '../../../../src/environment/demonstrations.ts';
import { isFulfillable, type HelpdeskEpisode } from '../../../../src/environment/helpdesk/episode.ts';
import { callOf, expertAction, sentencesOf, type Step } from '../../../../src/environment/helpdesk/expert.ts';
import { helpdesk } from '../../../../src/environment/helpdesk/helpdesk.ts';
import type { HelpdeskTask } from '../../../../src/environment/helpdesk/task.ts';
import { functionOf, FUNCTIONS, TOOL_FUNCTIONS } from '../../../../src/environment/helpdesk/tools.ts';
import { ORDER_IDS } from '../../../../src/environment/helpdesk/world.ts';
import type { Action } from '../../../../src/trajectory/record.ts';
import { presetNamed } from '../../../../src/verifier/presets.ts';

const taskNumber = (index: number, split: 'train' | 'heldout' = 'train') =>
  helpdesk.drawTask(new Random('helpdesk-test').fork(index), split);

/** The first drawn task that fits. */
function taskWhere(fits: (task: HelpdeskTask) => boolean): HelpdeskTask {
  for (let index = 0; ; index++) if (fits(taskNumber(index))) return taskNumber(index);
}

const say = (content: string): Action => ({ kind: 'message', content });
const call = (name: string, given: Parameters<typeof callOf>[1]): Action => ({
  kind: 'calls',
  content: '',
  calls: [callOf(name, given)],
});
const listed = (task: HelpdeskTask, key: string) => task.toolNames.find((name) => functionOf(name) === key)!;

describe('the helpdesk', () => {
  it('lets every demonstration of the expert succeed, in both splits', async () => {
    for (const split of ['train', 'heldout'] as const) {
      for (let index = 0; index < 500; index++) {
        const { episode, isSuccess } = await demonstrate(
          helpdesk,
          taskNumber(index, split),
          new Random(index),
        );
        expect(isSuccess, JSON.stringify(episode.messages)).toBe(true);
      }
    }
  });

  it('gives the same episode for the same task and actions', async () => {
    const run = (index: number) => demonstrate(helpdesk, taskNumber(index), new Random(7));
    expect(await run(3)).toEqual(await run(3));
    expect(await run(3)).not.toEqual(await run(4));
  });

  it('leaves its task untouched', async () => {
    const task = taskWhere((task) => task.request === 'refund' && isFulfillable(task));
    const before = structuredClone(task);
    await demonstrate(helpdesk, task, new Random(1));
    expect(task).toEqual(before);
  });

  it('uses only entities of the task’s split', () => {
    for (let index = 0; index < 200; index++) {
      for (const split of ['train', 'heldout'] as const) {
        const { database } = taskNumber(index, split);
        for (const { id } of database.orders) expect(ORDER_IDS[split]).toContain(id);
      }
    }
  });

  it('lists every needed tool', () => {
    for (let index = 0; index < 300; index++) {
      const task = taskNumber(index);
      if (task.request !== 'status') expect(listed(task, task.request)).toBeDefined();
      expect(listed(task, 'look')).toBeDefined();
    }
  });

  it('draws requests that the policy forbids about as often as allowed ones', () => {
    let allowed = 0;
    for (let index = 0; index < 600; index++) if (isFulfillable(taskNumber(index))) allowed++;
    expect(allowed / 600).toBeGreaterThan(0.4);
    expect(allowed / 600).toBeLessThan(0.75);
  });

  it('fails an agent that does what the policy forbids, even if the user is told so', () => {
    const task = taskWhere((task) => task.request === 'cancel' && !task.forgetsId && !isFulfillable(task));
    const episode = helpdesk.reset({ ...task, busyCall: -1 });
    helpdesk.step(episode, call(listed(task, 'cancel'), { order_id: task.orderId }));
    helpdesk.step(episode, say(`Sorry, order ${task.orderId} is not open.`));
    expect(episode.isOver).toBe(true);
    expect(helpdesk.isSuccess(episode)).toBe(false);
  });

  it('fails an agent that does the right thing and tells the wrong one', () => {
    const task = taskWhere((task) => task.request === 'cancel' && !task.forgetsId && isFulfillable(task));
    const told = (text: string) => {
      const episode = helpdesk.reset({ ...task, busyCall: -1 });
      helpdesk.step(episode, call(listed(task, 'cancel'), { order_id: task.orderId }));
      helpdesk.step(episode, say(text));
      return helpdesk.isSuccess(episode);
    };
    expect(told('It is cancelled.')).toBe(true);
    expect(told('Sorry, I cannot.')).toBe(false);
    expect(told('It is refunded.')).toBe(false);
  });

  it('fails an agent that only talks', () => {
    const task = taskWhere((task) => task.request === 'refund' && isFulfillable(task));
    const episode = helpdesk.reset(task);
    helpdesk.step(episode, say(`Order ${task.orderId} is refunded.`));
    expect(helpdesk.isSuccess(episode)).toBe(false);
  });

  it('takes an order number in any spelling and either spelling of a default', () => {
    const task = taskWhere(
      (task) => task.request === 'refund' && task.method === 'card' && !task.forgetsId && isFulfillable(task),
    );
    for (const id of [task.orderId, String(task.orderId), `#${task.orderId}`]) {
      for (const extra of [{}, { method: 'card' }] as JsonObject[]) {
        const episode = helpdesk.reset({ ...task, busyCall: -1 });
        helpdesk.step(episode, call(listed(task, 'refund'), { order_id: id, ...extra }));
        helpdesk.step(episode, say(`Order ${task.orderId} is refunded.`));
        expect(helpdesk.isSuccess(episode)).toBe(true);
      }
    }
  });

  it('answers faulty calls with an error and changes nothing', () => {
    const task = taskWhere((task) => task.request === 'move' && !task.forgetsId);
    const before = JSON.stringify(task.database);
    const name = listed(task, 'move');
    for (const action of [
      call('no_such_tool', {}),
      call(name, { order_id: task.orderId }),
      call(name, { order_id: 99, city: task.city }),
      call(name, { order_id: task.orderId, city: task.city, extra: 1 }),
      { kind: 'calls', content: '', calls: [{ name, arguments: null, argumentsText: '{' }] } as Action,
    ]) {
      const episode = helpdesk.reset({ ...task, busyCall: -1 });
      helpdesk.step(episode, action);
      expect(episode.messages.at(-1)!.content).toContain('error');
      expect(JSON.stringify(episode.database)).toBe(before);
    }
  });

  it('has a user who tells a forgotten number only when asked', () => {
    const task = taskWhere((task) => task.forgetsId);
    const episode = helpdesk.reset(task);
    expect(episode.messages[1]!.content).not.toContain(String(task.orderId));
    helpdesk.step(episode, expertAction(episode, new Random(1)));
    expect(episode.messages.at(-1)!.role).toBe('user');
    expect(episode.messages.at(-1)!.content).toContain(String(task.orderId));
  });

  it('ends an episode of an agent that never stops asking', () => {
    const episode = helpdesk.reset(taskNumber(0));
    let turns = 0;
    while (!episode.isOver) {
      helpdesk.step(episode, say('What?'));
      turns++;
    }
    expect(turns).toBe(10);
    expect(helpdesk.isSuccess(episode)).toBe(false);
  });

  it('has a verifier that takes every right sentence for any other, and no sentence of another step', async () => {
    const { verify } = presetNamed(helpdesk.verifier);
    const world = helpdesk.worldOf();
    const rewardOf = async (expected: string, said: string) => {
      const attempt = { text: said, action: say(said), faults: [], isComplete: true };
      return (await verify({ expected: say(expected), attempt, tools: [], world })).reward!;
    };
    const spoken: Step[] = ['ask', 'tell', 'refuse', 'done'];
    for (let index = 0; index < 40; index++) {
      const done = await demonstrate(helpdesk, taskNumber(index), new Random(index));
      const episode = done.episode as HelpdeskEpisode;
      const request = (['refund', 'cancel', 'move', 'swap'] as const)[index % 4]!;
      const told = spoken.map((step) =>
        sentencesOf(step, { ...episode, task: { ...episode.task, request } }),
      );
      for (const [at, own] of told.entries()) {
        for (const sentence of own) {
          expect(await rewardOf(own[0]!, sentence)).toBeGreaterThanOrEqual(0.5);
          for (const other of told.filter((_, index) => index !== at).flat())
            expect(await rewardOf(other, sentence), `${other} ${sentence}`).toBe(0);
        }
      }
    }
  });

  it('makes the expert use its freedom: both names, both orders of arguments, defaults given and left out', async () => {
    const seen = new Set<string>();
    for (let index = 0; index < 800; index++) {
      const { episode } = await demonstrate(helpdesk, taskNumber(index), new Random(index));
      for (const message of episode.messages) {
        for (const { name, argumentsText } of message.calls ?? []) {
          const key = functionOf(name)!;
          seen.add(name).add(`${key}(${argumentsText.replace(/:("[^"]*"|\w+)/g, '')})`);
        }
      }
    }
    for (const key of TOOL_FUNCTIONS) for (const name of FUNCTIONS[key].names) expect(seen).toContain(name);
    for (const shape of [
      'move({"order_id","city"})',
      'move({"city","order_id"})',
      'cancel({"order_id"})',
      'cancel({"order_id","notify"})',
      'cancel({"notify","order_id"})',
    ]) {
      expect(seen).toContain(shape);
    }
  });
});
