/**
 * A study as data: which worlds, methods and seeds, what each run may spend, and the settings tried in the search.
 * `quickPlan` answers in minutes on two cores, `eveningPlan` in four hours; `fullPlan` is the one to conclude from.
 *
 * Settings are searched once, in the first world, with the same number of trials for every method. A trial is a whole
 * run with the first seed; the one with the best validation success is kept, and all worlds and seeds run with its
 * settings. A batch of rollouts makes one update, in which no ratio leaves 1: there is no clip to search for.
 */
import { canonicalJson, type JsonObject } from '../base/json.ts';
import { hash32 } from '../base/random.ts';

/** The methods in the order of the report, for people. */
export const methodTitles = {
  sft: 'SFT',
  pivotrl: 'PivotRL',
  'no-filter': 'PivotRL without filter',
  'strict-reward': 'Strict reward',
  'random-reward': 'Random reward',
  'mixed-only': 'Mixed turns',
  rejection: 'Rejection fine-tuning',
  'end-to-end': 'End-to-end RL',
} as const;
export type MethodName = keyof typeof methodTitles;
export const methodNames = Object.keys(methodTitles) as MethodName[];

/** One setting of the search. */
export interface Trial {
  learningRate: number;
  /** β, weight of the KL to π₀. */
  klWeight: number;
}

/** A setting as people read it. */
export const trialText = ({ learningRate, klWeight }: Trial): string =>
  `${learningRate}${klWeight ? `, β ${klWeight}` : ''}`;

export interface Budgets {
  /** Demonstrated turns of one seed: all that SFT learns from, and the most that is profiled. */
  demonstratedTurns: number;
  /** K. */
  profileSamples: number;
  /** λ. */
  maxMean: number;
  /** Profiling goes on until there are so many pivots. */
  poolFloor: number;
  /** How often PivotRL may profile fresh candidates with its present model once its pivots are mastered. */
  reprofiles: number;
  pivotsPerStep: number;
  /** G. */
  groupSize: number;
  steps: number;
  /** Steps between two validations of turn-level methods. */
  validateEvery: number;
  minMixedShare: number;
  endToEnd: { tasksPerStep: number; episodesPerTask: number; steps: number; validateEvery: number };
  /** Passes over the data after which SFT and rejection fine-tuning are validated; the last one ends them. */
  sftEpochs: number[];
  rejectionEpochs: number[];
  imitationBatch: number;
  validationEpisodes: number;
  /** Questions a skill at each validation, and at the end. */
  validationQuestions: number;
  heldOutEpisodes: number;
  heldOutTurns: number;
  heldOutQuestions: number;
  maxPromptTokens: number;
  maxNewTokens: number;
}

export interface Plan {
  name: 'quick' | 'evening' | 'full';
  worlds: string[];
  methods: MethodName[];
  seeds: number[];
  trials: Record<MethodName, Trial[]>;
  budgets: Budgets;
}

const plain = (...rates: number[]): Trial[] => rates.map((learningRate) => ({ learningRate, klWeight: 0 }));

const reinforced: Trial[] = [...plain(1.25e-4, 2.5e-4, 5e-4), { learningRate: 2.5e-4, klWeight: 0.02 }];
const imitated = plain(2e-4, 5e-4, 1e-3, 2e-3);

export const fullPlan: Plan = {
  name: 'full',
  worlds: ['helpdesk', 'shell', 'repair', 'search'],
  methods: [...methodNames],
  seeds: [0, 1, 2],
  trials: {
    sft: imitated,
    pivotrl: reinforced,
    'no-filter': reinforced,
    'strict-reward': reinforced,
    'random-reward': reinforced,
    'mixed-only': reinforced,
    rejection: imitated,
    'end-to-end': reinforced,
  },
  budgets: {
    demonstratedTurns: 1200,
    profileSamples: 8,
    maxMean: 0.6,
    poolFloor: 300,
    reprofiles: 1,
    pivotsPerStep: 32,
    groupSize: 8,
    steps: 100,
    validateEvery: 20,
    minMixedShare: 0.25,
    endToEnd: { tasksPerStep: 16, episodesPerTask: 8, steps: 60, validateEvery: 12 },
    sftEpochs: [1, 2, 4, 8, 16],
    rejectionEpochs: [1, 2, 4, 8],
    imitationBatch: 32,
    validationEpisodes: 100,
    validationQuestions: 25,
    heldOutEpisodes: 300,
    heldOutTurns: 200,
    heldOutQuestions: 100,
    maxPromptTokens: 1536,
    maxNewTokens: 96,
  },
};

/** Rates at which imitation and reinforcement each did well in trials before; nothing is tuned to a world. */
const oneTrial: Record<MethodName, Trial[]> = {
  sft: plain(5e-4),
  pivotrl: plain(2.5e-4),
  'no-filter': plain(2.5e-4),
  'strict-reward': plain(2.5e-4),
  'random-reward': plain(2.5e-4),
  'mixed-only': plain(2.5e-4),
  rejection: plain(5e-4),
  'end-to-end': plain(2.5e-4),
};

/** All worlds, methods, seeds and trials with less of everything: what differs clearly shows, small differences do not. */
export const eveningPlan: Plan = {
  ...fullPlan,
  name: 'evening',
  budgets: {
    ...fullPlan.budgets,
    demonstratedTurns: 600,
    poolFloor: 300,
    reprofiles: 0,
    pivotsPerStep: 16,
    steps: 60,
    endToEnd: { tasksPerStep: 8, episodesPerTask: 8, steps: 24, validateEvery: 8 },
    sftEpochs: [1, 2, 4],
    rejectionEpochs: [1, 2, 4],
    validationEpisodes: 60,
    validationQuestions: 8,
    heldOutTurns: 100,
    heldOutQuestions: 50,
  },
};

/** One world, one seed, one trial a method, everything smaller: to see the machinery at work, not to conclude. */
export const quickPlan: Plan = {
  ...fullPlan,
  name: 'quick',
  worlds: ['helpdesk'],
  seeds: [0],
  trials: oneTrial,
  budgets: {
    ...fullPlan.budgets,
    demonstratedTurns: 360,
    poolFloor: 120,
    reprofiles: 0,
    pivotsPerStep: 16,
    steps: 36,
    validateEvery: 12,
    endToEnd: { tasksPerStep: 8, episodesPerTask: 8, steps: 12, validateEvery: 4 },
    sftEpochs: [1, 4],
    rejectionEpochs: [1, 4],
    imitationBatch: 16,
    validationEpisodes: 50,
    validationQuestions: 5,
    heldOutEpisodes: 150,
    heldOutTurns: 60,
    heldOutQuestions: 20,
  },
};

export const plans: readonly Plan[] = [quickPlan, eveningPlan, fullPlan];

/** Names everything that results depend on besides their own cell, so that those of another study never mix in. */
export function studyKey(plan: Plan, model: string, backend: string): string {
  const budgets = canonicalJson(plan.budgets as unknown as JsonObject);
  return `${plan.name}-${hash32(budgets, model, backend).toString(16).padStart(8, '0')}`;
}
