/** The records kept in IndexedDB. Weights and checkpoints are files in OPFS; here stand only their descriptions. */
import type { Json, JsonObject } from '../base/json.ts';
import type { PlainAppError } from '../base/errors.ts';
import type { RunConfig } from '../config/schema.ts';
import type { Tool, Trajectory } from '../trajectory/record.ts';

export interface ImportedFile {
  file: string;
  format: string | null;
  trajectories: number;
  turns: number;
  callTurns: number;
  messageTurns: number;
  skipped: Record<string, number>;
  /** The first skipped rows, with place, for the report. */
  examples: { reason: string; row?: number; field?: string; found?: string; expected?: string }[];
  error?: PlainAppError;
}

export interface DatasetRecord {
  id: string;
  name: string;
  /** Hash over the trajectories' ids: equal data, equal fingerprint. */
  fingerprint: string;
  createdAt: number;
  sizeBytes: number;
  files: ImportedFile[];
  trajectories: number;
  turns: number;
  callTurns: number;
  messageTurns: number;
  /** How many trajectories have tools from where. */
  tools: Record<Trajectory['toolsAre'], number>;
  isBuiltIn: boolean;
}

export interface StoredTrajectory {
  datasetId: string;
  index: number;
  trajectory: Trajectory;
}

export interface ModelFile {
  path: string;
  sizeBytes: number;
}

export interface ModelRecord {
  id: string;
  name: string;
  /** `built-in`: files under models/<name>/ of the site; `stored`: in OPFS under models/<id>/. */
  kind: 'built-in' | 'stored';
  source: string;
  family: string;
  parameters: number;
  sizeBytes: number;
  /** Hash of config and weights; profiles and runs are keyed by it. */
  hash: string;
  createdAt: number;
  files: ModelFile[];
  contextTokens: number;
}

export interface AttemptRecord {
  text: string;
  reward: number | null;
  category: string;
  reason: string;
  lengthTokens: number;
  finish: 'stop' | 'length';
}

export interface ProfileRecord {
  id: string;
  datasetId: string;
  modelId: string;
  /** The checkpoint that was profiled instead of the model's own weights (after a warm start). */
  warmStartRunId: string | null;
  verifier: string;
  /** Sampling settings that are part of the key: K, temperature, maxNewTokens, seed … */
  sampling: JsonObject;
  state: 'running' | 'paused' | 'finished' | 'failed';
  createdAt: number;
  candidates: number;
  profiled: number;
  tooLong: number;
  durationMs: number;
  rolloutTurns: number;
}

export interface ProfiledTurn {
  profileId: string;
  candidateId: string;
  trajectoryId: string;
  /** Index of the trajectory in its dataset. */
  trajectoryIndex: number;
  messageIndex: number;
  expectedKind: 'calls' | 'message';
  promptTokens: number;
  mean: number;
  variance: number;
  attempts: AttemptRecord[];
}

export type RunState = 'draft' | 'running' | 'paused' | 'stopped' | 'finished' | 'failed';

export interface RunRecord {
  id: string;
  name: string;
  kind: 'pivotrl' | 'sft';
  datasetId: string;
  modelId: string;
  /** The profile whose pivots are trained on; null for SFT. */
  profileId: string | null;
  /** The run whose last checkpoint this one starts from (SFT before PivotRL). */
  startRunId: string | null;
  config: RunConfig;
  state: RunState;
  step: number;
  createdAt: number;
  /** Written every few seconds while running: an old one with state `running` reads as interrupted. */
  heartbeat: number;
  device: string;
  version: string;
  summary: JsonObject | null;
  error: PlainAppError | null;
}

export interface SampleRecord {
  text: string;
  reward: number | null;
  category: string;
  reason: string;
  advantage: number;
  lengthTokens: number;
  finish: 'stop' | 'length';
  /** Per token, natural log. */
  logProbs: number[];
  tokens: string[];
}

export interface GroupRecord {
  runId: string;
  step: number;
  index: number;
  candidateId: string;
  trajectoryIndex: number;
  messageIndex: number;
  samples: SampleRecord[];
}

export interface CheckpointRecord {
  runId: string;
  step: number;
  /** Path in OPFS of the safetensors file with parameters and optimizer state. */
  path: string;
  sizeBytes: number;
  createdAt: number;
  /** Everything besides tensors that a run needs to continue exactly. */
  cursor: JsonObject;
  /** Held-out reward when it was made, if evaluated. */
  evalReward: number | null;
}

/** One finished part of a study, e.g. one method with one seed in one world. */
export interface StudyCell {
  /** Names plan, model and backend: results of different studies never mix. */
  study: string;
  cell: string;
  result: Json;
}

export interface ToolsFile {
  name: string;
  tools: Tool[];
}
