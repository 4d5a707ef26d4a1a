import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/base/random.ts';
import { nextStep } from '../../../../src/environment/search/episode.ts';
import { errorRate, noviceAction, NOVICE_ERRORS } from '../../../../src/environment/search/novice.ts';
import { search } from '../../../../src/environment/search/search.ts';
import { judge, onEveryTurn, taskNumber } from './tasks.ts';

describe('the novice of the search world', () => {
  it('says that it errs exactly when the verifier gives less than full reward', () => {
    onEveryTurn((episode, _, random) => {
      const expected = search.expert(episode, random.fork('expert'));
      for (let sample = 0; sample < 4; sample++) {
        const { action, isWrong } = search.novice(episode, random.fork(sample));
        const { reward } = judge(episode, expected, action);
        expect([isWrong, reward], JSON.stringify(action)).toEqual([isWrong, isWrong ? 0 : 1]);
      }
    });
  });

  it('errs as often as its rates say, for each kind of step and difficulty', () => {
    const counts = new Map<number, { wrong: number; all: number }>();
    onEveryTurn((episode, step, random) => {
      const rate = errorRate(step);
      const count = counts.get(rate) ?? { wrong: 0, all: 0 };
      for (let sample = 0; sample < 20; sample++) {
        if (search.novice(episode, random.fork(sample)).isWrong) count.wrong++;
        count.all++;
      }
      counts.set(rate, count);
    });
    const { search: searches, open, answer } = NOVICE_ERRORS;
    const rates = [...Object.values(searches), ...Object.values(open), answer];
    expect([...counts.keys()].sort()).toEqual([...new Set(rates)].sort());
    for (const [rate, { wrong, all }] of counts) {
      expect(Math.abs(wrong / all - rate)).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / all));
    }
  });

  it('with no errors is an expert of plain words', () => {
    const never = { easy: 0, medium: 0, hard: 0 };
    for (let index = 0; index < 100; index++) {
      const random = new Random(index);
      const episode = search.reset(taskNumber(index), 'base');
      while (!episode.isOver) {
        const { action } = noviceAction(episode, random, {
          ...NOVICE_ERRORS,
          search: never,
          open: never,
          answer: 0,
        });
        if (nextStep(episode).kind === 'search') {
          expect(action).toMatchObject({
            calls: [{ argumentsText: expect.stringMatching(/^\{"query":"\w+ \w+"\}$/) }],
          });
        }
        search.step(episode, action);
      }
      expect(search.isSuccess(episode)).toBe(true);
    }
  });

  it('reaches the end in fewer than one episode in twelve', () => {
    let reached = 0;
    for (let index = 0; index < 600; index++) {
      const random = new Random('alone').fork(index);
      const episode = search.reset(taskNumber(index), 'base');
      let isLost = false;
      while (!episode.isOver && !isLost) {
        const { action, isWrong } = search.novice(episode, random);
        isLost = isWrong;
        search.step(episode, action);
      }
      if (!isLost) reached++;
    }
    expect(reached).toBeGreaterThan(6);
    expect(reached).toBeLessThan(50);
  });
});
