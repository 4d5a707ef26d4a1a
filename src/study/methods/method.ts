/** The one interface of all methods: start from π₀, then update step by step. Scoring and choosing is `run.ts`. */
import type { RunConfig } from '../../config/schema.ts';
import type { World } from '../../environment/environment.ts';
import type { Policy } from '../../model/policy.ts';
import type { Turn } from '../../session/turns.ts';
import type { AdamW } from '../../train/optimizer.ts';
import type { Lab } from '../lab.ts';
import type { Budgets, MethodName } from '../plan.ts';
import type { ProfileResult, StepPoint } from '../results.ts';

/** One run of one method. */
export interface Job {
  lab: Lab;
  world: World;
  budgets: Budgets;
  /** Holds learning rate, β and seed of the run. */
  config: RunConfig;
  optimizer: AdamW;
  /** Frozen π₀; null when β = 0. */
  reference: { policy: Policy } | null;
  /** All demonstrated turns of the seed, in the order in which they are profiled. */
  turns: Turn[];
  /** What π₀ did on the first of them. */
  profile: ProfileResult;
}

export interface StepReport extends StepPoint {
  rolloutTurns: number;
  trainedTokens: number;
}

export interface Trainer {
  /** Turns or tasks there are to train on. */
  pool: number;
  steps: number;
  /** Passes over the data after so many steps. */
  epochAfter(steps: number): number;
  /** Whether the model is validated after so many steps. */
  isDue(steps: number): boolean;
  /** Makes one update; steps count from 0. */
  step(index: number): Promise<StepReport>;
  /** True when too few groups still disagree for more steps to be worth it. */
  isSpent(): boolean;
}

export interface Method {
  name: MethodName;
  /** Whether the profile's rollouts are part of its cost. */
  usesProfile: boolean;
  start(job: Job): Trainer;
}
