import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/base/random.ts';
import { noviceDocument } from '../../../../src/environment/demonstrations.ts';
import { NOVICE_ERRORS, noviceAction, situationOf } from '../../../../src/environment/repair/novice.ts';
import type { Situation } from '../../../../src/environment/repair/novice.ts';
import { repair } from '../../../../src/environment/repair/repair.ts';
import { actionOf } from '../../../../src/trajectory/record.ts';
import { presetNamed } from '../../../../src/verifier/presets.ts';

const { verify } = presetNamed(repair.verifier);

/** The expert's way through many tasks, with what the novice would do at each turn. */
async function alongExpert(
  tasks: number,
  visit: (situation: Situation, novice: { isWrong: boolean; reward: number }) => void,
): Promise<void> {
  for (let index = 0; index < tasks; index++) {
    const random = new Random('novice-test').fork(index);
    const episode = repair.reset(repair.drawTask(random, 'train'), 'base');
    while (!episode.isOver) {
      const expected = repair.expert(episode, random);
      const { action, isWrong } = repair.novice(episode, random);
      const attempt = { text: '', action, faults: [], isComplete: true };
      const { reward } = await verify({ expected, attempt, tools: episode.tools });
      visit(situationOf(episode), { isWrong, reward: reward! });
      await repair.step(episode, expected);
    }
  }
}

describe('the novice of the repair world', () => {
  it('errs as its rates say, at each kind of step', async () => {
    const counts: Partial<Record<Situation, [wrong: number, all: number]>> = {};
    await alongExpert(400, (situation, { isWrong }) => {
      const count = (counts[situation] ??= [0, 0]);
      count[0] += Number(isWrong);
      count[1]++;
    });
    for (const [situation, rate] of Object.entries(NOVICE_ERRORS)) {
      const [wrong, all] = counts[situation as Situation]!;
      // Four standard errors.
      expect(Math.abs(wrong / all - rate), situation).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / all));
    }
  });

  it('is rewarded for the right kind of tool, whatever it edits, and for no other step that goes wrong', async () => {
    await alongExpert(200, (situation, { isWrong, reward }) => {
      expect(reward, situation).toBe(isWrong && situation !== 'edit' ? 0 : 1);
    });
  });

  it('alone would leave about as few turns mixed as the paper’s base model: its 29 %, give or take 8', async () => {
    let [mixed, all] = [0, 0];
    for (let index = 0; index < 150; index++) {
      const random = new Random('mixed turns').fork(index);
      const episode = repair.reset(repair.drawTask(random, 'train'));
      while (!episode.isOver) {
        const expected = repair.expert(episode, random);
        let passed = 0;
        for (let sample = 0; sample < 8; sample++) {
          const { action } = repair.novice(episode, random);
          const attempt = { text: '', action, faults: [], isComplete: true };
          passed += (await verify({ expected, attempt, tools: episode.tools })).reward!;
        }
        all++;
        mixed += Number(passed > 0 && passed < 8);
        await repair.step(episode, expected);
      }
    }
    expect(Math.abs(mixed / all - 0.29)).toBeLessThan(0.08);
  });

  it('never repairs by mistake what it edits wrongly', async () => {
    const always = { ...NOVICE_ERRORS, edit: 1, view: 0, search: 0, reproduce: 0, follow: 0, finish: 0 };
    for (let index = 0; index < 150; index++) {
      const random = new Random('wrong edits').fork(index);
      const episode = repair.reset(repair.drawTask(random, 'train'), 'base');
      while (!episode.isOver) await repair.step(episode, noviceAction(episode, random, always).action);
      expect(await repair.isSuccess(episode)).toBe(false);
    }
  });

  it('writes documents that end with its first error or with a repaired project', async () => {
    let repaired = 0;
    for (let index = 0; index < 300; index++) {
      const { messages, tools } = await noviceDocument(repair, new Random(index));
      expect(tools.length).toBeGreaterThanOrEqual(5);
      const action = actionOf(messages.at(-1)!);
      expect(messages.at(-1)!.role).toBe('assistant');
      if (messages.at(-2)!.content === 'pass' && action.kind === 'calls') repaired++;
    }
    expect(repaired).toBeGreaterThan(0);
    expect(repaired).toBeLessThan(100);
  });
});
