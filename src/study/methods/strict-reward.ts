/** The functional reward left out (Table 4, D_cand with r_strict): the turns of `no-filter.ts`, only the demonstrated action itself counts. */
import type { Method } from './method.ts';
import { turnLevel } from './turn-level.ts';

export const strictReward: Method = {
  name: 'strict-reward',
  usesProfile: false,
  start: (job) =>
    turnLevel(job, {
      selection: 'random',
      verifier: 'strict',
      stopsWhenSpent: false,
      reprofiles: 0,
    }),
};
