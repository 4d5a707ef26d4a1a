/** All verifiers as a user chooses them: the words of `preset-names.ts` with what they do. */
import { AppError } from '../base/errors.ts';
import type { JsonObject } from '../base/json.ts';
import { guarded } from './guarded.ts';
import { judge } from './judge.ts';
import { presetWords, type PresetName, type PresetWords } from './preset-names.ts';
import { random } from './random.ts';
import { scriptTools } from './script-tools.ts';
import { searchEvidence } from './search-evidence.ts';
import { searchSteps } from './search-steps.ts';
import { shell } from './shell.ts';
import { singleStep } from './single-step.ts';
import { sql } from './sql.ts';
import { strict } from './strict.ts';
import { swePivot, swePivotOptions } from './swe-pivot.ts';
import { terminalJudge } from './terminal-judge.ts';
import type { Verify } from './verdict.ts';

export interface Preset extends PresetWords {
  verify: Verify;
  /** The same verifier with some options changed; what it does not know it ignores. */
  withOptions(options: JsonObject): Verify;
}

interface Recipe {
  make: (options: JsonObject) => Verify;
  defaults?: JsonObject;
}

export const DEFAULT_PRESET = 'guarded';

const recipes: Record<PresetName, Recipe> = {
  guarded: { make: guarded },
  'guarded-calls-only': { make: guarded, defaults: { messageTurns: 'excluded' } },
  'guarded-told': { make: guarded, defaults: { messageTurns: 'told' } },
  'gym-conversational': { make: singleStep, defaults: { word_count_similarity_threshold: 0.1 } },
  'gym-search': { make: singleStep, defaults: { word_count_similarity_threshold: 0.3 } },
  'gym-swe': { make: singleStep, defaults: { word_count_similarity_threshold: 0 } },
  'gym-parallel-f1': {
    make: singleStep,
    defaults: {
      word_count_similarity_threshold: 0.1,
      parallel_tool_call_rewarding: true,
      allow_subset: true,
      allow_superset: true,
      parallel_tool_call_reward_mode: 'f1',
    },
  },
  'gym-swe-pivot': { make: (options) => swePivot(swePivotOptions(options)) },
  'gym-swe-pivot-tool': {
    make: (options) => swePivot(swePivotOptions(options)),
    defaults: {
      enable_target_match: false,
      enable_argument_similarity: false,
      enable_diff_size_shaping: false,
    },
  },
  'gym-terminal': { make: terminalJudge, defaults: { string_similarity_threshold: 0.95 } },
  'gym-terminal-90': { make: terminalJudge, defaults: { string_similarity_threshold: 0.9 } },
  sql: { make: sql },
  shell: { make: shell },
  'shell-simulated': { make: shell, defaults: { messages: 'told', lacking: 'failed' } },
  'script-tools': { make: scriptTools },
  'search-evidence': { make: searchEvidence },
  'search-steps': { make: searchSteps },
  judge: { make: judge },
  strict: { make: () => strict },
  random: { make: random },
};

export const presets: readonly Preset[] = presetWords.map((words) => {
  const { make, defaults = {} }: Recipe = recipes[words.name];
  return { ...words, verify: make(defaults), withOptions: (options) => make({ ...defaults, ...options }) };
});

/** @throws AppError `preset-unknown`, with the names there are */
export function presetNamed(name: string): Preset {
  const found = presets.find((candidate) => candidate.name === name);
  if (found) return found;
  throw new AppError(
    'preset-unknown',
    `There is no verifier preset called "${name}".`,
    `Choose one of: ${presets.map((candidate) => candidate.name).join(', ')}.`,
  );
}
