/** Proves: the estimate of a run's memory, part by part, is within 15 % of what tensors really take. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { disposeBatch, packSequences, uploadBatch } from '../../../src/compute/batch.ts';
import { disposeGradients, lossAndGradients } from '../../../src/compute/gradients.ts';
import { createAdapter } from '../../../src/model/lora.ts';
import { countParameters, estimateMemory, type MemoryRequest } from '../../../src/model/memory.ts';
import { disposePolicy, trainedParameters } from '../../../src/model/policy.ts';
import { logProbs } from '../../../src/model/transformer.ts';
import { generate } from '../../../src/rollout/generate.ts';
import { createAdamW } from '../../../src/train/optimizer.ts';
import { openInNode } from '../../helpers/backends.ts';
import { watchBytes } from '../../helpers/live-bytes.ts';
import { randomConfig, randomPolicy, type RandomPolicyOptions } from '../../helpers/random-policy.ts';

const request: MemoryRequest = {
  training: 'full',
  base: 'f32',
  rank: 8,
  passTokens: 4 * 96,
  actionTokens: 4 * 95,
  severalPasses: false,
  backend: 'wasm',
  recompute: false,
  prompts: 4,
  samplesPerPrompt: 8,
  promptTokens: 48,
  newTokens: 60,
};
const big = {
  hidden_size: 96,
  num_hidden_layers: 3,
  num_attention_heads: 6,
  num_key_value_heads: 2,
  head_dim: 16,
  intermediate_size: 288,
  shared_intermediate_size: 288,
};
const model = (family: RandomPolicyOptions['family'], trained: boolean): RandomPolicyOptions => ({
  family,
  vocabulary: 200,
  trained,
  sizes: big,
});

const off = (found: number, estimated: number) => Math.abs(estimated - found) / found;

describe('the memory estimate', () => {
  beforeAll(() => openInNode('wasm'));

  it.each([
    ['llama', 'full', false],
    ['qwen3', 'full', false],
    ['qwen3', 'lora', false],
    ['granitemoehybrid', 'lora', false],
    ['llama', 'full', true],
    ['qwen3', 'lora', true],
  ] as const)(
    'of %s, %s training, recomputed: %s, is what an update takes',
    async (family, training, recompute) => {
      const watch = watchBytes();
      const policy = randomPolicy(model(family, training === 'full'));
      if (training === 'lora') policy.adapter = createAdapter(policy.config, { rank: 8, alpha: 16, seed: 1 });
      const parameters = trainedParameters(policy);
      const optimizer = createAdamW(parameters);
      const estimate = estimateMemory(policy.config, { ...request, training, recompute });
      expect(off(watch.now(), estimate.weights + estimate.adapter + estimate.optimizer)).toBeLessThan(0.001);

      const sequences = Array.from({ length: 4 }, (_, row) =>
        Array.from({ length: 96 }, (_, i) => (7 * i + row) % 200),
      );
      const batch = uploadBatch(packSequences(sequences));
      const scored = sequences.flatMap((ids, row) =>
        ids.slice(1).map((target, i) => ({ at: row * 96 + i, target })),
      );
      const at = tf.tensor1d(
        scored.map(({ at }) => at),
        'int32',
      );
      const targets = tf.tensor1d(
        scored.map(({ target }) => target),
        'int32',
      );
      const start = watch.now();
      let activations = 0;
      const { loss, gradients } = lossAndGradients(() => {
        const value = tf.mean(logProbs(policy, batch, { at, targets }, { recompute }).logProb) as tf.Scalar;
        activations = watch.now() - start;
        return value;
      }, parameters);
      expect(off(watch.now() - start, estimate.gradients)).toBeLessThan(0.15);
      await optimizer.update(gradients, 1e-3);
      disposeGradients(gradients);
      loss.dispose();
      // Recomputing has its widest moment later, inside a layer.
      if (recompute) expect(activations).toBeLessThan(estimate.activations);
      else expect(off(activations, estimate.activations)).toBeLessThan(0.15);
      const update = {
        ...request,
        training,
        recompute,
        prompts: 1,
        samplesPerPrompt: 1,
        promptTokens: 1,
        newTokens: 1,
      };
      expect(off(watch.peak(), estimateMemory(policy.config, update).peak)).toBeLessThan(0.15);
      watch.stop();
      optimizer.dispose();
      tf.dispose([at, targets]);
      disposeBatch(batch);
      disposePolicy(policy);
    },
  );

  it('of rollouts is what their caches and logits take', async () => {
    const watch = watchBytes();
    const policy = randomPolicy(model('llama', false));
    const estimate = estimateMemory(policy.config, { ...request, training: 'none' });
    await generate({
      policy,
      prompts: Array.from({ length: 4 }, (_, p) => Array.from({ length: 48 }, (_, i) => (5 * i + p) % 200)),
      promptSeeds: [1, 2, 3, 4],
      samplesPerPrompt: 8,
      sampling: { temperature: 1, topP: 1, topK: 0, minP: 0 },
      maxNewTokens: 60,
      stopIds: [],
    });
    expect(off(watch.peak(), estimate.peak)).toBeLessThan(0.15);
    watch.stop();
    disposePolicy(policy);
  });

  it('counts parameters as published', () => {
    const qwen3 = randomConfig({
      family: 'qwen3',
      vocabulary: 151936,
      sizes: {
        hidden_size: 1024,
        num_hidden_layers: 28,
        num_attention_heads: 16,
        num_key_value_heads: 8,
        head_dim: 128,
        intermediate_size: 3072,
      },
    });
    expect(countParameters(qwen3)).toBe(596_049_920);
  });
});
