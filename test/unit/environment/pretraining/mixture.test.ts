import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/base/random.ts';
import { noviceDocument } from '../../../../src/environment/demonstrations.ts';
import { helpdesk } from '../../../../src/environment/helpdesk/helpdesk.ts';
import { noviceAction } from '../../../../src/environment/helpdesk/novice.ts';
import { ORDER_IDS, SPLIT_CITIES, SPLIT_ITEMS } from '../../../../src/environment/helpdesk/world.ts';
import { listing, lookup, reversing } from '../../../../src/environment/pretraining/copying.ts';
import { worlds } from '../../../../src/environment/worlds.ts';
import { pretrainingDocument, SHARES, sources } from '../../../../src/environment/pretraining/mixture.ts';

const never = { ask: 0, look: 0, stock: 0, act: 0, tell: 0, refuse: 0, done: 0, retry: 0 };
const textOf = (document: unknown) => JSON.stringify(document);

describe('the pretraining mixture', () => {
  it('gives every source a share and a name of its own', () => {
    expect(new Set(sources.map(({ name }) => name)).size).toBe(sources.length);
    for (const { name } of sources) expect(SHARES[name], name).toBeGreaterThan(0);
  });

  it('is the same for the same seed and number', async () => {
    for (const source of sources) {
      const first = await pretrainingDocument(source, 1, 17);
      expect(await pretrainingDocument(source, 1, 17), source.name).toEqual(first);
      expect(await pretrainingDocument(source, 2, 18), source.name).not.toEqual(first);
    }
  });

  it('never shows a held-out order number, neither at the helpdesk nor in any exercise', async () => {
    const heldout = new Set(ORDER_IDS.heldout.map(String));
    const others = new Set(worlds.filter(({ name }) => name !== 'helpdesk').map(({ name }) => name));
    for (const source of sources.filter(({ name }) => !others.has(name))) {
      for (let index = 0; index < 1000; index++) {
        for (const number of textOf(await pretrainingDocument(source, 1, index)).match(/\d+/g) ?? []) {
          expect(heldout.has(number), source.name).toBe(false);
        }
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

  it('has copying exercises whose answers are right', () => {
    for (let seed = 0; seed < 200; seed++) {
      const reverse = reversing(new Random(seed));
      expect(reverse.question).toBe(`Reverse ${reverse.answer.split(' ').reverse().join(' ')}.`);

      const list = listing(new Random(seed));
      const items = JSON.parse(list.answer.replace('List: ', '')) as (string | number)[];
      expect(list.question).toBe(`List ${items.join(' ')}.`);

      const get = lookup(new Random(seed));
      const asked = /Get (\w+)\./.exec(get.question)![1]!;
      expect(new RegExp(`(^|, )${asked}: ([^,.]+)`).exec(get.question)![2]).toBe(get.answer);
    }
  });
});
