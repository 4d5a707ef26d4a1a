/**
 * Proves: logits, log-probabilities and entropies of every reference model equal the float64 reference within f32
 * rounding, on each backend.
 */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { disposeBatch, packSequences, uploadBatch } from '../../../src/compute/batch.ts';
import { disposePolicy, type Policy } from '../../../src/model/policy.ts';
import { dense } from '../../../src/compute/packed.ts';
import { hiddenStates, logits, logProbs } from '../../../src/model/transformer.ts';
import { nodeBackends, openInNode } from '../../helpers/backends.ts';
import { hasModel, loadModel, readModelJson } from '../../helpers/model-files.ts';

/** Largest difference of a logit; the reference's own float32 run differs by 1e-5. */
const logitBound = 4e-5;
const logProbBound = 4e-5;
/** In f16 a weight is off by 2⁻¹² of itself; the reference models are random, and their logits large. */
const f16Bound = 0.02;

interface Row {
  ids: number[];
  top20?: { ids: number[]; logits: number[] }[];
  last_logits?: number[];
  next_token_logprobs?: number[];
  entropy?: number[];
  greedy_ids?: number[];
  token_logprobs_of_ids_plus_greedy?: number[];
  prompt_next_token_logprobs?: number[];
  last_top50?: { ids: number[]; logits: number[] };
  last_logsumexp?: number;
  last_logit_first16?: number[];
  last_logit_last16?: number[];
}
const small = ['tiny-llama', 'tiny-smollm2', 'tiny-qwen2', 'tiny-qwen3', 'e2e-smollm2-fullvocab'];
/** Too long for plain JavaScript. */
const large = ['stories260k', 'babyllama-tok105'];

async function allLogits(policy: Policy, ids: number[]): Promise<Float32Array[]> {
  const batch = uploadBatch(packSequences([ids]));
  const all = tf.tidy(() => logits(policy, hiddenStates(policy, batch)));
  const values = (await all.data()) as Float32Array;
  all.dispose();
  disposeBatch(batch);
  const { vocabulary } = policy.config;
  return ids.map((_, i) => values.subarray(i * vocabulary, (i + 1) * vocabulary));
}

async function allLogProbs(policy: Policy, ids: number[]) {
  const batch = uploadBatch(packSequences([ids]));
  const targets = tf.tensor1d([...ids.slice(1), -1], 'int32');
  const at = tf.range(0, ids.length, 1, 'int32');
  const { logProb, entropy } = tf.tidy(() => logProbs(policy, batch, { at, targets }));
  const result = { logProb: await logProb.data(), entropy: await entropy.data() };
  tf.dispose([targets, at, logProb, entropy]);
  disposeBatch(batch);
  return result;
}

function largestDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(found[i]! - expected[i]!);
    largest = difference <= largest ? largest : difference; // NaN becomes the largest
  }
  return largest;
}

describe.each(nodeBackends)('on %s', (backend) => {
  beforeAll(() => openInNode(backend));

  it.for(backend === 'cpu' ? small : [...small, ...large])(
    '%s gives the reference logits, log-probabilities and entropies',
    async (name, { skip }) => {
      if (!hasModel(name)) skip(`../shared/data/models/${name} is not there`);
      const before = tf.memory().numTensors;
      const golden = readModelJson<{ logits?: Row[]; cases?: Row[] }>(name, 'golden.json');
      const policy = await loadModel(name, false);
      for (const row of golden.logits ?? golden.cases!) {
        const found = await allLogits(policy, row.ids);
        const last = found.at(-1)!;
        for (const [i, { ids, logits }] of (row.top20 ?? []).entries()) {
          expect(
            largestDifference(
              ids.map((id) => found[i]![id]!),
              logits,
            ),
          ).toBeLessThan(logitBound);
        }
        if (row.last_logits) expect(largestDifference(last, row.last_logits)).toBeLessThan(logitBound);
        if (row.last_top50) {
          const { ids, logits } = row.last_top50;
          expect(
            largestDifference(
              ids.map((id) => last[id]!),
              logits,
            ),
          ).toBeLessThan(logitBound);
          expect(largestDifference(last, row.last_logit_first16!)).toBeLessThan(logitBound);
          expect(largestDifference(last.subarray(-16), row.last_logit_last16!)).toBeLessThan(logitBound);
          expect(Math.log(last.reduce((sum, logit) => sum + Math.exp(logit), 0))).toBeCloseTo(
            row.last_logsumexp!,
            4,
          );
        }
        const { logProb, entropy } = await allLogProbs(policy, row.ids);
        const expected = row.next_token_logprobs ?? row.prompt_next_token_logprobs;
        if (expected) expect(largestDifference(logProb, expected)).toBeLessThan(logProbBound);
        // The last token has no target and is not counted.
        if (row.entropy)
          expect(largestDifference(entropy, row.entropy.slice(0, -1))).toBeLessThan(logProbBound);
        if (row.greedy_ids && row.token_logprobs_of_ids_plus_greedy) {
          const whole = await allLogProbs(policy, [...row.ids, ...row.greedy_ids]);
          expect(largestDifference(whole.logProb, row.token_logprobs_of_ids_plus_greedy)).toBeLessThan(
            logProbBound,
          );
        }
      }
      disposePolicy(policy);
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  it.for(backend === 'cpu' ? small.slice(0, 4) : [...small, ...large])(
    '%s on a base in f16 stays close to the reference',
    async (name, { skip }) => {
      if (!hasModel(name)) skip(`../shared/data/models/${name} is not there`);
      const golden = readModelJson<{ logits?: Row[]; cases?: Row[] }>(name, 'golden.json');
      const policy = await loadModel(name, false, 'f16');
      for (const { ids, next_token_logprobs, prompt_next_token_logprobs } of golden.logits ?? golden.cases!) {
        const expected = next_token_logprobs ?? prompt_next_token_logprobs;
        if (!expected) continue;
        const { logProb } = await allLogProbs(policy, ids);
        expect(largestDifference(logProb, expected)).toBeLessThan(f16Bound);
      }
      disposePolicy(policy);
    },
  );

  it.for(['f16', 'int8', 'int4'] as const)(
    'a base in %s gives what the same rounded weights give in f32',
    async (base, { skip }) => {
      if (!hasModel('tiny-qwen3')) skip('../shared/data/models/tiny-qwen3 is not there');
      const before = tf.memory().numTensors;
      const packed = await loadModel('tiny-qwen3', false, base);
      const weights = new Map([...packed.weights].map(([name, weight]) => [name, dense(weight)]));
      const ids = [1, 5, 9, 3, 3, 30, 2];
      const expected = await allLogProbs({ ...packed, weights }, ids);
      const found = await allLogProbs(packed, ids);
      expect(largestDifference(found.logProb, expected.logProb)).toBeLessThan(logProbBound);
      expect(largestDifference(found.entropy, expected.entropy)).toBeLessThan(logProbBound);
      for (const [name, weight] of weights) if (weight !== packed.weights.get(name)) weight.dispose();
      disposePolicy(packed);
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});
