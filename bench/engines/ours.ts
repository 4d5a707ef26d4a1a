/** Fulcrum's own engine: training step, decoding, a step on groups, the loss over a large vocabulary. Where it runs says the entry. */
import * as tf from '@tensorflow/tfjs';
import { throwIfFailed } from '../../src/compute/backend.ts';
import { disposeBatch, packSequences, uploadBatch } from '../../src/compute/batch.ts';
import { disposeGradients, lossAndGradients } from '../../src/compute/gradients.ts';
import { readValues } from '../../src/compute/transfer.ts';
import { trainedParameters } from '../../src/model/policy.ts';
import { logProbs } from '../../src/model/transformer.ts';
import { generate } from '../../src/rollout/generate.ts';
import { createAdamW } from '../../src/train/optimizer.ts';
import { repeat, repeatDecoding, type Measurement, type Task } from '../measure.ts';
import { decoding, optimizer as settings, prompts, randomTokens } from '../work.ts';
import { finished, open } from './ours-open.ts';

export async function train(task: Task): Promise<Measurement> {
  const { policy, facts } = await open(task, 0.02);
  const { rows, length, size } = task;
  const parameters = trainedParameters(policy);
  const ids = randomTokens('ids', rows * length, size.vocabulary);
  const sequences = Array.from({ length: rows }, (_, row) => ids.subarray(row * length, (row + 1) * length));
  const batch = uploadBatch(packSequences(sequences));
  const at = tf.range(0, rows * length, 1, 'int32') as tf.Tensor1D;
  const targets = tf.tensor1d(randomTokens('targets', rows * length, size.vocabulary), 'int32');
  const optimizer = createAdamW(parameters, settings);
  const check: number[] = [];
  const measured = await repeat(task, async () => {
    const { loss, gradients } = lossAndGradients(
      () => tf.neg(tf.mean(logProbs(policy, batch, { at, targets }).logProb)),
      parameters,
    );
    const update = optimizer.update(gradients, settings.learningRate, settings.maxNorm);
    disposeGradients(gradients);
    const [[value]] = await Promise.all([readValues(loss), update]);
    check.push(value!);
    loss.dispose();
    await finished();
  });
  disposeBatch(batch);
  return { ...measured, check, tokens: rows * length, facts };
}

export async function decode(task: Task): Promise<Measurement> {
  const { policy, facts } = await open(task, 0.08);
  const given = prompts(task.size.vocabulary);
  let check: number[] = [];
  const measured = await repeatDecoding(task, decoding.newTokens, async (maxNewTokens) => {
    const rollouts = await generate({
      policy,
      prompts: given,
      promptSeeds: given.map((_, i) => i),
      samplesPerPrompt: decoding.samplesPerPrompt,
      sampling: { temperature: 0, topP: 1, topK: 0, minP: 0 },
      maxNewTokens,
      stopIds: [],
    });
    throwIfFailed();
    check = rollouts.flatMap((group) => group[0]!.ids.slice(0, 3));
  });
  const tokens = decoding.prompts * decoding.samplesPerPrompt * decoding.newTokens;
  return { ...measured, check, tokens, facts: { ...facts, ...measured.facts } };
}
