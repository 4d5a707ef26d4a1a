/** Whole models on the GPU: training steps along the curve, decode steps against bandwidth, a GRPO step in its parts. */
import * as tf from '@tensorflow/tfjs';
import { median } from '../../src/base/statistics.ts';
import { disposeBatch, packSequences, uploadBatch } from '../../src/compute/batch.ts';
import { disposeGradients, lossAndGradients } from '../../src/compute/gradients.ts';
import { readValues } from '../../src/compute/transfer.ts';
import type { ModelConfig } from '../../src/model/config.ts';
import { countParameters, weightBytes } from '../../src/model/memory.ts';
import { disposePolicy, trainedParameters } from '../../src/model/policy.ts';
import { logProbs } from '../../src/model/transformer.ts';
import type { BaseFormat } from '../../src/model/weights.ts';
import { generate } from '../../src/rollout/generate.ts';
import { createAdamW } from '../../src/train/optimizer.ts';
import { grpoStep, type GrpoTask, type GrpoTimes } from '../grpo-step.ts';
import { takeCalls, type Calls } from '../calls.ts';
import { randomTokens } from '../work.ts';
import { drain } from './device.ts';
import { profile, type KernelTime } from './profile.ts';
import { policyOf } from './shapes.ts';

export interface Timed {
  /** The first, which compiles. */
  firstMs: number;
  ms: number;
  leastMs: number;
  repetitions: number;
  /** Of the last repetition. */
  calls: Calls;
  kernels?: KernelTime[];
}

async function timed(run: () => Promise<void>, budgetMs: number, profiled: boolean): Promise<Timed> {
  const once = async () => {
    takeCalls();
    const start = performance.now();
    await run();
    await drain();
    return performance.now() - start;
  };
  const firstMs = await once();
  const times: number[] = [];
  for (let spent = 0; times.length < 3 || (spent < budgetMs && times.length < 50); spent += times.at(-1)!) {
    if (times.length && spent > 2 * budgetMs) break;
    times.push(await once());
  }
  const calls = takeCalls();
  const kernels = profiled ? await profile(async () => (await run(), await drain())) : undefined;
  return {
    firstMs,
    ms: median(times),
    leastMs: Math.min(...times),
    repetitions: times.length,
    calls,
    ...(kernels && { kernels }),
  };
}

/** One update of all weights on rows × 128 tokens, each of which predicts one. */
export async function measureTraining(
  config: ModelConfig,
  rows: number,
  budgetMs: number,
  profiled: boolean,
) {
  const length = 128;
  const policy = policyOf(config, 'full');
  const parameters = trainedParameters(policy);
  const optimizer = createAdamW(parameters);
  const ids = randomTokens('ids', rows * length, config.vocabulary);
  const batch = uploadBatch(
    packSequences(Array.from({ length: rows }, (_, row) => ids.subarray(row * length, (row + 1) * length))),
  );
  const at = tf.range(0, rows * length, 1, 'int32') as tf.Tensor1D;
  const targets = tf.tensor1d(randomTokens('targets', rows * length, config.vocabulary), 'int32');
  const step = async () => {
    const { loss, gradients } = lossAndGradients(
      () => tf.neg(tf.mean(logProbs(policy, batch, { at, targets }).logProb)),
      parameters,
    );
    const update = optimizer.update(gradients, 1e-4, 1);
    disposeGradients(gradients);
    await Promise.all([update, readValues(loss)]);
    loss.dispose();
  };
  const result = await timed(step, budgetMs, profiled);
  tf.dispose([at, targets]);
  disposeBatch(batch);
  optimizer.dispose();
  disposePolicy(policy);
  const tokens = rows * length;
  // Six for each weight and token; attention comes to less than a tenth of it at these shapes.
  return { ...result, tokens, flops: 6 * countParameters(config) * tokens };
}

/** A step of 64 rows behind 8 prompts, as the difference between long and short rollouts. */
export async function measureDecoding(
  config: ModelConfig,
  promptTokens: number,
  base: BaseFormat,
  budgetMs: number,
  profiled: boolean,
) {
  const [pivots, samplesPerPrompt, newTokens] = [8, 8, 33];
  const rows = pivots * samplesPerPrompt;
  const policy = policyOf(config, 'none', base);
  const prompts = Array.from({ length: pivots }, (_, i) =>
    randomTokens(`prompt ${i}`, promptTokens, config.vocabulary),
  );
  const roll = (maxNewTokens: number) => async () => {
    await generate({
      policy,
      prompts,
      promptSeeds: prompts.map((_, i) => i),
      samplesPerPrompt,
      sampling: { temperature: 1, topP: 1, topK: 0, minP: 0 },
      maxNewTokens,
      stopIds: [],
    });
  };
  const short = await timed(roll(1), budgetMs / 2, false);
  const long = await timed(roll(newTokens), budgetMs / 2, profiled);
  disposePolicy(policy);
  const steps = newTokens - 1;
  const keyValue = 2 * config.layers * config.kvHeads * config.headWidth;
  const tokensRead = pivots * promptTokens + rows * (steps / 2 + 1);
  return {
    ...long,
    prefillMs: short.ms,
    stepMs: (long.ms - short.ms) / steps,
    /** Weights and keys and values, each read once. */
    bytesAStep: weightBytes(config, base).all + 4 * keyValue * tokensRead,
    flopsAStep: 2 * countParameters(config) * rows,
    tokensPerSecond: (rows * steps * 1000) / (long.ms - short.ms),
    callsAStep: {
      dispatches: (long.calls.dispatches - short.calls.dispatches) / steps,
      submits: (long.calls.submits - short.calls.submits) / steps,
      readbacks: (long.calls.readbacks - short.calls.readbacks) / steps,
    },
  };
}

/** Adapters of rank 16 on a frozen base. */
export async function measureGrpo(
  config: ModelConfig,
  task: GrpoTask,
  base: BaseFormat,
  budgetMs: number,
  profiled: boolean,
) {
  const policy = policyOf(config, 'lora', base);
  const optimizer = createAdamW(trainedParameters(policy));
  const steps: GrpoTimes[] = [];
  const result = await timed(
    async () => void steps.push(await grpoStep(policy, optimizer, task, drain)),
    budgetMs,
    profiled,
  );
  optimizer.dispose();
  disposePolicy(policy);
  const measured = steps.slice(1, 1 + result.repetitions);
  return {
    ...result,
    task,
    base,
    rolloutMs: median(measured.map(({ rolloutMs }) => rolloutMs)),
    updateMs: median(measured.map(({ updateMs }) => updateMs)),
    trainedTokens: steps.at(-1)!.trainedTokens,
    gradientNorm: steps.at(-1)!.gradientNorm,
  };
}
