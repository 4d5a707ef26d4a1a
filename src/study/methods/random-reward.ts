/** A coin as reward, on the pivots: what the rest of the machinery does by itself. */
import type { Method } from './method.ts';
import { turnLevel } from './turn-level.ts';

export const randomReward: Method = {
  name: 'random-reward',
  usesProfile: true,
  start: (job) =>
    turnLevel(job, {
      selection: 'pivots',
      verifier: 'random',
      stopsWhenSpent: false,
      reprofiles: 0,
    }),
};
