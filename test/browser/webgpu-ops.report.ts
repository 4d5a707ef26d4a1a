/**
 * What the tests of WebGPU run where there is WebGPU, a worker of the browser or a process with Dawn: every kernel
 * against float64, and whole models against stock operations.
 */
import * as tf from '@tensorflow/tfjs';
import { packSequences, uploadBatch } from '../../src/compute/batch.ts';
import { openBackend, throwIfFailed } from '../../src/compute/backend.ts';
import { lossAndGradients } from '../../src/compute/gradients.ts';
import { trainedParameters } from '../../src/model/policy.ts';
import { logProbs } from '../../src/model/transformer.ts';
import { generate } from '../../src/rollout/generate.ts';
import { randomPolicy, type RandomPolicyOptions } from '../helpers/random-policy.ts';
import { distance, runChecks, type Outcome } from './webgpu-ops.checks.ts';

const families: RandomPolicyOptions['family'][] = ['llama', 'qwen2', 'qwen3', 'granite', 'granitemoehybrid'];

interface Seen {
  gradients: Map<string, ArrayLike<number>>;
  ids: number[];
}

/** Gradients and sampled tokens of a small model of a family on the current backend. */
async function seen(family: RandomPolicyOptions['family']): Promise<Seen> {
  const policy = randomPolicy({ family, trained: true });
  const parameters = trainedParameters(policy);
  const batch = uploadBatch(
    packSequences([
      [1, 5, 9, 3, 3, 30, 2],
      [4, 4, 7],
    ]),
  );
  const at = tf.tensor1d([0, 2, 3, 5, 8, 7], 'int32');
  const targets = tf.tensor1d([5, 3, 30, 2, 7, -1], 'int32');
  const { loss, gradients } = lossAndGradients(() => {
    const options = { temperature: 0.8, entropyGradient: true };
    const { logProb, entropy } = logProbs(policy, batch, { at, targets }, options);
    return tf.add(tf.sum(logProb), tf.mul(tf.sum(entropy), 0.1));
  }, parameters);
  const values = new Map<string, ArrayLike<number>>([['loss', await loss.data()]]);
  for (const [name, gradient] of gradients) values.set(name, await gradient.data());
  const rollouts = await generate({
    policy,
    prompts: [[1, 2, 3], [9], [7, 7, 7, 7, 7, 7, 30]],
    promptSeeds: [5, 6, 7],
    samplesPerPrompt: 3,
    sampling: { temperature: 0.9, topP: 0.95, topK: 0, minP: 0 },
    // Longer than the first cache and the file of sampled tokens.
    maxNewTokens: 45,
    stopIds: [0, 4],
  });
  return { gradients: values, ids: rollouts.flat().flatMap(({ ids }) => [...ids, -1]) };
}

/** How far gradients on WebGPU are from those of stock operations in plain JavaScript, and whether tokens are equal. */
async function compareModels(): Promise<Outcome[]> {
  await tf.setBackend('cpu');
  const expected = new Map<string, Seen>();
  for (const family of families) expected.set(family, await seen(family));
  await tf.setBackend('webgpu');
  const outcomes: Outcome[] = [];
  for (const family of families) {
    const { gradients, ids } = await seen(family);
    for (const [name, value] of gradients) {
      const far = distance(value, expected.get(family)!.gradients.get(name)!);
      outcomes.push({ name: `${family}: gradient of ${name}`, distance: far, bound: 2e-5 });
    }
    outcomes.push({
      name: `${family}: tokens`,
      distance: distance(ids, expected.get(family)!.ids),
      bound: 0,
    });
  }
  return outcomes;
}

export type Work = Parameters<typeof runChecks>[0][] | 'models';

export interface Report {
  adapter: string;
  features: string[];
  outcomes: Outcome[];
}

/** Options one after the other: what is compiled for the first is there for the next. */
export async function report(work: Work): Promise<Report> {
  const { adapter, features } = await openBackend({ prefer: 'webgpu' });
  const outcomes: Outcome[] = [];
  if (work === 'models') outcomes.push(...(await compareModels()));
  else for (const options of work) outcomes.push(...(await runChecks(options)));
  throwIfFailed();
  return { adapter, features, outcomes };
}
