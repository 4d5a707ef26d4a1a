/**
 * A run as data: every field with its type, default, unit, limits and help. Screens, URL and checks are made from
 * this table; nothing here knows how a field is used. Sources of the defaults: PivotRL (arXiv 2603.21383), TRL's
 * GRPOConfig, "LoRA without regret"; where they are ours, the help says so.
 */
import { AppError } from '../base/errors.ts';
import { isObject } from '../base/json.ts';

interface FieldBase {
  label: string;
  help: string;
  section: 'Data' | 'Profile' | 'Rollout' | 'Objective' | 'Optimizer' | 'Warm start' | 'Schedule';
  /** `basic` fields are always shown, the others under "All settings". */
  level: 'basic' | 'all';
  /** True: a change acts on the running run; false: it needs a restart. */
  isLive?: boolean;
}
export interface NumberField extends FieldBase {
  type: 'number' | 'integer';
  default: number;
  min: number;
  max: number;
  unit?: string;
}
export interface ChoiceField extends FieldBase {
  type: 'choice';
  default: string;
  choices: readonly { value: string; label: string }[];
}
export interface TextField extends FieldBase {
  type: 'text';
  default: string;
}
export type Field = NumberField | ChoiceField | TextField;

const integer = (
  section: FieldBase['section'],
  level: FieldBase['level'],
  label: string,
  defaultValue: number,
  [min, max]: [number, number],
  unit: string,
  help: string,
): NumberField => ({ type: 'integer', section, level, label, default: defaultValue, min, max, unit, help });

const number = (
  section: FieldBase['section'],
  level: FieldBase['level'],
  label: string,
  defaultValue: number,
  [min, max]: [number, number],
  help: string,
): NumberField => ({ type: 'number', section, level, label, default: defaultValue, min, max, help });

export const fields = {
  seed: {
    type: 'text',
    section: 'Schedule',
    level: 'basic',
    label: 'Seed',
    default: 'fulcrum',
    help: 'Number or word. The same seed, data, model and device class give the same run.',
  },
  backend: {
    type: 'choice',
    section: 'Schedule',
    level: 'all',
    label: 'Compute on',
    default: 'auto',
    choices: [
      { value: 'auto', label: 'WebGPU on a real GPU, else WASM' },
      { value: 'webgpu', label: 'WebGPU, even on a software adapter' },
      { value: 'wasm', label: 'WASM' },
    ],
    help: 'A software WebGPU adapter is slower than WASM and only taken when asked for.',
  },
  verifier: {
    type: 'text',
    section: 'Data',
    level: 'basic',
    label: 'Verifier',
    default: 'guarded',
    help: 'The preset that decides which actions count. Its name is stored with every result.',
  },
  heldOutShare: number(
    'Data',
    'all',
    'Held-out share',
    0.2,
    [0.05, 0.5],
    'Share of trajectories kept for evaluation only, split by trajectory.',
  ),
  maxPromptTokens: integer(
    'Data',
    'all',
    'Longest prompt',
    1024,
    [16, 32768],
    'tokens',
    'Turns with a longer prompt are left out and counted, never truncated.',
  ),
  maxCandidates: integer(
    'Profile',
    'basic',
    'Candidate turns',
    256,
    [8, 100000],
    'turns',
    'How many turns of the training split are profiled, drawn by the seed.',
  ),
  profileSamples: integer(
    'Profile',
    'all',
    'K, rollouts a candidate',
    8,
    [2, 64],
    'rollouts',
    'Rollouts of the frozen starting model for each candidate turn.',
  ),
  maxMean: number(
    'Profile',
    'basic',
    'λ, largest mean reward',
    0.6,
    [0.05, 1.01],
    'A pivot has 0 < variance and mean reward below λ (PivotRL eq. 5). 0.6 is NVIDIA’s value for τ²-Bench.',
  ),
  selection: {
    type: 'choice',
    section: 'Profile',
    level: 'all',
    label: 'Turns trained on',
    default: 'pivots',
    choices: [
      { value: 'pivots', label: 'Pivots: mixed, mean below λ' },
      { value: 'mixed', label: 'All mixed turns (control)' },
      { value: 'random', label: 'Random turns, as many as pivots (control)' },
    ],
    help: 'The controls tell whether the filter earns its rollouts.',
  },
  pivotsPerStep: integer(
    'Rollout',
    'basic',
    'Pivots a step',
    16,
    [1, 512],
    'pivots',
    'How many groups one update is made of.',
  ),
  groupSize: integer(
    'Rollout',
    'basic',
    'G, rollouts a pivot',
    8,
    [2, 64],
    'rollouts',
    'Samples of one group; advantages are relative to their mean.',
  ),
  temperature: number(
    'Rollout',
    'all',
    'Temperature',
    1,
    [0.1, 2],
    'Sampling temperature of profile and rollouts. Log-probabilities are scored at the same temperature.',
  ),
  maxNewTokens: integer(
    'Rollout',
    'all',
    'Longest action',
    96,
    [4, 4096],
    'tokens',
    'A rollout that reaches it is cut off and never counts as complete.',
  ),
  training: {
    type: 'choice',
    section: 'Optimizer',
    level: 'all',
    label: 'What is trained',
    default: 'auto',
    choices: [
      { value: 'auto', label: 'Full weights up to 10 M parameters, LoRA above' },
      { value: 'full', label: 'Full weights' },
      { value: 'lora', label: 'LoRA adapter on all linear layers' },
    ],
    help: 'LoRA keeps the base frozen and is what PEFT loads.',
  },
  baseWeights: {
    type: 'choice',
    section: 'Optimizer',
    level: 'all',
    label: 'Weights of a frozen base',
    default: 'auto',
    choices: [
      { value: 'auto', label: 'f32 up to 100 M parameters, f16 up to 800 M, int8 above' },
      { value: 'f32', label: 'f32' },
      { value: 'f16', label: 'f16: half the memory' },
      { value: 'int8', label: 'int8: about a quarter' },
      { value: 'int4', label: 'int4: about a sixth' },
    ],
    help: 'How the matrices that LoRA does not change are kept; rollouts, scores and gradients all see the rounded values. Fully trained weights are always f32.',
  },
  rank: integer(
    'Optimizer',
    'all',
    'LoRA rank',
    16,
    [1, 256],
    '',
    'Rank 1–32 is enough for RL (LoRA without regret).',
  ),
  alpha: integer('Optimizer', 'all', 'LoRA α', 32, [1, 1024], '', 'The adapter is scaled by α / rank.'),
  learningRate: number(
    'Optimizer',
    'basic',
    'Learning rate',
    2.5e-4,
    [1e-8, 0.1],
    'Full weights of the built-in model: 2.5e-4 (1e-3 collapses). LoRA on larger models: 5e-5 to 1e-4.',
  ),
  weightDecay: number('Optimizer', 'all', 'Weight decay', 0, [0, 1], 'Decoupled (AdamW).'),
  maxGradNorm: number(
    'Optimizer',
    'all',
    'Largest gradient norm',
    1,
    [0.01, 100],
    'The global norm is clipped to it.',
  ),
  warmupSteps: integer(
    'Optimizer',
    'all',
    'Warm-up',
    2,
    [0, 1000],
    'steps',
    'The learning rate rises linearly over them, then stays.',
  ),
  advantage: {
    type: 'choice',
    section: 'Objective',
    level: 'all',
    label: 'Advantage',
    default: 'group',
    choices: [
      { value: 'group', label: '(r − mean) / std, the paper’s' },
      { value: 'leave-one-out', label: 'Leave-one-out, NeMo-RL’s recipe' },
      { value: 'none', label: 'r − mean, Dr. GRPO' },
    ],
    help: 'Groups with equal rewards always get zero and are skipped.',
  },
  clipLow: number(
    'Objective',
    'all',
    'Clip, lower ε',
    0.2,
    [0, 1],
    'Lower bound of the probability ratio: 1 − ε.',
  ),
  clipHigh: number(
    'Objective',
    'all',
    'Clip, upper ε',
    0.28,
    [0, 10],
    'Upper bound of the probability ratio: 1 + ε.',
  ),
  klWeight: number(
    'Objective',
    'all',
    'β, KL to the starting model',
    0,
    [0, 10],
    'Weight of the k3 estimate; 0 needs no reference pass.',
  ),
  minibatches: integer(
    'Objective',
    'all',
    'Updates a batch',
    1,
    [1, 16],
    'updates',
    'More than one makes the batch off-policy; then the clip acts.',
  ),
  passTokens: integer(
    'Optimizer',
    'all',
    'Tokens of a pass',
    8192,
    [128, 1000000],
    'tokens',
    'Groups go through the network in passes of about this size; where checkpointing is automatic, larger models in smaller ones. The result is the same.',
  ),
  recompute: {
    type: 'choice',
    section: 'Optimizer',
    level: 'all',
    label: 'Gradient checkpointing',
    default: 'auto',
    choices: [
      { value: 'auto', label: 'Automatic: passes of at most 1 GiB' },
      { value: 'on', label: 'Run each layer again: less memory, about a third slower' },
      { value: 'off', label: 'Keep what the gradient needs' },
    ],
    help: 'For models that do not fit otherwise. The result is the same.',
  },
  warmStartEpochs: integer(
    'Warm start',
    'all',
    'SFT epochs first',
    0,
    [0, 50],
    'epochs',
    'Supervised fine-tuning on the training split before profiling; for models that never succeed.',
  ),
  warmStartLearningRate: number(
    'Warm start',
    'all',
    'SFT learning rate',
    5e-4,
    [1e-8, 0.1],
    'Higher learns faster and forgets more.',
  ),
  warmStartTurns: integer(
    'Warm start',
    'all',
    'SFT demonstrations',
    2000,
    [1, 1000000],
    'turns',
    'At most so many demonstrated turns of the training split, drawn by the seed.',
  ),
  warmStartBatch: integer(
    'Warm start',
    'all',
    'SFT batch',
    16,
    [1, 512],
    'turns',
    'Turns in one SFT update.',
  ),
  steps: integer('Schedule', 'basic', 'Steps', 30, [1, 100000], 'steps', 'Updates of the policy.'),
  minMixedShare: number(
    'Schedule',
    'all',
    'Stop below mixed share',
    0.25,
    [0, 1],
    'Training stops when, over the last five steps, fewer groups than this still disagree.',
  ),
  evaluateEvery: integer(
    'Schedule',
    'all',
    'Evaluate every',
    10,
    [1, 10000],
    'steps',
    'Held-out evaluation also happens before the first and after the last step.',
  ),
  evaluateTurns: integer(
    'Schedule',
    'all',
    'Held-out turns',
    128,
    [4, 10000],
    'turns',
    'How many held-out turns an evaluation samples, the same each time.',
  ),
  checkpointEvery: integer(
    'Schedule',
    'all',
    'Checkpoint every',
    5,
    [1, 10000],
    'steps',
    'A closed tab loses at most this many steps.',
  ),
} as const satisfies Record<string, Field>;

export type FieldName = keyof typeof fields;
export type RunConfig = {
  [Name in FieldName]: (typeof fields)[Name] extends { type: 'number' | 'integer' }
    ? number
    : (typeof fields)[Name] extends { choices: readonly { value: infer Value }[] }
      ? Value
      : string;
};

export const fieldNames = Object.keys(fields) as FieldName[];

export function defaultConfig(): RunConfig {
  return Object.fromEntries(fieldNames.map((name) => [name, fields[name].default])) as RunConfig;
}

/** The sentence that says what is wrong with a value, or null. */
export function fieldProblem(name: FieldName, value: unknown): string | null {
  const field: Field = fields[name];
  if (field.type === 'text') return typeof value === 'string' && value ? null : 'must be a non-empty text';
  if (field.type === 'choice') {
    const allowed = field.choices.map((choice) => choice.value);
    return allowed.includes(value as string) ? null : `must be one of ${allowed.join(', ')}`;
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'must be a number';
  if (field.type === 'integer' && !Number.isInteger(value)) return 'must be a whole number';
  if (value < field.min || value > field.max) return `must lie between ${field.min} and ${field.max}`;
  return null;
}

/**
 * A complete configuration from partial, untrusted data; missing fields take their defaults.
 * @throws AppError `config-invalid` naming the field, the value and what is allowed
 */
export function parseConfig(input: unknown): RunConfig {
  const config = defaultConfig() as Record<string, unknown>;
  if (input === undefined || input === null) return config as RunConfig;
  if (!isObject(input))
    throw new AppError('config-invalid', 'The run configuration is no object.', 'Start from a preset.');
  for (const [name, value] of Object.entries(input)) {
    if (!(name in fields))
      throw new AppError(
        'config-invalid',
        `The run configuration has a field “${name}” that this version does not know.`,
        'Remove the field, or open the file with the version that wrote it.',
        { field: name },
      );
    const problem = fieldProblem(name as FieldName, value);
    if (problem)
      throw new AppError(
        'config-invalid',
        `The field “${name}” ${problem}; it is ${JSON.stringify(value)}.`,
        `Its default is ${JSON.stringify(fields[name as FieldName].default)}.`,
        { field: name, found: JSON.stringify(value), expected: problem },
      );
    config[name] = value;
  }
  return config as RunConfig;
}

/** Only what differs from the defaults. */
export function nonDefault(config: RunConfig): Partial<RunConfig> {
  return Object.fromEntries(
    fieldNames.filter((name) => config[name] !== fields[name].default).map((name) => [name, config[name]]),
  ) as Partial<RunConfig>;
}
