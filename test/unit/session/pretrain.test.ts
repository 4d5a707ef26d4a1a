import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { readModelConfig } from '../../../src/model/config.ts';
import {
  disposePolicy, loadPolicy, readParameters, trainedParameters, type Policy,
} from '../../../src/model/policy.ts'; // prettier-ignore
import { readSafetensorsHeader, writeSafetensors } from '../../../src/model/safetensors.ts';
import { initialWeights, pretrain, type PretrainPlan } from '../../../src/session/pretrain.ts';
import { packTokens, type TokenDocument } from '../../../src/session/token-stream.ts';
import { createAdamW, type AdamW } from '../../../src/train/optimizer.ts';
import { openInNode } from '../../helpers/backends.ts';

const config = readModelConfig({
  model_type: 'qwen3',
  hidden_size: 16,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  num_key_value_heads: 2,
  head_dim: 8,
  intermediate_size: 24,
  vocab_size: 12,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-6,
  tie_word_embeddings: true,
});

const plan: PretrainPlan = {
  seed: 3,
  steps: 40,
  rowsPerStep: 2,
  rowTokens: 16,
  learningRate: 0.01,
  warmupSteps: 4,
  weightDecay: 0,
  maxGradNorm: 1,
  promptWeight: 0.1,
  reportEverySteps: 1,
};

/** Counts up from a start: the assistant's part is predictable. */
function counting(index: number): TokenDocument {
  const start = index % 7;
  const length = 3 + (index % 4);
  const ids = Array.from({ length }, (_, i) => (start + i) % 12);
  return { ids, isAction: ids.map((_, i) => i > 0) };
}

async function newPolicy(): Promise<Policy> {
  const bytes = writeSafetensors(initialWeights(config, plan.seed));
  const source = { name: 'w', size: bytes.length, read: async (a: number, b: number) => bytes.slice(a, b) };
  return loadPolicy(config, await readSafetensorsHeader(source), { trained: true });
}

const stream = packTokens(Array.from({ length: 80 }, (_, index) => counting(index)));

async function losses(
  policy: Policy,
  optimizer: AdamW,
  { from = 0, until, using = plan, tokens = stream }: { from?: number; until: number; using?: PretrainPlan; tokens?: Uint16Array }, // prettier-ignore
): Promise<number[]> {
  const found: number[] = [];
  for await (const { step, loss } of pretrain(policy, optimizer, tokens, using, from)) {
    found.push(loss);
    if (step === until) break;
  }
  return found;
}

describe('pretraining', () => {
  beforeAll(async () => {
    await openInNode('wasm');
  });

  it('begins from the same random weights for the same seed', () => {
    expect(initialWeights(config, 1)).toEqual(initialWeights(config, 1));
    expect(initialWeights(config, 1)).not.toEqual(initialWeights(config, 2));
  });

  it('learns what the documents hold and leaves no tensors behind', async () => {
    const before = tf.memory().numTensors;
    const policy = await newPolicy();
    const optimizer = createAdamW(trainedParameters(policy));
    const found = await losses(policy, optimizer, { until: plan.steps });
    expect(found).toHaveLength(plan.steps);
    expect(found[0]).toBeGreaterThan(2);
    expect(found.at(-1)).toBeLessThan(0.6 * found[0]!);
    optimizer.dispose();
    disposePolicy(policy);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('continues exactly where a stopped pretraining was', async () => {
    const whole = await newPolicy();
    await losses(whole, createAdamW(trainedParameters(whole)), { until: 24 });

    const stopped = await newPolicy();
    const optimizer = createAdamW(trainedParameters(stopped));
    await losses(stopped, optimizer, { until: 5 });
    const moments = await optimizer.snapshot();
    const resumed = createAdamW(trainedParameters(stopped));
    resumed.restore(moments);
    await losses(stopped, resumed, { from: 5, until: 24 });

    const [expected, actual] = await Promise.all(
      [whole, stopped].map((p) => readParameters(trainedParameters(p))),
    );
    for (const [name, values] of expected!) expect(actual!.get(name), name).toEqual(values);
    disposePolicy(whole);
    disposePolicy(stopped);
  });

  it('reports the mean of all losses since the last report, and after the last step', async () => {
    const each = await newPolicy();
    const single = await losses(each, createAdamW(trainedParameters(each)), { until: plan.steps });
    const seldom = await newPolicy();
    const using = { ...plan, reportEverySteps: 16 };
    const means = await losses(seldom, createAdamW(trainedParameters(seldom)), { until: plan.steps, using });
    expect(means).toHaveLength(3);
    [single.slice(0, 16), single.slice(16, 32), single.slice(32)].forEach((losses, i) => {
      expect(means[i]).toBeCloseTo(losses.reduce((sum, loss) => sum + loss, 0) / losses.length, 5);
    });
    disposePolicy(each);
    disposePolicy(seldom);
  });

  it('shows no document to its neighbours in the row', async () => {
    // The loss of one packed batch is the weighted mean over its documents, each trained on alone.
    const documents = [counting(0), counting(5), counting(2)];
    const alone: { loss: number; weight: number }[] = [];
    for (const document of documents) {
      const policy = await newPolicy();
      const using = { ...plan, rowsPerStep: 1, rowTokens: document.ids.length };
      const tokens = packTokens([document]);
      const [loss] = await losses(policy, createAdamW(trainedParameters(policy)), {
        until: 1,
        using,
        tokens,
      });
      alone.push({ loss: loss!, weight: document.ids.length - 1 });
      disposePolicy(policy);
    }
    const rowTokens = documents.reduce((sum, { ids }) => sum + ids.length, 0);
    const policy = await newPolicy();
    const using = { ...plan, rowsPerStep: 1, rowTokens };
    const tokens = packTokens(documents);
    const [loss] = await losses(policy, createAdamW(trainedParameters(policy)), { until: 1, using, tokens });
    disposePolicy(policy);
    const total = alone.reduce((sum, { weight }) => sum + weight, 0);
    const expected = alone.reduce((sum, { loss, weight }) => sum + (loss * weight) / total, 0);
    expect(loss).toBeCloseTo(expected, 5);
  });
});
