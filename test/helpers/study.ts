/** Studies to test with: results made by hand, and a plan small enough to run in seconds. */
import { fullPlan, methodNames, type Budgets, type MethodName, type Plan } from '../../src/study/plan.ts';
import type {
  BaseResult,
  HeldOut,
  Outcomes,
  ProfileResult,
  RunResult,
  StudyResults,
} from '../../src/study/results.ts';

export const tinyBudgets: Budgets = {
  ...fullPlan.budgets,
  demonstratedTurns: 16,
  profileSamples: 4,
  maxMean: 0.9,
  poolFloor: 3,
  reprofiles: 0,
  pivotsPerStep: 3,
  groupSize: 4,
  steps: 2,
  validateEvery: 1,
  endToEnd: { tasksPerStep: 2, episodesPerTask: 3, steps: 2, validateEvery: 1 },
  sftEpochs: [1],
  rejectionEpochs: [1],
  imitationBatch: 8,
  validationEpisodes: 2,
  validationQuestions: 1,
  heldOutEpisodes: 2,
  heldOutTurns: 4,
  heldOutQuestions: 1,
};

export function planOf(worlds: string[], methods: readonly MethodName[], seeds = [0, 1]): Plan {
  const trials = Object.fromEntries(
    methodNames.map((name) => [name, [{ learningRate: 1e-3, klWeight: 0 }]]),
  ) as Plan['trials'];
  return { name: 'quick', worlds, methods: [...methods], seeds, trials, budgets: tinyBudgets };
}

const twice = (outcomes: Outcomes) => ({ sampled: outcomes, greedy: outcomes });

/** The same outcomes sampled and greedy. */
export function heldOut(episodes: Outcomes, skill: Outcomes): HeldOut {
  return { episodes: twice(episodes), turns: twice(episodes), skills: { algebra: twice(skill) } };
}

export function baseOf(world: string, episodes: Outcomes, skill: Outcomes): BaseResult {
  const start = { validation: 0.2, skills: 0.5, skillsGreedy: 0.5 };
  return { kind: 'base', world, start, heldOut: heldOut(episodes, skill), seconds: 1 };
}

export interface MadeRun {
  world: string;
  method: MethodName;
  seed?: number;
  episodes?: Outcomes;
  skill?: Outcomes;
  /** Validation success and rollout turns of each point after the start. */
  points?: [validation: number, rolloutTurns: number][];
  deviations?: number[];
  learningRate?: number;
}

/** A run that began at a validation success of 0.2; a rollout turn takes a millisecond. */
export function runOf(made: MadeRun): RunResult {
  const { world, method, seed = 0, learningRate = 1e-3, points = [[0.5, 100]], deviations = [] } = made;
  const curve = [[0.2, 0] as const, ...points].map(([validation, rolloutTurns], step) => ({
    step,
    epoch: step,
    rolloutTurns,
    trainedTokens: 0,
    trainedMs: rolloutTurns,
    validation,
    skills: 0.5,
    skillsGreedy: 0.5,
  }));
  const trained = curve.slice(1).map(({ validation }) => validation);
  return {
    kind: 'run',
    world,
    method,
    seed,
    learningRate,
    klWeight: 0,
    pool: 1,
    curve,
    chosen: 1 + trained.indexOf(Math.max(...trained)),
    steps: deviations.map((rewardDeviation) => ({ reward: 0.5, rewardDeviation, mixedShare: 1, loss: null })),
    stoppedBecause: 'budget',
    heldOut: heldOut(made.episodes ?? '01', made.skill ?? '01'),
    seconds: 1,
  };
}

export function profileOf(world: string, seed: number, rewards: number[][]): ProfileResult {
  const turns = rewards.map((own, index) => ({ candidateId: `${index}`, rewards: own, accepted: [] }));
  const rolloutTurns = rewards.flat().length;
  return {
    kind: 'profile',
    world,
    seed,
    candidates: turns.length,
    turns,
    rolloutTurns,
    milliseconds: 1,
    seconds: 1,
  };
}

export function resultsOf(plan: Plan, base: BaseResult[], runs: RunResult[]): StudyResults {
  return { plan, base, profiles: [], runs };
}
