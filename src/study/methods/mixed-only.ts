/** Half of the filter: every mixed turn, however often π₀ already succeeds there. */
import type { Method } from './method.ts';
import { turnLevel } from './turn-level.ts';

export const mixedOnly: Method = {
  name: 'mixed-only',
  usesProfile: true,
  start: (job) =>
    turnLevel(job, {
      selection: 'mixed',
      verifier: job.world.verifier,
      stopsWhenSpent: true,
      reprofiles: 0,
    }),
};
