/**
 * What each worker offers to the page: types only. The page's side of it is `client/`, the implementation is in
 * `session/`, the entries are in `workers/`. Everything that crosses is plain data, a File or a Blob.
 */
import type { Json } from '../base/json.ts';
import type { RunConfig } from '../config/schema.ts';
import type { MemoryEstimate, MemoryRequest } from '../model/memory.ts';
import type { DatasetRecord, ModelRecord, ProfileRecord, RunRecord } from '../store/schema.ts';
import type { Action, Tool } from '../trajectory/record.ts';
import type { Verdict } from '../verifier/verdict.ts';
import type { ProfileEvent, Stream, TrainEvent } from './events.ts';
import type { LessonEvent } from './lesson.ts';
import type { VerifierOptions } from './verifier-pool.ts';

export interface Progress {
  /** What is being done, e.g. "Reading airline.json". */
  label: string;
  done: number;
  /** 0: unknown. */
  total: number;
  unit: 'bytes' | 'rows' | 'turns';
}
export type OnProgress = (progress: Progress) => void;

/** A stretch of a prompt or action as the model sees it. */
export interface TokenSpan {
  text: string;
  tokens: number;
  part: 'prompt' | 'action';
}

export interface LibraryService {
  /** Options of a verifier for this session only, e.g. the judge's endpoint and key; kept in memory. */
  configureVerifier(options: VerifierOptions): Promise<void>;
  /** Imports dropped files as one dataset; files already imported give the dataset that is there. */
  importDataset(
    name: string,
    files: File[],
    redactSecrets: boolean,
    onProgress: OnProgress,
  ): Promise<DatasetRecord>;
  /** Imports a dataset that comes with the app, once. */
  importBuiltInDataset(name: string, onProgress: OnProgress): Promise<DatasetRecord>;
  /** Counts of secrets and home paths in files, by kind, before they are stored. */
  findSecrets(files: File[]): Promise<Record<string, number>>;
  cancelImport(): Promise<void>;
  deleteDataset(id: string): Promise<void>;
  /** Checks and stores a dropped Hugging Face folder. */
  importModel(name: string, files: File[], onProgress: OnProgress): Promise<ModelRecord>;
  /** A Hub id (`owner/name`) or the URL of a folder with config.json; resumes a broken download. */
  downloadModel(source: string, onProgress: OnProgress): Promise<ModelRecord>;
  cancelDownload(): Promise<void>;
  /** The models that come with the app, recorded on first call. */
  builtInModels(): Promise<ModelRecord[]>;
  deleteModel(id: string): Promise<void>;
  /** What a run of this configuration will need on a backend, by part, in bytes. */
  estimateMemory(
    modelId: string,
    config: RunConfig,
    backend: MemoryRequest['backend'],
  ): Promise<MemoryEstimate>;
  /** A turn as the model will see it: prompt and demonstrated action, token by token. */
  previewTurn(
    datasetId: string,
    trajectoryIndex: number,
    messageIndex: number,
    modelId: string,
  ): Promise<TokenSpan[]>;
  exportPivots(profileId: string, config: RunConfig): Promise<Blob>;
  /** PEFT adapter (`adapter_model.safetensors`, `adapter_config.json`) as .zip; only for LoRA runs. */
  exportAdapter(runId: string): Promise<Blob>;
  /** Merged weights with config and tokenizer files as .zip. */
  exportModel(runId: string): Promise<Blob>;
  exportMetrics(runId: string): Promise<Blob>;
  /** Configuration, metrics, rollouts, profile and checkpoint of a run as .zip. */
  exportRun(runId: string): Promise<Blob>;
  /**
   * Scores a pasted action against a demonstrated one.
   * @param modelId whose syntax the text is read in; null: the common one
   * @param world what the dataset carries for verifiers that execute
   */
  tryVerifier(
    preset: string,
    expected: Action,
    text: string,
    tools: Tool[],
    modelId: string | null,
    world?: Json,
  ): Promise<Verdict>;
  deleteRun(id: string): Promise<void>;
}

export interface ProfileRequest {
  datasetId: string;
  modelId: string;
  /** The SFT run whose weights are profiled instead of the model's own. */
  warmStartRunId: string | null;
  config: RunConfig;
}

export interface ProfilerService {
  /** Options of a verifier for this session only, e.g. the judge's endpoint and key; kept in memory. */
  configureVerifier(options: VerifierOptions): Promise<void>;
  /** The record for this request, made if new: the same request always gives the same profile. */
  prepare(request: ProfileRequest): Promise<ProfileRecord>;
  /** Runs or continues it; the stream ends when it is finished or stopped. */
  run(profileId: string, onMessage: (message: Stream<ProfileEvent>) => void): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
}

export interface RunRequest {
  kind: RunRecord['kind'];
  datasetId: string;
  modelId: string;
  profileId: string | null;
  startRunId: string | null;
  config: RunConfig;
}

export interface CompleteOptions {
  /** 0 is greedy. */
  temperature: number;
  maxNewTokens: number;
  seed: string;
  /** Whether the prompt is a user's message for the chat template, or plain text to go on with. */
  isChat: boolean;
  /** Default: what the app would choose. */
  backend?: RunConfig['backend'];
}

export interface TrainerService {
  /** Options of a verifier for this session only, e.g. the judge's endpoint and key; kept in memory. */
  configureVerifier(options: VerifierOptions): Promise<void>;
  prepare(request: RunRequest): Promise<RunRecord>;
  /** Begins or continues a run from its last checkpoint. */
  run(runId: string, onMessage: (message: Stream<TrainEvent>) => void): Promise<void>;
  /** Takes effect after the current step. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** One step, then pause. */
  step(): Promise<void>;
  /** Ends the run after the current step; it keeps its checkpoint and can be continued. */
  stop(): Promise<void>;
  /** Greedy or sampled continuation, for trying a model or a run's checkpoint. */
  complete(
    modelId: string,
    runId: string | null,
    prompt: string,
    options: CompleteOptions,
  ): Promise<{ text: string; ids: number[]; tokensPerSecond: number }>;
  /** One pivot of a miniature world from beginning to end; the stream ends with the lesson. Stores nothing. */
  teach(modelId: string, seed: string, onMessage: (message: Stream<LessonEvent>) => void): Promise<void>;
  /** Adapter, features, limits, isolation, storage and one checked training step, as lines for a report. */
  selfTest(prefer: 'webgpu' | 'wasm' | 'cpu' | null): Promise<SelfTestReport>;
}

export interface SelfTestReport {
  lines: { name: string; value: string; state: 'good' | 'note' | 'bad' }[];
  passed: boolean;
}
