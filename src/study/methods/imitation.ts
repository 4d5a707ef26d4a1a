/** What SFT and rejection fine-tuning share: cross-entropy over epochs of a fixed set, cosine-decayed as in the app. */
import type { GroupTokens } from '../../rollout/pack.ts';
import { imitate } from '../../session/imitate.ts';
import { membersOfStep } from '../../pivot/draw.ts';
import { cosineRateAt } from '../../train/schedule.ts';
import type { Job, Trainer } from './method.ts';

/** @param epochs after each of which the model is validated, ascending; the last one ends the run */
export function imitation(job: Job, examples: readonly GroupTokens[], epochs: readonly number[]): Trainer {
  const { lab, budgets, config, optimizer } = job;
  const size = Math.min(budgets.imitationBatch, examples.length);
  const perEpoch = size ? Math.floor(examples.length / size) : 0;
  const steps = perEpoch * epochs.at(-1)!;
  return {
    pool: examples.length,
    steps,
    epochAfter: (done) => done / Math.max(1, perEpoch),
    isDue: (done) => epochs.some((epoch) => epoch * perEpoch === done),
    async step(index) {
      const batch = membersOfStep(examples, index, size, config.seed);
      const rate = cosineRateAt(index, steps, config.learningRate, config.warmupSteps, 0.1);
      const { loss, tokens } = await imitate(lab.policy, optimizer, batch, rate, config);
      return {
        loss,
        reward: null,
        rewardDeviation: null,
        mixedShare: null,
        rolloutTurns: 0,
        trainedTokens: tokens,
      };
    },
    isSpent: () => false,
  };
}
