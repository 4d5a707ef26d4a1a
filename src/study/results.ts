/** What a study measures, as plain JSON: it is kept in the journal, in the repository, and drawn by the page. */
import type { MethodName, Plan, Trial } from './plan.ts';

/** One character an attempt, "1" where it succeeded; always in the same order of tasks, so that runs can be paired. */
export type Outcomes = string;

/** Once sampled at temperature 1 and once greedily. */
export interface Measured {
  sampled: Outcomes;
  greedy: Outcomes;
}

export interface HeldOut {
  /** Whole held-out tasks solved. */
  episodes: Measured;
  /** Demonstrated turns of held-out tasks on which the world's verifier accepts the action. */
  turns: Measured;
  /** Out-of-domain skills by name. */
  skills: Record<string, Measured>;
}

export interface Spent {
  /** Actions sampled for training, the profile's included. */
  rolloutTurns: number;
  /** Tokens that went through the network in updates, prompts included. */
  trainedTokens: number;
  /** Wall-clock of profile and training, without validation. */
  trainedMs: number;
}

export interface Validation {
  /** Share of validation tasks solved at temperature 1. */
  validation: number;
  /** Share of skill questions answered, mean over the skills: sampled and greedy. */
  skills: number;
  skillsGreedy: number;
}

/** The model after some steps; step 0 is π₀. */
export interface CurvePoint extends Spent, Validation {
  step: number;
  /** Passes over the data or the pool so far. */
  epoch: number;
}

/** What one update saw. */
export interface StepPoint {
  /** Mean reward, mean deviation of rewards within a group, share of groups with unequal rewards; null for imitation. */
  reward: number | null;
  rewardDeviation: number | null;
  mixedShare: number | null;
  /** Cross-entropy; null for reinforcement. */
  loss: number | null;
}

export interface BaseCell {
  kind: 'base';
  world: string;
}
export interface ProfileCell {
  kind: 'profile';
  world: string;
  seed: number;
}
export interface RunCell extends Trial {
  kind: 'run';
  world: string;
  method: MethodName;
  seed: number;
}
export type Cell = BaseCell | ProfileCell | RunCell;

export interface BaseResult extends BaseCell {
  start: Validation;
  heldOut: HeldOut;
  seconds: number;
}

export interface ProfiledCandidate {
  candidateId: string;
  rewards: (number | null)[];
  /** Whether a sample was the demonstrated action itself, to the letter; studies before it was asked do not say. */
  isDemonstrated?: boolean;
  /** Token ids of the different samples that the verifier accepted in full. */
  accepted: number[][];
}

export interface ProfileResult extends ProfileCell {
  /** Turns there were to profile; those that were profiled before the floor was reached are in `turns`. */
  candidates: number;
  turns: ProfiledCandidate[];
  rolloutTurns: number;
  milliseconds: number;
  seconds: number;
}

export interface RunResult extends RunCell {
  /** Turns or tasks that the method could train on. */
  pool: number;
  curve: CurvePoint[];
  /** Index into `curve` of the checkpoint with the best validation success; π₀ itself takes no part. */
  chosen: number;
  steps: StepPoint[];
  stoppedBecause: 'budget' | 'signal-spent' | 'nothing-to-train-on' | 'diverged';
  /** Of the chosen checkpoint. */
  heldOut: HeldOut;
  seconds: number;
}

export type CellResult = BaseResult | ProfileResult | RunResult;

/** Table 0: turns of demonstrations that carry no signal under π₀, and those that do. */
export interface ProfileCounts extends ProfileCell {
  profiled: number;
  allFail: number;
  mixed: number;
  allPass: number;
  pivots: number;
  /** Turns with a sample that the verifier accepts, and those among them with the demonstrated action itself. */
  accepted: number;
  demonstrated: number | null;
  rolloutTurns: number;
}

export interface StudyResults {
  plan: Plan;
  base: BaseResult[];
  profiles: ProfileCounts[];
  /** All runs, those of the search included. */
  runs: RunResult[];
}

/** How a kept study came about. */
export interface StudyRecord extends StudyResults {
  command: string;
  backend: string;
  device: string;
  /** Folder of the base model. */
  model: string;
  /** ISO 8601. */
  date: string;
  /** From the first cell to the last, interruptions not counted. */
  seconds: number;
}
