/**
 * Rollouts: several samples for each of many prompts, all rows decoded together against shared prompts. Token ids in,
 * token ids out; what they mean, and whether they are any good, is for others to say.
 *
 * A row's tokens depend on its prompt, its seed and the weights, never on the rows beside it: the noise is a hash of
 * (row, step). Rows that ended are compacted away. On WebGPU ids stay on the device and are read every few steps.
 */
import { AppError, assert } from '../base/errors.ts';
import { hash32 } from '../base/random.ts';
import { trimMemory } from '../compute/trim.ts';
import type { Policy } from '../model/policy.ts';
import { breathe } from './breathe.ts';
import { bucketLength } from './buckets.ts';
import { disposeCache, prefill } from './cache.ts';
import {
  startDecoding,
  type DecodedRow,
  type DecodeSteps,
  type SampledStep,
  type Sampling,
} from './steps.ts';

export interface Rollout {
  /** With the stop token, if it ended by one. */
  ids: number[];
  /** Natural log-probability of each id under the full distribution at the sampling temperature (1 if greedy). */
  logProbs: number[];
  finish: 'stop' | 'length';
}

export interface GenerateOptions {
  policy: Policy;
  /** Token ids of each prompt, at least one each. */
  prompts: readonly ArrayLike<number>[];
  /** What each prompt's samples are derived from, 32 bits each: the same seed gives the same samples. */
  promptSeeds: readonly number[];
  /** G */
  samplesPerPrompt: number;
  sampling: Sampling;
  maxNewTokens: number;
  stopIds: readonly number[];
  signal?: AbortSignal;
  onProgress?: (progress: { tokens: number; endedRows: number; rows: number }) => void;
}

/** Milliseconds of work after which messages are let in. */
const breathEveryMs = 40;

interface Row extends Rollout, DecodedRow {
  id: number;
  prompt: number;
  promptLength: number;
  limit: number;
  ended: boolean;
}

/**
 * @returns [P][G], in the order of the prompts
 * @throws AppError `prompt-too-long`; the signal's reason when aborted
 */
export async function generate(options: GenerateOptions): Promise<Rollout[][]> {
  const { policy, prompts, samplesPerPrompt } = options;
  if (!prompts.length || !samplesPerPrompt) return prompts.map(() => []);
  // Similar lengths side by side waste the least padding.
  const order = prompts.map((_, index) => index).sort((a, b) => prompts[a]!.length - prompts[b]!.length);
  const rows = order.flatMap((prompt, pivot) => newRows(options, prompt, pivot));
  const sorted = order.map((prompt) => prompts[prompt]!);
  const longest = Math.max(...prompts.map((prompt) => prompt.length));
  const reach = bucketLength(longest + options.maxNewTokens);
  const { cache, last } = prefill(policy, sorted, pivots(rows), reach);
  const steps = startDecoding({ policy, cache, last, rows, sampling: options.sampling, reach });
  last.dispose();
  try {
    await decode(options, rows, steps);
  } finally {
    steps.dispose();
    disposeCache(cache);
    trimMemory();
  }
  const rollouts = prompts.map((): Rollout[] => []);
  for (const { prompt, ids, logProbs, finish } of rows) rollouts[prompt]!.push({ ids, logProbs, finish });
  return rollouts;
}

function newRows(options: GenerateOptions, prompt: number, pivot: number): Row[] {
  const { policy, prompts, promptSeeds, samplesPerPrompt, maxNewTokens } = options;
  const { length } = prompts[prompt]!;
  const { maxPositions } = policy.config;
  assert(length > 0, 'a prompt has at least one token');
  if (length >= maxPositions) {
    throw new AppError(
      'prompt-too-long',
      `A prompt has ${length} tokens, and the model's context ends at ${maxPositions}, so nothing can follow it.`,
      'Leave out turns this long (maximum prompt length in the configuration), or use a model with a longer context.',
    );
  }
  const limit = Math.min(maxNewTokens, maxPositions - length);
  const seed = promptSeeds[prompt]!;
  return Array.from({ length: samplesPerPrompt }, (_, sample) => {
    const id = hash32(seed, sample) | 0;
    return {
      prompt,
      promptLength: length,
      pivot,
      id,
      limit,
      ids: [],
      logProbs: [],
      finish: 'length',
      ended: limit < 1,
    };
  });
}

const pivots = (rows: readonly Row[]) => Int32Array.from(rows, (row) => row.pivot);

async function decode(options: GenerateOptions, rows: Row[], steps: DecodeSteps): Promise<void> {
  const { maxNewTokens, signal, onProgress } = options;
  const stopIds = new Set(options.stopIds);
  let active = rows;
  let breathed = performance.now();
  let tokens = 0;
  for (;;) {
    signal?.throwIfAborted();
    if (steps.isReadDue() || steps.count >= maxNewTokens) {
      tokens += takeIn(active, await steps.read(), stopIds);
      const keep = active.flatMap((row, index) => (row.ended ? [] : [index]));
      onProgress?.({ tokens, endedRows: rows.length - keep.length, rows: rows.length });
      if (!keep.length) return;
      // Moving rows costs about as much as a few steps of the ones that ended.
      if (keep.length <= active.length * 0.9) {
        active = keep.map((index) => active[index]!);
        steps.keep(Int32Array.from(keep));
      }
    }
    steps.next();
    if (performance.now() - breathed > breathEveryMs) {
      await breathe();
      breathed = performance.now();
    }
  }
}

/** Takes what was sampled since the last time into the rows; returns how many tokens that were. */
function takeIn(
  active: readonly Row[],
  sampled: readonly SampledStep[],
  stopIds: ReadonlySet<number>,
): number {
  let tokens = 0;
  for (const { ids, logProbs } of sampled) {
    active.forEach((row, index) => {
      if (row.ended) return;
      const id = ids[index]!;
      row.ids.push(id);
      row.logProbs.push(logProbs[index]!);
      tokens++;
      if (stopIds.has(id)) row.finish = 'stop';
      row.ended = row.finish === 'stop' || row.ids.length >= row.limit;
    });
  }
  return tokens;
}
