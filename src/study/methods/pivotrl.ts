/** PivotRL: mixed turns with a mean below λ, functional reward, fresh pivots once these are mastered. */
import type { Method } from './method.ts';
import { turnLevel } from './turn-level.ts';

export const pivotrl: Method = {
  name: 'pivotrl',
  usesProfile: true,
  start: (job) =>
    turnLevel(job, {
      selection: 'pivots',
      verifier: job.world.verifier,
      stopsWhenSpent: true,
      reprofiles: job.budgets.reprofiles,
    }),
};
