/**
 * From a stored model record to a policy and its codec. Files come from the site (built-in) or from OPFS (stored).
 */
import { AppError } from '../base/errors.ts';
import { tryParse, type Json } from '../base/json.ts';
import { hash32 } from '../base/random.ts';
import { backendLimits } from '../compute/usage.ts';
import type { RunConfig } from '../config/schema.ts';
import { readModelConfig } from '../model/config.ts';
import { createAdapter } from '../model/lora.ts';
import { loadPolicy, type Policy } from '../model/policy.ts';
import { openWeights, type BaseFormat } from '../model/weights.ts';
import { latestCheckpoint } from '../store/checkpoints.ts';
import { readFile } from '../store/files.ts';
import { getModel } from '../store/models.ts';
import { getRun } from '../store/runs.ts';
import type { ModelRecord } from '../store/schema.ts';
import { loadCodec, type Codec } from '../text/codec.ts';
import { blobSource, restorePolicy } from './checkpoint.ts';
import { refuseTooLarge } from './fits.ts';

/** Models up to this size are trained in full by default, larger ones by LoRA. */
const FULL_TRAINING_LIMIT = 10_000_000;

/** Up to how many parameters a frozen base is kept in f32 by default, and in f16 (1.6 GB). */
const F32_LIMIT = 100_000_000;
const F16_LIMIT = 800_000_000;

/** Where the app's own files are, relative to the page; workers live in a folder below it. */
export type SiteFile = (path: string) => Promise<Blob>;

export interface ModelFolder {
  record: ModelRecord;
  files: Map<string, Blob>;
}

/** @throws AppError `model-missing`, `file-missing` */
export async function openModelFolder(modelId: string, site: SiteFile): Promise<ModelFolder> {
  const record = await getModel(modelId);
  if (!record)
    throw new AppError(
      'model-missing',
      'The model of this run is no longer stored.',
      'Import it again under Models.',
    );
  const files = new Map<string, Blob>();
  for (const { path } of record.files) {
    files.set(
      path,
      record.kind === 'built-in'
        ? await site(`models/${record.name}/${path}`)
        : await readFile(`models/${record.id}/${path}`),
    );
  }
  return { record, files };
}

/** A JSON file of the folder; undefined when it is not there. @throws AppError `json-broken` */
export async function jsonFile(files: ReadonlyMap<string, Blob>, name: string): Promise<Json | undefined> {
  const file = files.get(name);
  if (!file) return undefined;
  const text = await file.text();
  const parsed = tryParse(text);
  if (parsed === undefined)
    throw new AppError(
      'json-broken',
      `${name} is no JSON (${text.length} characters, beginning “${text.slice(0, 40)}”).`,
      `Download ${name} again from the model’s folder.`,
      { file: name },
    );
  return parsed;
}

export async function openCodec(files: ReadonlyMap<string, Blob>): Promise<Codec> {
  return loadCodec({
    tokenizerJson: await jsonFile(files, 'tokenizer.json'),
    tokenizerConfig: await jsonFile(files, 'tokenizer_config.json'),
    chatTemplate: await files.get('chat_template.jinja')?.text(),
    generationConfig: await jsonFile(files, 'generation_config.json'),
    config: await jsonFile(files, 'config.json'),
  });
}

export async function openConfig(files: ReadonlyMap<string, Blob>) {
  const config = await jsonFile(files, 'config.json');
  if (config === undefined)
    throw new AppError(
      'config-missing',
      'The model folder has no config.json.',
      'Drop the whole Hugging Face folder: config.json, tokenizer.json, the .safetensors files.',
      { file: 'config.json' },
    );
  return readModelConfig(config);
}

/** The tensors of a folder, sharded or not. */
export async function openTensors(files: ReadonlyMap<string, Blob>) {
  const weights = [...files].filter(([name]) => name.endsWith('.safetensors'));
  const index = await files.get('model.safetensors.index.json')?.text();
  return openWeights(new Map(weights.map(([name, file]) => [name, blobSource(file, name)])), index ?? null);
}

export interface Loaded {
  policy: Policy;
  codec: Codec;
  record: ModelRecord;
  folder: ModelFolder;
}

export interface Training {
  /** Full weights, LoRA of this rank and α, or nothing (to sample only). */
  kind: 'full' | 'lora' | 'none';
  rank: number;
  alpha: number;
  seed: string;
  /** How matrices are kept that are not trained. */
  base: RunConfig['baseWeights'];
}

export const SAMPLE_ONLY: Training = { kind: 'none', rank: 0, alpha: 0, seed: '', base: 'auto' };

export function trainingOf(config: RunConfig, record: ModelRecord): Training {
  const automatic = record.parameters <= FULL_TRAINING_LIMIT ? 'full' : 'lora';
  const { training, rank, alpha, seed, baseWeights } = config;
  return { kind: training === 'auto' ? automatic : training, rank, alpha, seed, base: baseWeights };
}

/** By the model's size alone, never by the device: a run that goes on elsewhere goes on with the same weights. */
export function baseFormatOf({ kind, base }: Training, { parameters }: ModelRecord): BaseFormat {
  if (kind === 'full') return 'f32';
  if (base !== 'auto') return base;
  return parameters <= F32_LIMIT ? 'f32' : parameters <= F16_LIMIT ? 'f16' : 'int8';
}

/**
 * Loads a model, ready to train or to sample.
 * @throws AppError naming file, place and remedy; `memory-too-small` before anything is read
 */
export async function loadModel(
  modelId: string,
  training: Training,
  site: SiteFile,
  onProgress?: (share: number) => void,
): Promise<Loaded> {
  const folder = await openModelFolder(modelId, site);
  const codec = await openCodec(folder.files);
  const config = await openConfig(folder.files);
  codec.fitsVocabulary(config.vocabulary);
  const base = baseFormatOf(training, folder.record);
  refuseTooLarge(config, training, base, backendLimits());
  const entries = await openTensors(folder.files);
  const policy = await loadPolicy(config, entries, {
    trained: training.kind === 'full',
    base,
    ...(onProgress && { onProgress }),
  });
  if (training.kind === 'lora') {
    policy.adapter = createAdapter(config, {
      rank: training.rank,
      alpha: training.alpha,
      seed: hash32(training.seed),
    });
  }
  return { policy, codec, record: folder.record, folder };
}

/** A model as a run left it: parameters of its newest checkpoint. @throws AppError `checkpoint-missing` */
export async function loadRun(runId: string, site: SiteFile): Promise<Loaded> {
  const run = await getRun(runId);
  const checkpoint = await latestCheckpoint(runId);
  const model = run && (await getModel(run.modelId));
  if (!run || !checkpoint || !model)
    throw new AppError(
      'checkpoint-missing',
      'This run has no checkpoint that can be read.',
      'Start it again; its metrics and rollouts are kept.',
    );
  const loaded = await loadModel(run.modelId, trainingOf(run.config, model), site);
  await restorePolicy(loaded.policy, blobSource(await readFile(checkpoint.path), checkpoint.path));
  return loaded;
}
