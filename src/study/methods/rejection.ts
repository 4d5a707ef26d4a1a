/**
 * Rejection fine-tuning: SFT on π₀'s own accepted samples of the same pivots that PivotRL trains on, those that the
 * profile has already drawn. Tells how much comes from on-policy data rather than from the policy gradient.
 */
import { isPivot } from '../../pivot/filter.ts';
import { rateTurns } from '../profile.ts';
import { imitation } from './imitation.ts';
import type { Method } from './method.ts';

export const rejection: Method = {
  name: 'rejection',
  usesProfile: true,
  start(job) {
    const examples = rateTurns(job.turns, job.profile.turns)
      .filter((rated) => isPivot(rated, job.config.maxMean) && rated.accepted.length > 0)
      .map(({ turn, accepted }) => ({ prompt: turn.promptIds, completions: accepted }));
    return imitation(job, examples, job.budgets.rejectionEpochs);
  },
};
