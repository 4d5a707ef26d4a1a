/** The filter left out (Table 4, D_cand with functional reward): as many turns as there are pivots, drawn blind. */
import type { Method } from './method.ts';
import { turnLevel } from './turn-level.ts';

export const noFilter: Method = {
  name: 'no-filter',
  usesProfile: false,
  start: (job) =>
    turnLevel(job, {
      selection: 'random',
      verifier: job.world.verifier,
      stopsWhenSpent: false,
      reprofiles: 0,
    }),
};
