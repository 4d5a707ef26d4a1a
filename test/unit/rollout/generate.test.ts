/**
 * Proves: greedy continuations equal the reference models' exactly; sampling is seeded, does not depend on batching,
 * stops where it should, keeps log-probabilities that a forward pass confirms, and leaks nothing.
 */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { disposeBatch, packSequences, uploadBatch } from '../../../src/compute/batch.ts';
import { disposePolicy, type Policy } from '../../../src/model/policy.ts';
import { logProbs } from '../../../src/model/transformer.ts';
import { generate, type Rollout } from '../../../src/rollout/generate.ts';
import type { Sampling } from '../../../src/rollout/steps.ts';
import { nodeBackends, openInNode } from '../../helpers/backends.ts';
import { hasModel, loadModel, readModelJson } from '../../helpers/model-files.ts';
import { randomPolicy } from '../../helpers/random-policy.ts';

const greedy: Sampling = { temperature: 0, topP: 1, topK: 0, minP: 0 };
const plain: Sampling = { temperature: 1, topP: 1, topK: 0, minP: 0 };

interface Case {
  ids: number[];
  greedy_ids: number[];
}

/** Log-probabilities of a rollout by one forward pass over prompt and rollout. */
async function rescored(policy: Policy, prompt: number[], rollout: Rollout, temperature: number) {
  const ids = [...prompt, ...rollout.ids];
  const batch = uploadBatch(packSequences([ids]));
  const at = tf.tensor1d(
    rollout.ids.map((_, i) => prompt.length - 1 + i),
    'int32',
  );
  const targets = tf.tensor1d(rollout.ids, 'int32');
  const { logProb, entropy } = tf.tidy(() => logProbs(policy, batch, { at, targets }, { temperature }));
  const values = await logProb.data();
  tf.dispose([at, targets, logProb, entropy]);
  disposeBatch(batch);
  return [...values];
}

describe.each(nodeBackends)('on %s', (backend) => {
  beforeAll(() => openInNode(backend));

  // The two long ones would take plain JavaScript minutes.
  it.for(['e2e-smollm2-fullvocab', ...(backend === 'cpu' ? [] : ['stories260k', 'babyllama-tok105'])])(
    '%s continues greedily as its reference does',
    async (name, { skip }) => {
      if (!hasModel(name)) skip(`../shared/data/models/${name} is not there`);
      const before = tf.memory().numTensors;
      const { cases } = readModelJson<{ cases: Case[] }>(name, 'golden.json');
      const policy = await loadModel(name, false);
      const rollouts = await generate({
        policy,
        prompts: cases.map(({ ids }) => ids),
        promptSeeds: cases.map((_, i) => i),
        samplesPerPrompt: 1,
        sampling: greedy,
        maxNewTokens: Math.max(...cases.map(({ greedy_ids }) => greedy_ids.length)),
        stopIds: [],
      });
      cases.forEach(({ greedy_ids }, i) => {
        expect(rollouts[i]![0]!.ids.slice(0, greedy_ids.length)).toEqual(greedy_ids);
      });
      disposePolicy(policy);
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  describe('with a random model', () => {
    const prompts = [[5, 9, 2], [7], Array.from({ length: 40 }, (_, i) => (i * 7) % 31), [1, 2, 3, 4, 5, 6]];
    const common = { maxNewTokens: 45, stopIds: [3], samplesPerPrompt: 3, sampling: plain };

    it('samples the same for the same seeds, alone or with others, in any order', async () => {
      const policy = randomPolicy({ family: 'qwen3' });
      const all = await generate({ policy, prompts, promptSeeds: [10, 11, 12, 13], ...common });
      const again = await generate({ policy, prompts, promptSeeds: [10, 11, 12, 13], ...common });
      const reversed = await generate({
        policy,
        prompts: prompts.slice().reverse(),
        promptSeeds: [13, 12, 11, 10],
        ...common,
      });
      const alone = await generate({ policy, prompts: [prompts[2]!], promptSeeds: [12], ...common });
      const ids = (rollouts: Rollout[][]) => rollouts.map((group) => group.map((rollout) => rollout.ids));
      expect(ids(again)).toEqual(ids(all));
      expect(ids(reversed)).toEqual(ids(all).reverse());
      expect(ids(alone)[0]).toEqual(ids(all)[2]);
      const other = await generate({ policy, prompts, promptSeeds: [20, 21, 22, 23], ...common });
      expect(ids(other)).not.toEqual(ids(all));
      // Samples of one prompt differ from each other, in the first row as in the others.
      expect(new Set(all.flat().map((rollout) => rollout.ids.join())).size).toBeGreaterThan(9);
      disposePolicy(policy);
    });

    it('ends rows at the stop token or at the limit, and keeps log-probabilities a forward pass confirms', async () => {
      const before = tf.memory().numTensors;
      const policy = randomPolicy({ family: 'llama' });
      const sampling = { ...plain, temperature: 0.7 };
      const rollouts = await generate({ policy, prompts, promptSeeds: [1, 2, 3, 4], ...common, sampling });
      const finishes = new Set(rollouts.flat().map(({ finish }) => finish));
      expect(finishes).toEqual(new Set(['stop', 'length']));
      for (const [p, group] of rollouts.entries()) {
        for (const rollout of group) {
          const stops = rollout.ids.flatMap((id, i) => (id === 3 ? [i] : []));
          if (rollout.finish === 'stop') expect(stops).toEqual([rollout.ids.length - 1]);
          else expect([stops, rollout.ids.length]).toEqual([[], 45]);
          const expected = await rescored(policy, prompts[p]!, rollout, 0.7);
          rollout.logProbs.forEach((logProb, i) =>
            expect(Math.abs(logProb - expected[i]!)).toBeLessThan(2e-5),
          );
        }
      }
      disposePolicy(policy);
      expect(tf.memory().numTensors).toBe(before);
    });

    it('draws the first token with the frequencies of the softmax', async () => {
      const policy = randomPolicy({ family: 'llama', vocabulary: 5 });
      const samples = 4000;
      const prompt = [1, 4, 2];
      const [group] = await generate({
        policy,
        prompts: [prompt],
        promptSeeds: [99],
        samplesPerPrompt: samples,
        sampling: plain,
        maxNewTokens: 1,
        stopIds: [],
      });
      for (let id = 0; id < 5; id++) {
        const rows = group!.filter((rollout) => rollout.ids[0] === id);
        const [logProb] = await rescored(policy, prompt, { ids: [id], logProbs: [], finish: 'length' }, 1);
        const p = Math.exp(logProb!);
        // Five standard deviations of a binomial share.
        expect(Math.abs(rows.length / samples - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / samples));
      }
      disposePolicy(policy);
    });

    it('stops at the end of the context and refuses prompts that fill it', async () => {
      const policy = randomPolicy({ family: 'llama', maxPositions: 10 });
      const options = {
        policy,
        promptSeeds: [1],
        samplesPerPrompt: 1,
        sampling: plain,
        maxNewTokens: 20,
        stopIds: [],
      };
      const [[rollout]] = (await generate({ ...options, prompts: [[1, 2, 3, 4, 5, 6]] })) as [[Rollout]];
      expect(rollout.ids.length).toBe(4);
      const full = generate({ ...options, prompts: [Array.from({ length: 10 }, () => 1)] });
      await expect(full).rejects.toMatchObject({ code: 'prompt-too-long' });
      disposePolicy(policy);
    });

    it('ends with the reason when aborted and leaves nothing behind', async () => {
      const policy = randomPolicy({ family: 'llama' });
      const before = tf.memory().numTensors;
      const control = new AbortController();
      const work = generate({
        policy,
        prompts,
        promptSeeds: [1, 2, 3, 4],
        ...common,
        stopIds: [],
        signal: control.signal,
        onProgress: ({ tokens }) => {
          if (tokens >= 60) control.abort(new Error('paused'));
        },
      });
      await expect(work).rejects.toThrow('paused');
      // The rotary tables stay with the policy.
      expect(tf.memory().numTensors).toBe(before + 2);
      disposePolicy(policy);
    });
  });
});
