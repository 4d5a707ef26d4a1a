/**
 * What a run will need on the backend, by part, before it starts: tensors in f32, as this engine keeps them, and the
 * matrices of a frozen base and its keys and values as they are packed; in the peak, on a GPU, what the pool of buffers
 * may hold beyond the need. Leaves out what the backend itself takes: compiled shaders, kernels' scratch, on a GPU the
 * 4 MiB through which values are read.
 */
import { countAdapterParameters } from './lora.ts';
import type { ModelConfig } from './config.ts';
import { packedBytes } from '../compute/packed.ts';
import { poolSlack } from '../compute/webgpu/pool.ts';
import { expectedTensors, formatOf, type BaseFormat } from './weights.ts';

export interface MemoryRequest {
  training: 'full' | 'lora' | 'none';
  /** How matrices are kept that are not trained. */
  base: BaseFormat;
  /** Of the adapter; ignored without one. */
  rank: number;
  /** N: tokens of one forward and backward pass, padding included. */
  passTokens: number;
  /** M: action tokens among them. */
  actionTokens: number;
  /** Gradients of several passes are summed before an update. */
  severalPasses: boolean;
  /** On WebGPU a packed base has its keys and values in f16, see `rollout/cache.ts`. */
  backend: 'webgpu' | 'wasm' | 'cpu';
  /** Keep only the layers' inputs and run them again. */
  recompute: boolean;
  /** Rollouts at once: prompts, samples of each, and tokens of the longest. */
  prompts: number;
  samplesPerPrompt: number;
  promptTokens: number;
  newTokens: number;
}

/** Bytes. Training and rollouts take turns, so `peak` is less than the sum. */
export interface MemoryEstimate {
  weights: number;
  adapter: number;
  optimizer: number;
  gradients: number;
  activations: number;
  cache: number;
  logits: number;
  peak: number;
  /** The largest buffer of all, and the largest of those that no kernel reads in parts. */
  largestBuffer: number;
  largestBinding: number;
}

const floatBytes = 4;

export function countParameters(config: ModelConfig): number {
  let count = 0;
  for (const shape of expectedTensors(config).values())
    count += shape.reduce((product, size) => product * size, 1);
  return count;
}

/** Bytes of the model's own tensors, and of the largest of them. */
export function weightBytes(config: ModelConfig, base: BaseFormat): { all: number; largest: number } {
  const sizes = [...expectedTensors(config)].map(([name, shape]) => {
    const format = formatOf(name, shape, base);
    if (format !== 'f32') return packedBytes(shape as [number, number], format);
    return floatBytes * shape.reduce((product, size) => product * size, 1);
  });
  return { all: sizes.reduce((sum, size) => sum + size, 0), largest: Math.max(...sizes) };
}

export function estimateMemory(config: ModelConfig, request: MemoryRequest): MemoryEstimate {
  const { width, vocabulary } = config;
  const { training, rank, passTokens, actionTokens, prompts, promptTokens, newTokens } = request;
  const weights = weightBytes(config, training === 'full' ? 'f32' : request.base);
  const adapter = training === 'lora' ? countAdapterParameters(config, rank) : 0;
  const trained = training === 'full' ? countParameters(config) : adapter;

  // Beside the layers' the picked rows.
  const perToken = activationFloats(config, adapter ? rank : 0, request.recompute);
  const activations = trained ? passTokens * perToken + actionTokens * (width + 6) : 0;
  const gradients = trained * (request.severalPasses ? 2 : 1);
  // Going back, a layer's gradients take the place of its activations.
  const update = Math.max(activations + layerTransients(config, passTokens), gradients);

  const rows = prompts * request.samplesPerPrompt;
  const cached = cacheFloats(config) * (prompts * promptTokens + rows * roomOf(newTokens));
  const cache = willBeInHalves(request) ? cached / 2 : cached;
  const logits = 2 * rows * vocabulary;

  const fixed = weights.all + floatBytes * (adapter + 2 * trained);
  const pool = request.backend === 'webgpu' ? poolSlack : 1;
  const gateWidth = config.feedForward * (config.fusedGate ? 2 : 1);
  const largestBinding = floatBytes * Math.max(passTokens * gateWidth, rows * vocabulary);
  return {
    weights: weights.all,
    adapter: floatBytes * adapter,
    optimizer: floatBytes * 2 * trained,
    gradients: floatBytes * gradients,
    activations: floatBytes * activations,
    cache: floatBytes * cache,
    logits: floatBytes * logits,
    peak: pool * (fixed + floatBytes * Math.max(trained ? update : 0, cache + logits)),
    largestBuffer: Math.max(weights.largest, largestBinding),
    largestBinding,
  };
}

/** Whether keys and values will be in f16: what `isInHalves` of `rollout/cache.ts` finds once a policy is there. */
export const willBeInHalves = ({
  backend,
  base,
  training,
}: Pick<MemoryRequest, 'backend' | 'base' | 'training'>) =>
  backend === 'webgpu' && base !== 'f32' && training !== 'full';

/** Keys and values of one token. */
export const cacheFloats = ({ layers, kvHeads, headWidth }: ModelConfig): number =>
  2 * layers * kvHeads * headWidth;

/** Tokens for which a reply's keys and values have room: see `rollout/cache.ts`. */
export const roomOf = (newTokens: number): number =>
  Math.max(32, 2 ** Math.ceil(Math.log2(Math.max(1, newTokens))));

/**
 * Floats that the tape keeps for one token: all layers', or their inputs and one layer's; around them input and output
 * of the last norm.
 * @param rank of the adapter that is trained; 0 where all weights are
 */
export function activationFloats(config: ModelConfig, rank: number, recompute: boolean): number {
  const { layers, width } = config;
  const inLayer = layerActivations(config, rank);
  return (recompute ? layers * width + inLayer : layers * inLayer) + 2 * width + 1;
}

/** Floats that the tape keeps for one token in one layer; see what each operation in `compute/ops` keeps. */
function layerActivations(config: ModelConfig, rank: number): number {
  const { width, heads, kvHeads, headWidth, feedForward } = config;
  const [query, keyValue] = [heads * headWidth, kvHeads * headWidth];
  const norms = 4 * width + 2;
  const queryKeyNorm = config.queryKeyNorm ? query + keyValue + heads + kvHeads : 0;
  const attention = 2 * query + 2 * keyValue + heads;
  const adapters = (config.fusedGate ? 6 : 7) * rank;
  return norms + queryKeyNorm + attention + 3 * feedForward + adapters;
}

/** The widest moment inside a layer: the gradients of gate and up beside that of their product. */
function layerTransients({ width, feedForward }: ModelConfig, tokens: number): number {
  return tokens * (3 * feedForward + 2 * width);
}
