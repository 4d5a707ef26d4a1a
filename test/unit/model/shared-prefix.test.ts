/**
 * Proves: groups packed behind one prompt give the log-probabilities and gradients of the same completions in rows of
 * their own, within rounding, for every family and for LoRA; and merging an adapter is applying it.
 */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../../src/base/random.ts';
import { disposeBatch, packSequences, uploadBatch } from '../../../src/compute/batch.ts';
import { largestError } from '../../../src/compute/float64.ts';
import {
  disposeGradients,
  addGradients,
  lossAndGradients,
  type Gradients,
} from '../../../src/compute/gradients.ts';
import { adaptedLayers, adapterOf, createAdapter, countAdapterParameters } from '../../../src/model/lora.ts';
import { disposePolicy, freezePolicy, trainedParameters, type Policy } from '../../../src/model/policy.ts';
import { hiddenStates, logits, logProbs } from '../../../src/model/transformer.ts';
import { packGroups, type GroupTokens } from '../../../src/rollout/pack.ts';
import { nodeBackends, openInNode } from '../../helpers/backends.ts';
import { randomPolicy } from '../../helpers/random-policy.ts';

const bound = 1e-5;
const families = ['llama', 'qwen2', 'qwen3', 'granite', 'granitemoehybrid'] as const;

const groups: GroupTokens[] = [
  { prompt: [5, 9, 2, 11, 4, 4, 8], completions: [[1, 2, 3, 4], [7], [6, 6, 2, 9, 30, 1], [3, 3]] },
  {
    prompt: [12, 1],
    completions: [
      [8, 9, 10],
      [8, 9, 11],
    ],
  },
];

function weightOf(group: number, completion: number, token: number): number {
  return Math.sin(1 + 3 * group + 7 * completion + token);
}

/** Σ weight · logProb over all action tokens with its gradients, and each token's log-probability by name. */
async function gradientsOf(
  policy: Policy,
  packed: GroupTokens[],
  name: (group: number, completion: number) => string,
) {
  let sum: Gradients | null = null;
  const scores = new Map<string, number>();
  for (const { batch, at, targets, group, completion, token } of packGroups(packed, 64)) {
    const device = uploadBatch(batch);
    const inputs = [tf.tensor1d(at, 'int32'), tf.tensor1d(targets, 'int32')] as const;
    const weights = tf.tensor1d(
      Float32Array.from(targets, (_, m) => {
        const [g, c] = name(group[m]!, completion[m]!).split('.').map(Number);
        return weightOf(g!, c!, token[m]!);
      }),
    );
    let kept: tf.Tensor | null = null;
    const { loss, gradients } = lossAndGradients(() => {
      const { logProb } = logProbs(
        policy,
        device,
        { at: inputs[0], targets: inputs[1] },
        { temperature: 0.8 },
      );
      kept = tf.keep(tf.clone(logProb));
      return tf.sum(tf.mul(logProb, weights)) as tf.Scalar;
    }, trainedParameters(policy));
    const values = await kept!.data();
    values.forEach((value, m) => scores.set(`${name(group[m]!, completion[m]!)}.${token[m]}`, value));
    sum = addGradients(sum, gradients);
    tf.dispose([loss, weights, kept!, ...inputs]);
    disposeBatch(device);
  }
  return { gradients: sum!, scores };
}

async function expectSharingChangesNothing(policy: Policy): Promise<void> {
  const shared = await gradientsOf(policy, groups, (group, completion) => `${group}.${completion}`);
  const alone = groups.flatMap(({ prompt, completions }, group) =>
    completions.map((tokens, completion) => ({
      prompt,
      completions: [tokens],
      name: `${group}.${completion}`,
    })),
  );
  const unshared = await gradientsOf(policy, alone, (row) => alone[row]!.name);
  expect(shared.scores.size).toBe(19);
  for (const [token, score] of unshared.scores)
    expect(Math.abs(shared.scores.get(token)! - score)).toBeLessThan(bound);
  for (const [name, gradient] of unshared.gradients) {
    const error = largestError(await shared.gradients.get(name)!.data(), await gradient.data());
    expect(error, name).toBeLessThan(bound);
  }
  disposeGradients(shared.gradients);
  disposeGradients(unshared.gradients);
}

async function allLogits(policy: Policy): Promise<Float32Array> {
  const batch = uploadBatch(packSequences([[5, 9, 2, 11, 4]]));
  const values = tf.tidy(() => logits(policy, hiddenStates(policy, batch)));
  const result = (await values.data()) as Float32Array;
  values.dispose();
  disposeBatch(batch);
  return result;
}

/** A fresh adapter changes nothing; this one does. */
function stirAdapter(policy: Policy): void {
  const random = new Random(4);
  for (const variable of trainedParameters(policy).values()) {
    const values = Float32Array.from({ length: variable.size }, () => 0.2 * random.normal());
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
}

describe.each(nodeBackends)('on %s', (backend) => {
  beforeAll(() => openInNode(backend));

  it.each(families)('sharing a prompt changes no gradient of %s', async (family) => {
    const before = tf.memory().numTensors;
    const policy = randomPolicy({ family, trained: true });
    await expectSharingChangesNothing(policy);
    disposePolicy(policy);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each(families)('sharing a prompt changes no gradient of an adapter on %s', async (family) => {
    const before = tf.memory().numTensors;
    const policy = randomPolicy({ family });
    policy.adapter = createAdapter(policy.config, { rank: 3, alpha: 6, seed: 1 });
    stirAdapter(policy);
    await expectSharingChangesNothing(policy);
    disposePolicy(policy);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each(['qwen3', 'granitemoehybrid'] as const)(
    'an adapter of %s starts without effect and can be merged',
    async (family) => {
      const policy = randomPolicy({ family });
      const plain = await allLogits(policy);
      policy.adapter = createAdapter(policy.config, { rank: 3, alpha: 6, seed: 1 });
      expect([...(await allLogits(policy))]).toEqual([...plain]);
      const values = [...trainedParameters(policy).values()].reduce((sum, { size }) => sum + size, 0);
      expect(countAdapterParameters(policy.config, 3)).toBe(values);
      stirAdapter(policy);
      const adapted = await allLogits(policy);
      expect(largestError(adapted, plain)).toBeGreaterThan(0.01);
      for (const layer of adaptedLayers(policy.config).keys()) {
        const base = policy.weights.get(`${layer}.weight`) as tf.Tensor;
        const { a, b, scale } = adapterOf(policy, layer)!;
        const merged = tf.tidy(() => tf.add(base, tf.mul(tf.matMul(b, a), scale)));
        base.dispose();
        policy.weights.set(`${layer}.weight`, merged);
      }
      tf.dispose([...policy.adapter.parameters.values()]);
      policy.adapter = null;
      expect(largestError(await allLogits(policy), adapted)).toBeLessThan(bound);
      disposePolicy(policy);
    },
  );

  it('a frozen copy stays as it was while the policy is trained', async () => {
    const before = tf.memory().numTensors;
    const policy = randomPolicy({ family: 'qwen2', trained: true });
    const copy = freezePolicy(policy);
    const start = await allLogits(policy);
    stirAdapter(policy);
    expect(largestError(await allLogits(policy), start)).toBeGreaterThan(0.01);
    expect([...(await allLogits(copy))]).toEqual([...start]);
    expect(trainedParameters(copy).size).toBe(0);
    disposePolicy(policy);
    disposePolicy(copy);
    expect(tf.memory().numTensors).toBe(before);
  });
});
