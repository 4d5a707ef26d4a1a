/** SFT on the same trajectories: every demonstrated turn, the control that PivotRL is compared with. */
import { demonstration } from '../../session/imitate.ts';
import { imitation } from './imitation.ts';
import type { Method } from './method.ts';

export const sft: Method = {
  name: 'sft',
  usesProfile: false,
  start(job) {
    const examples = job.turns.map((turn) => demonstration(turn, job.lab.codec));
    return imitation(job, examples, job.budgets.sftEpochs);
  },
};
