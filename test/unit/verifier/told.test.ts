import { describe, expect, test } from 'vitest';
import { shell } from '../../../src/verifier/shell.ts';
import { presetNamed } from '../../../src/verifier/presets.ts';
import { call, calls, message, sample } from './samples.ts';

const world = {
  cwd: '/w',
  directories: ['/w/docs', '/w/maps'],
  files: { '/w/docs/pen.txt': 'red 4\nblue 12\n', '/w/maps/cup.log': 'gold 4\n' },
};
const { verify } = presetNamed('shell-simulated');
const judge = (expected: string, told: string) =>
  verify({ ...sample(message(expected), message(told)), world });

describe('messages judged by what they tell of a file system', () => {
  test.each([
    ['the same number in other words', 'There are 3 files.', '3 files.'],
    ['a place beside the number that was told', 'There are 3 files.', 'There are 3 files in docs.'],
    ['a path spelled otherwise', 'It is docs/pen.txt.', 'The file is ./docs/pen.txt'],
    ['a path taken apart', 'It is docs/pen.txt.', 'It is pen.txt in docs.'],
    ['a line of a file', 'It is blue 12.', 'Blue 12 comes first.'],
    ['a name that is gone', 'I deleted docs/fox.txt.', 'Done, docs/fox.txt is gone.'],
    ['a denial of the same', 'There are no files, 0.', 'I found 0 files, none.'],
  ])('take %s', async (_, expected, told) => {
    expect(await judge(expected, told)).toMatchObject({ reward: 1, category: 'SAME_TOLD' });
  });

  test.each([
    ['another number', 'There are 3 files.', 'There are 4 files.'],
    ['no number', 'There are 3 files.', 'Done.'],
    ['a spray of numbers', 'There are 3 files.', 'There are 1 2 3 4 5 files.'],
    ['a number that only begins alike', 'There are 3 files.', 'There are 31 files.'],
    ['the right number denied', 'There are 3 files.', 'There are not 3 files.'],
    ['the right number as a question', 'There are 3 files.', 'Are there 3 files?'],
    ['another name', 'It is docs/pen.txt.', 'It is maps/cup.log.'],
    ['half of a path', 'It is docs/pen.txt.', 'It is pen.txt.'],
    ['a spray of names', 'It is docs/pen.txt.', 'It is docs/pen.txt or maps/cup.log.'],
    ['a made-up name beside the right one', 'It is docs/pen.txt.', 'It is docs/pen.txt, fox.txt.'],
    ['the number with another word of the files', 'It is blue 12.', 'It is red 12.'],
    ['the word with another number', 'It is blue 12.', 'It is blue 4.'],
    ['nothing but the words around it', 'It is docs/pen.txt.', 'It is.'],
  ])('reject %s', async (_, expected, told) => {
    expect(await judge(expected, told)).toMatchObject({ reward: 0, category: 'TOLD_DIFFERENT' });
  });

  test('earn half a point where the demonstrated message tells nothing, unless they ask or deny', async () => {
    expect(await judge('Done.', 'All finished!')).toMatchObject({
      reward: 0.5,
      category: 'EXPECTED_MESSAGE',
    });
    expect(await judge('Done.', 'Sorry, I cannot.')).toMatchObject({ reward: 0 });
    expect(await judge('Done.', 'What?')).toMatchObject({ reward: 0 });
  });

  test('earn nothing in place of a command, nor a command in their place', async () => {
    const command = calls(call('bash', { command: 'ls docs | wc -l' }));
    expect(await verify({ ...sample(message('There is 1 file.'), command), world })).toMatchObject({
      reward: 0,
    });
    expect(await verify({ ...sample(command, message('There is 1 file.')), world })).toMatchObject({
      reward: -0.5,
    });
    expect(await verify({ ...sample(command, message('ls docs | wc -l')), world })).toMatchObject({
      reward: -0.5,
    });
  });
});

describe('the preset for agents of the simulated shell', () => {
  const judgeCommand = (name: string, expected: string, made: string) =>
    presetNamed(name).verify({
      ...sample(calls(call('bash', { command: expected })), calls(call('bash', { command: made }))),
      world,
    });

  test('counts what the shell lacks as the attempt’s failure; the preset for any shell gives no verdict', async () => {
    const asked = ['cp docs/pen.txt maps', 'rsync -a docs/pen.txt maps'] as const;
    expect(await judgeCommand('shell-simulated', ...asked)).toMatchObject({
      reward: 0,
      category: 'SHELL_LACKS_IT',
    });
    expect(await judgeCommand('shell', ...asked)).toMatchObject({ reward: null });
    expect(await judgeCommand('shell-simulated', ...([asked[1], asked[0]] as const))).toMatchObject({
      reward: null,
    });
  });

  test('has only the programs that the world names, where it names them', async () => {
    const asked = {
      ...sample(
        calls(call('bash', { command: 'cat maps/cup.log' })),
        calls(call('bash', { command: 'tac maps/cup.log' })),
      ),
      world: { ...world, commands: ['cat'] },
    };
    expect(await verify(asked)).toMatchObject({
      reward: 0,
      reason: 'Other output than demonstrated: bash: tac: command not found.',
    });
    expect(await verify({ ...asked, world })).toMatchObject({ reward: 1 });
  });

  test('leaves the preset for any shell as it was on messages', async () => {
    const asked = { ...sample(message('ls docs | wc -l'), message('find docs -type f | wc -l')), world };
    expect(await presetNamed('shell').verify(asked)).toMatchObject({ reward: 1, category: 'SAME_EFFECT' });
  });
});

describe('remembering what commands did', () => {
  test('never mixes up worlds or commands', async () => {
    const verify = shell();
    const asked = (text: string, made: string) =>
      verify({
        ...sample(calls(call('bash', { command: 'cat a' })), calls(call('bash', { command: made }))),
        world: { cwd: '/w', files: { '/w/a': text, '/w/b': 'two\n' } },
      });
    for (let round = 0; round < 2; round++) {
      expect(await asked('one\n', 'cat b')).toMatchObject({ reward: 0 });
      expect(await asked('two\n', 'cat b')).toMatchObject({ reward: 1 });
      expect(await asked('one\n', 'cat ./a')).toMatchObject({ reward: 1 });
    }
  });
});

describe('messages judged by the facts that a world lists', () => {
  const told = presetNamed('guarded-told').verify;
  const facts = { facts: ['open', 'delivered', 'refunded', 'cancelled', 'lamp', 'Oslo'] };
  const judgeFacts = (expected: string, said: string) =>
    told({ ...sample(message(expected), message(said)), world: facts });

  test.each([
    ['Order 412 is delivered.', 'Your order 412 is delivered now.'],
    ['Order 412 goes to Oslo.', 'It goes to oslo, order 412.'],
    ['Sorry, there is no lamp now.', 'Sorry, I have no lamp.'],
  ])('take “%s” for “%s”', (expected, said) => {
    expect(judgeFacts(expected, said)).toMatchObject({ reward: 1, category: 'SAME_TOLD' });
  });

  test.each([
    ['another status', 'Order 412 is delivered.', 'Order 412 is open.'],
    ['another order', 'Order 412 is delivered.', 'Order 413 is delivered.'],
    ['another deed', 'Order 412 is refunded.', 'Order 412 is cancelled.'],
    ['two statuses', 'Order 412 is open.', 'Order 412 is open, delivered.'],
    ['a refusal', 'Order 412 is cancelled.', 'Sorry, order 412 is cancelled.'],
    ['a statement for a question', 'What is the order number?', 'Please wait.'],
  ])('refuse %s', (_, expected, said) => {
    expect(judgeFacts(expected, said)).toMatchObject({ reward: 0, category: 'TOLD_DIFFERENT' });
  });

  test('give a question for a question half a point, and a call for a message none', () => {
    expect(judgeFacts('What is the order number?', 'Sure, which order?')).toMatchObject({ reward: 0.5 });
    const called = sample(message('Order 412 is open.'), calls(call('find_order')));
    expect(told({ ...called, world: facts })).toMatchObject({ reward: 0 });
  });
});
