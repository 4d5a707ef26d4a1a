import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/base/random.ts';
import { demonstrate, noviceDocument } from '../../../../src/environment/demonstrations.ts';
import { nextStep } from '../../../../src/environment/shell/episode.ts';
import { commandAction, sentencesOf } from '../../../../src/environment/shell/expert.ts';
import { shellWorld } from '../../../../src/environment/shell/shell.ts';
import type { Request, ShellTask } from '../../../../src/environment/shell/task.ts';
import { answerOf, REQUESTS, wantedTree } from '../../../../src/environment/shell/task.ts';
import { isSameTree } from '../../../../src/environment/shell/world.ts';
import type { Split } from '../../../../src/environment/environment.ts';
import type { Action } from '../../../../src/trajectory/record.ts';
import { presetNamed } from '../../../../src/verifier/presets.ts';

const taskNumber = (index: number, split: Split = 'train') =>
  shellWorld.drawTask(new Random('shell-test').fork(index), split);

/** The first drawn task of this request. */
function taskOf(request: Request): ShellTask {
  for (let index = 0; ; index++) if (taskNumber(index).request === request) return taskNumber(index);
}

const say = (content: string): Action => ({ kind: 'message', content });

/** What the episode has come to after these actions. */
async function after(task: ShellTask, ...actions: Action[]) {
  const episode = shellWorld.reset(task);
  for (const action of actions) await shellWorld.step(episode, action);
  return episode;
}

const verify = presetNamed(shellWorld.verifier).verify;
const rewardOf = async (expected: Action, action: Action, world: ReturnType<typeof shellWorld.worldOf>) =>
  (await verify({ expected, attempt: { text: '', action, faults: [], isComplete: true }, tools: [], world }))
    .reward;

describe('the shell world', () => {
  it('lets every demonstration of the expert succeed, in both splits, in two to five turns', async () => {
    const seen = new Set<Request>();
    for (const split of ['train', 'heldout'] as const) {
      for (let index = 0; index < 150; index++) {
        const task = taskNumber(index, split);
        seen.add(task.request);
        const { episode, isSuccess } = await demonstrate(shellWorld, task, new Random(index));
        expect(isSuccess, JSON.stringify(episode.messages)).toBe(true);
        const turns = episode.messages.filter(({ role }) => role === 'assistant').length;
        expect(turns).toBeGreaterThanOrEqual(2);
        expect(turns).toBeLessThanOrEqual(5);
      }
    }
    expect(seen.size).toBe(REQUESTS.length);
  }, 60_000);

  it('gives the same episode for the same task and actions, and leaves the task untouched', async () => {
    const task = taskNumber(3);
    const before = structuredClone(task);
    const run = () => demonstrate(shellWorld, task, new Random(7));
    expect(await run()).toEqual(await run());
    expect(task).toEqual(before);
  });

  it('keeps prompts short', async () => {
    const lengths: number[] = [];
    for (let index = 0; index < 150; index++) {
      const { episode } = await demonstrate(shellWorld, taskNumber(index), new Random(index));
      const before = episode.messages.slice(0, -1);
      lengths.push(
        before.map(({ content, calls }) => content + (calls?.[0]?.argumentsText ?? '')).join('\n').length,
      );
    }
    const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
    expect(mean).toBeLessThan(250);
    expect(Math.max(...lengths)).toBeLessThan(600);
  }, 60_000);

  it('rewards every way of the expert to do a step fully, whichever was demonstrated', async () => {
    for (let index = 0; index < 60; index++) {
      const random = new Random('equal').fork(index);
      const episode = shellWorld.reset(taskNumber(index, index % 3 ? 'train' : 'heldout'));
      while (!episode.isOver) {
        const [one, other] = [shellWorld.expert(episode, random), shellWorld.expert(episode, random)];
        const reward = await rewardOf(one, other, shellWorld.worldOf(episode));
        expect(reward, `${JSON.stringify(other)} for ${JSON.stringify(one)}`).toBe(1);
        await shellWorld.step(episode, one);
      }
    }
  }, 60_000);

  it('rewards the novice fully where it is right and mostly not where it is wrong', async () => {
    const full = { right: 0, wrong: 0 };
    const all = { right: 0, wrong: 0 };
    for (let index = 0; index < 100; index++) {
      const random = new Random('novice').fork(index);
      const episode = shellWorld.reset(taskNumber(index), 'base');
      while (!episode.isOver) {
        const expected = shellWorld.expert(episode, random);
        const { action, isWrong } = shellWorld.novice(episode, random);
        all[isWrong ? 'wrong' : 'right']++;
        if ((await rewardOf(expected, action, shellWorld.worldOf(episode))) === 1)
          full[isWrong ? 'wrong' : 'right']++;
        await shellWorld.step(episode, expected);
      }
    }
    expect(full.right).toBe(all.right);
    expect(all.wrong).toBeGreaterThan(50);
    expect(full.wrong / all.wrong).toBeLessThan(0.1);
  }, 60_000);

  it('knows a next action whatever was done before', async () => {
    for (let index = 0; index < 40; index++) {
      const task = taskNumber(index);
      const random = new Random('harm').fork(index);
      const harm = random.pick([
        'rm -rf *',
        `rm ${task.path}`,
        `mv ${task.path} x`,
        'ls */*',
        'cat */*',
        'mkdir x',
      ]);
      const episode = await after(task, commandAction(harm));
      while (!episode.isOver) {
        expect(shellWorld.expert(episode, random)).toBeDefined();
        await shellWorld.step(episode, shellWorld.novice(episode, random).action);
      }
    }
  }, 60_000);

  it('ends the novice’s documents at their first mistake', async () => {
    for (let index = 0; index < 30; index++) {
      const { messages } = await noviceDocument(shellWorld, new Random(index));
      expect(messages.at(-1)!.role).toBe('assistant');
    }
  });

  it('makes the expert use its freedom', async () => {
    const commands = new Set<string>();
    const task = taskOf('countWord');
    for (let index = 0; index < 60; index++) {
      const action = shellWorld.expert(shellWorld.reset(task), new Random(index));
      if (action.kind === 'calls') commands.add(action.calls[0]!.argumentsText);
    }
    expect(commands.size).toBeGreaterThan(8);
  });
});

describe('success in the shell world', () => {
  it('fails an agent that only talks, even if it says what the expert says after the work', async () => {
    for (const request of REQUESTS) {
      const task = taskOf(request);
      const isChange = !isSameTree(task.tree, wantedTree(task));
      const told = isChange ? sentencesOf(task)[0]! : 'Done.';
      expect(shellWorld.isSuccess(await after(task, say(told))), request).toBe(false);
      expect(shellWorld.isSuccess(await after(task, say('There are 99 files.'))), request).toBe(false);
    }
  });

  it('needs the right answer, whatever the words', async () => {
    const task = taskOf('countLines');
    const told = async (text: string) =>
      shellWorld.isSuccess(await after(task, commandAction(`wc -l ${task.path}`), say(text)));
    const lines = Number(answerOf(task));
    expect(await told(`I count ${lines} in ${task.path}.`)).toBe(true);
    expect(await told(`There are ${lines + 1} lines.`)).toBe(false);
    expect(await told(`There are ${lines} or ${lines + 1} lines.`)).toBe(false);
    expect(await told('Done.')).toBe(false);
  });

  it('needs exactly the wanted files', async () => {
    const task = taskOf('delete');
    const done = async (command: string, text = 'Done.') =>
      shellWorld.isSuccess(await after(task, commandAction(command), say(text)));
    expect(await done(`rm ${task.path}`)).toBe(true);
    expect(await done(`rm ${task.path}`, 'Sorry, I cannot delete it.')).toBe(false);
    expect(await done('rm */*')).toBe(false);
    expect(await done(`rm ${task.path}; touch trace`)).toBe(false);
    expect(await done(`cat ${task.path}`)).toBe(false);
  });

  it('fails a question that is answered but whose files were harmed', async () => {
    const task = taskOf('countLines');
    const episode = await after(task, commandAction(`rm ${task.path}`), say(sentencesOf(task)[0]!));
    expect(shellWorld.isSuccess(episode)).toBe(false);
  });

  it('ends an episode of an agent that never tells anything', async () => {
    const episode = shellWorld.reset(taskNumber(0));
    let turns = 0;
    for (; !episode.isOver; turns++) await shellWorld.step(episode, commandAction('ls'));
    expect(turns).toBe(8);
    expect(shellWorld.isSuccess(episode)).toBe(false);
  });
});

describe('the sandbox of the shell world', () => {
  it.each([
    'while true; do :; done',
    'for i in $(seq 1 100000); do echo $i; done',
    'f() { f; f; }; f',
    'x=a; while true; do x=$x$x; done',
    'cat */* */* */* */* | sed p | sed p | sed p | sed p | sed p | sed p',
    'seq 1 100000',
    'rm -rf /',
    'cat /etc/passwd; ls /; echo hi > /etc/passwd',
    'cat < /dev/zero',
    'tail -f docs/pen.txt',
    "awk 'BEGIN { while (1) x++ }'",
    "sed ':a; ba' */*",
    'node -e "process.exit(1)"; python3 -c 1; curl http://localhost',
    '((((',
    "echo 'unclosed",
    '',
  ])('ends %j quickly, harms no one and does not count as done', async (command) => {
    const task = taskOf('rename');
    const start = performance.now();
    const episode = await after(task, commandAction(command), say('Done.'));
    expect(performance.now() - start).toBeLessThan(5000);
    expect(episode.messages[2]!.content.length).toBeLessThan(250);
    expect(shellWorld.isSuccess(episode)).toBe(false);
    expect(Object.keys(shellWorld.reset(task).tree.files).length).toBeGreaterThan(3);
  });

  it('survives commands put together by chance, one after the other', async () => {
    const parts = [
      'docs', '../w', '/', '.', '*', '*/*', 'ls', 'cat', 'mv', 'cp', 'rm -rf', 'mkdir -p', 'touch', 'echo', '>', '>>',
      '<', '|', '&&', ';', 'grep -rl', 'red', 'sed -i', 's/red/blue/', 'find', '-delete', 'sort -o', 'tee', 'xargs',
      '$(', '`', ')', '(', '{', '}', '"', "'", '1', '\\', '\0', 'for i in *; do', 'done', '&', '<<E', '!', '[[', ']]',
    ]; // prettier-ignore
    for (let index = 0; index < 60; index++) {
      const random = new Random('chance').fork(index);
      const words = () => Array.from({ length: 1 + random.integer(6) }, () => random.pick(parts)).join(' ');
      const episode = await after(taskNumber(0), ...[words(), words(), words()].map(commandAction));
      expect(episode.outputs).toHaveLength(3);
      expect(Object.values(episode.tree.files).every((text) => typeof text === 'string')).toBe(true);
    }
  }, 60_000);

  it('answers faulty calls and changes nothing', async () => {
    const task = taskNumber(1);
    const faulty: Action[] = [
      { kind: 'calls', content: '', calls: [{ name: 'zsh', arguments: {}, argumentsText: '{}' }] },
      { kind: 'calls', content: '', calls: [{ name: 'bash', arguments: null, argumentsText: '{' }] },
      {
        kind: 'calls',
        content: '',
        calls: [{ name: 'bash', arguments: { command: 1 }, argumentsText: '{}' }],
      },
    ];
    for (const action of faulty) {
      const episode = await after(task, action);
      expect(episode.messages.at(-1)!.content).toMatch(/^no /);
      expect(episode.tree).toEqual(task.tree);
    }
  });

  it('starts every command in the same folder and keeps what it changed there', async () => {
    const task = taskNumber(2);
    const folder = task.tree.folders[0]!;
    const episode = await after(
      task,
      commandAction(`cd ${folder}; echo red 1 > new.txt`),
      commandAction('pwd'),
      commandAction(`cat ${folder}/new.txt`),
    );
    expect(episode.outputs).toEqual(['ok', '/w', 'red 1']);
    expect(nextStep(episode)).not.toBe('tell');
  });
});
