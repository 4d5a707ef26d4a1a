import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/base/random.ts';
import { demonstrate } from '../../../../src/environment/demonstrations.ts';
import { namesOf, KINDS, NAMES } from '../../../../src/environment/search/names.ts';
import { RELATION_NAMES } from '../../../../src/environment/search/relations.ts';
import { MAX_TURNS, search } from '../../../../src/environment/search/search.ts';
import { answerOf } from '../../../../src/environment/search/task.ts';
import { callAction } from '../../../../src/environment/search/tools.ts';
import type { Action } from '../../../../src/trajectory/record.ts';
import { calling, judge, onEveryTurn, taskNumber } from './tasks.ts';

const lastText = (episode: ReturnType<typeof search.reset>) => episode.messages.at(-1)!.content;
const words = (text: string) => text.match(/[A-Za-z]+/g) ?? [];
const names = new Set(KINDS.flatMap(namesOf));

describe('the search world', () => {
  it('lets every demonstration of the expert succeed, nearly all in 10 to 20 turns, in both splits', async () => {
    const turns: number[] = [];
    for (const split of ['train', 'heldout'] as const) {
      for (let index = 0; index < 150; index++) {
        const { episode, isSuccess } = await demonstrate(search, taskNumber(index, split), new Random(index));
        expect(isSuccess, JSON.stringify(episode.messages)).toBe(true);
        turns.push(episode.messages.filter(({ role }) => role === 'assistant').length);
      }
    }
    // A document that an earlier result happened to show needs no search of its own.
    expect(turns.filter((count) => count >= 10 && count <= 20).length / turns.length).toBeGreaterThan(0.97);
  });

  it('gives the same episode for the same task and actions', async () => {
    const run = (index: number) => demonstrate(search, taskNumber(index), new Random(7));
    expect(await run(3)).toEqual(await run(3));
    expect(await run(3)).not.toEqual(await run(4));
  });

  it('leaves its task untouched', async () => {
    const task = taskNumber(5);
    const before = structuredClone(task);
    await demonstrate(search, task, new Random(1));
    expect(task).toEqual(before);
  });

  it('has 12 to 30 documents, all of names of its split', () => {
    for (const split of ['train', 'heldout'] as const) {
      const own = new Set(KINDS.flatMap((kind) => NAMES[split][kind]));
      for (let index = 0; index < 100; index++) {
        const { documents } = taskNumber(index, split);
        expect(documents.length).toBeGreaterThanOrEqual(12);
        expect(documents.length).toBeLessThanOrEqual(30);
        expect(new Set(documents.map(({ id }) => id)).size).toBe(documents.length);
        const used = documents.flatMap(({ text }) => words(text).filter((word) => names.has(word)));
        expect(used).toHaveLength(2 * documents.length);
        expect(used.filter((name) => !own.has(name))).toEqual([]);
      }
    }
  });

  it('has exactly one answer, whichever documents are followed', () => {
    for (let index = 0; index < 100; index++) {
      const task = taskNumber(index, index % 2 ? 'train' : 'heldout');
      let reached = new Set([task.chain[0]!.subject]);
      for (const { relation } of task.chain) {
        const told = task.documents.filter(({ title }) => {
          const [subject, about] = title.split(' ');
          return reached.has(subject!) && about === relation;
        });
        reached = new Set(
          told.map(({ title, text }) =>
            words(text).find((word) => names.has(word) && word !== title.split(' ')[0])!,
          ),
        );
        expect(reached.size).toBe(1);
      }
      expect([...reached]).toEqual([answerOf(task)]);
    }
  });

  it('asks for the start and the relations in their order, and gives no other name away', () => {
    for (const voice of ['base', 'train', 'heldout'] as const) {
      for (let index = 0; index < 100; index++) {
        const task = taskNumber(index);
        const prompt = search
          .reset(task, voice)
          .messages.map(({ content }) => content)
          .join('\n');
        const asked = words(prompt);
        expect(asked.filter((word) => names.has(word))).toEqual([task.chain[0]!.subject]);
        expect(asked.filter((word) => (RELATION_NAMES as string[]).includes(word))).toEqual(
          task.chain.map(({ relation }) => relation),
        );
      }
    }
  });

  it('gives other answers to the same question in another corpus', () => {
    const task = taskNumber(1);
    const other = structuredClone(task);
    const last = other.chain.at(-1)!;
    const [answer, instead] = [last.object, NAMES.train.person.find((name) => name !== last.object)!];
    last.object = instead;
    for (const document of other.documents) document.text = document.text.replace(answer, instead);
    expect(search.reset(other).messages).toEqual(search.reset(task).messages);
    expect(answerOf(other)).not.toBe(answerOf(task));
  });

  it('shows titles that keep the object of a fact to themselves', () => {
    for (const { title } of taskNumber(2).documents) {
      expect(words(title).filter((word) => names.has(word))).toHaveLength(1);
    }
  });

  it('fails an agent that guesses, even one that knows all names', () => {
    let right = 0;
    for (let index = 0; index < 400; index++) {
      const random = new Random('guess').fork(index);
      const episode = search.reset(taskNumber(index));
      search.step(episode, callAction('answer', random.pick(NAMES.train[random.pick(KINDS)])));
      expect(episode.isOver).toBe(true);
      if (search.isSuccess(episode)) right++;
    }
    expect(right).toBeLessThan(12);
  });

  it('fails an agent that only talks, even with the right name', () => {
    const task = taskNumber(0);
    const episode = search.reset(task);
    search.step(episode, { kind: 'message', content: answerOf(task) });
    expect(episode.isOver).toBe(true);
    expect(search.isSuccess(episode)).toBe(false);
  });

  it('ends an episode of an agent that searches for ever at the limit of turns', () => {
    const task = taskNumber(0);
    const episode = search.reset(task);
    while (!episode.isOver) search.step(episode, callAction('search', task.chain[0]!.subject));
    expect(episode.turns).toBe(MAX_TURNS);
    expect(search.isSuccess(episode)).toBe(false);
  });

  it('runs one call a turn, so that nothing is opened or answered by the dozen', () => {
    const task = taskNumber(0);
    const episode = search.reset(task);
    const [first, second] = task.documents;
    search.step(
      episode,
      calling(
        ['open', `{"id":${first!.id}}`],
        ['open', `{"id":${second!.id}}`],
        ['answer', JSON.stringify({ text: answerOf(task) })],
      ),
    );
    expect([...episode.opened]).toEqual([first!.id]);
    expect(episode.isOver).toBe(false);
    expect(episode.messages.slice(-3).map(({ content }) => content)).toEqual([
      first!.text,
      'error: one call a turn',
      'error: one call a turn',
    ]);
  });

  it('takes the answer in any case and with spaces around, and no other', () => {
    const task = taskNumber(0);
    const given = (text: string) => {
      const episode = search.reset(task);
      search.step(episode, callAction('answer', text));
      return search.isSuccess(episode);
    };
    const answer = answerOf(task);
    expect(given(answer)).toBe(true);
    expect(given(` ${answer.toLowerCase()} `)).toBe(true);
    expect(given(`${answer} ${task.chain[0]!.subject}`)).toBe(false);
    expect(given(`${answer} or ${task.chain[1]!.subject}`)).toBe(false);
    expect(given('')).toBe(false);
  });

  it('answers faulty calls with an error and empty or endless queries with nothing', () => {
    const task = taskNumber(0);
    const said = (action: Action) => {
      const episode = search.reset(task);
      search.step(episode, action);
      expect(episode.isOver).toBe(false);
      return lastText(episode);
    };
    expect(said(calling(['find', '{"query":"x"}']))).toBe('error: bad call');
    expect(said(calling(['open', '{"id":"12"}']))).toBe('error: bad call');
    expect(said(calling(['open', '{"id":5}']))).toBe('error: no such document');
    expect(said(calling(['answer', '{"text":"a","sure":true}']))).toBe('error: bad call');
    expect(said(calling(['answer', 'null']))).toBe('error: bad call');
    expect(said(callAction('search', ''))).toBe('nothing');
    const all = [...new Set(task.documents.map(({ title }) => title.split(' ')[0]))].join(' ');
    expect(said(callAction('search', all))).toBe('nothing');
    expect(said(callAction('search', task.chain[0]!.subject))).toMatch(/^\d\d \w+ \w+(, \d\d \w+ \w+){0,2}$/);
  });
});

describe('the expert of the search world', () => {
  it('uses its freedom: four wordings of queries, either of two documents', () => {
    const shapes = new Set<string>();
    const choices = new Map<string, Set<string>>();
    for (const seed of [1, 2, 3, 4]) {
      onEveryTurn((episode, step) => {
        const action = search.expert(episode, new Random(seed).fork(episode.turns));
        if (action.kind === 'message' || step.kind === 'answer') return;
        const { subject, relation } = step.fact;
        const { argumentsText } = action.calls[0]!;
        if (step.kind === 'search') {
          shapes.add(argumentsText.replace(subject, 'NAME').replace(relation, 'RELATION'));
        } else if (step.evidence.length === 2) {
          const key = JSON.stringify(episode.messages);
          choices.set(key, (choices.get(key) ?? new Set()).add(argumentsText));
        }
      });
    }
    expect([...shapes].sort()).toEqual([
      '{"query":"NAME RELATION"}',
      '{"query":"NAME"}',
      '{"query":"RELATION NAME"}',
      '{"query":"RELATION of NAME"}',
    ]);
    expect(Math.max(...[...choices.values()].map(({ size }) => size))).toBe(2);
  });

  it('is rewarded by the verifier for any of its choices where another was demonstrated', () => {
    onEveryTurn((episode, _, random) => {
      const choices = [1, 2, 3].map((seed) => search.expert(episode, random.fork(seed)));
      for (const expected of choices) {
        for (const action of choices) expect(judge(episode, expected, action).reward).toBe(1);
      }
    });
  });
});

describe('the verifier in the search world', () => {
  it('is not fooled by empty or endless queries, repetition, opening much, or an early answer', () => {
    onEveryTurn((episode, step, random) => {
      const expected = search.expert(episode, random);
      const reward = (action: Action) => judge(episode, expected, action).reward;
      const { documents, chain } = episode.task;
      const subjects = [...new Set(documents.map(({ title }) => title.split(' ')[0]))];
      expect(reward(callAction('search', ''))).toBe(0);
      expect(reward(callAction('search', subjects.join(' ')))).toBe(0);
      expect(reward({ kind: 'message', content: answerOf(episode.task) })).toBe(-0.5);
      const opens = documents.map(({ id }): [string, string] => ['open', JSON.stringify({ id })]);
      expect(reward(calling(...opens))).toBeLessThanOrEqual(2 / (1 + opens.length));
      if (step.kind === 'answer') {
        expect(reward(callAction('answer', chain[0]!.subject))).toBe(0);
        expect(reward(callAction('search', answerOf(episode.task)))).toBe(0);
        return;
      }
      expect(reward(callAction('answer', answerOf(episode.task)))).toBe(0);
      if (step.kind === 'open') {
        expect(reward(callAction('search', step.fact.subject))).toBe(0);
        for (const { id } of documents) {
          expect(reward(callAction('open', id))).toBe(step.evidence.includes(id) ? 1 : 0);
        }
      } else expect(reward(callAction('open', step.evidence[0]!))).toBe(0);
    });
  });
});
