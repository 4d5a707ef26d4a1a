import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/base/random.ts';
import { noviceDocument } from '../../../../src/environment/demonstrations.ts';
import { helpdesk } from '../../../../src/environment/helpdesk/helpdesk.ts';
import { noviceAction } from '../../../../src/environment/helpdesk/novice.ts';
import { ORDER_IDS, SPLIT_CITIES, SPLIT_ITEMS } from '../../../../src/environment/helpdesk/world.ts';
import { pretrainingDocument } from '../../../../src/environment/pretraining/mixture.ts';
import { exercise } from '../../../../src/environment/pretraining/skills.ts';

const never = { ask: 0, look: 0, stock: 0, act: 0, tell: 0, refuse: 0, done: 0, retry: 0 };
const textOf = (document: unknown) => JSON.stringify(document);

describe('the pretraining mixture', () => {
  it('is the same for the same seed and number', async () => {
    const first = await pretrainingDocument(1, 17);
    expect(await pretrainingDocument(1, 17)).toEqual(first);
    expect(await pretrainingDocument(2, 17)).not.toEqual(first);
  });

  it('never shows a held-out order number', async () => {
    const heldout = new Set(ORDER_IDS.heldout.map(String));
    for (let index = 0; index < 2000; index++) {
      for (const number of textOf(await pretrainingDocument(1, index)).match(/\d+/g) ?? []) {
        expect(heldout.has(number)).toBe(false);
      }
    }
  });

  it('never shows a held-out item or city in a demonstration', async () => {
    const words = new RegExp(`\\b(${[...SPLIT_CITIES.heldout, ...SPLIT_ITEMS.heldout].join('|')})\\b`);
    for (let index = 0; index < 1000; index++) {
      const { messages } = await noviceDocument(helpdesk, new Random(index));
      expect(
        messages.map((message) => message.content + JSON.stringify(message.calls)).join('\n'),
      ).not.toMatch(words);
    }
  });

  it('ends every demonstration with a turn of the agent, whether right or wrong', async () => {
    for (let index = 0; index < 500; index++) {
      expect((await noviceDocument(helpdesk, new Random(index))).messages.at(-1)!.role).toBe('assistant');
    }
  });

  it('errs less where the rates say so', async () => {
    const turns = async (errors?: typeof never) => {
      const novice: typeof helpdesk.novice = (episode, random) => noviceAction(episode, random, errors);
      let sum = 0;
      for (let index = 0; index < 300; index++) {
        const { messages } = await noviceDocument({ ...helpdesk, novice }, new Random(index));
        sum += messages.filter(({ isTrainable }) => isTrainable).length;
      }
      return sum / 300;
    };
    const flawless = await turns(never);
    expect(flawless).toBeGreaterThan(2.5);
    expect(await turns()).toBeLessThan(flawless - 0.5);
  });

  it('has skills whose answers are right', () => {
    for (let seed = 0; seed < 200; seed++) {
      const sum = exercise('arithmetic', new Random(seed));
      const [, a, sign, b] = /^(\d+) ([+-]) (\d+) =$/.exec(sum.question)!;
      expect(Number(sum.answer)).toBe(sign === '+' ? Number(a) + Number(b) : Number(a) - Number(b));

      const reverse = exercise('reverse', new Random(seed));
      expect(reverse.question).toBe(`Reverse ${reverse.answer.split(' ').reverse().join(' ')}.`);

      const list = exercise('list', new Random(seed));
      const items = JSON.parse(list.answer.replace('List: ', '')) as (string | number)[];
      expect(list.question).toBe(`List ${items.join(' ')}.`);

      const sort = exercise('sort', new Random(seed));
      expect(sort.answer.split(' ').map(Number)).toEqual(
        /Sort (.*)\./
          .exec(sort.question)![1]!
          .split(' ')
          .map(Number)
          .sort((x, y) => x - y),
      );

      const lookup = exercise('lookup', new Random(seed));
      const asked = /Get (\w+)\./.exec(lookup.question)![1]!;
      expect(new RegExp(`(^|, )${asked}: ([^,.]+)`).exec(lookup.question)![2]).toBe(lookup.answer);
    }
  });
});
