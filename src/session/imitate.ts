/**
 * One supervised update: cross-entropy on action tokens only, mean over the tokens of a batch. Whose actions they are
 * (an expert's, or the model's own accepted ones) is the caller's affair.
 */
import * as tf from '@tensorflow/tfjs';
import { disposeBatch, uploadBatch } from '../compute/batch.ts';
import { addGradients, disposeGradients, lossAndGradients, type Gradients } from '../compute/gradients.ts';
import { readValues } from '../compute/transfer.ts';
import type { RunConfig } from '../config/schema.ts';
import { trainedParameters, type Policy } from '../model/policy.ts';
import { trainingPass } from '../model/portions.ts';
import { logProbs } from '../model/transformer.ts';
import { groupLength, packGroups, type GroupTokens } from '../rollout/pack.ts';
import { uploadScored } from '../rollout/scored.ts';
import type { Codec } from '../text/codec.ts';
import type { AdamW } from '../train/optimizer.ts';
import type { Turn } from './turns.ts';

/** Prompt and demonstrated action with its end-of-turn token. */
export function demonstration(turn: Turn, codec: Codec): GroupTokens {
  return { prompt: turn.promptIds, completions: [codec.actionIds(turn.message, turn.prefix, turn.tools)] };
}

/** One update towards the completions; the loss is the mean over action tokens, in nats. */
export async function imitate(
  policy: Policy,
  optimizer: AdamW,
  demonstrations: readonly GroupTokens[],
  learningRate: number,
  config: Pick<RunConfig, 'maxGradNorm' | 'passTokens' | 'recompute'>,
): Promise<{ loss: number; gradNorm: number; tokens: number }> {
  const actionTokens = demonstrations
    .flatMap(({ completions }) => completions)
    .reduce((sum, completion) => sum + completion.length, 0);
  const longest = Math.max(...demonstrations.map(groupLength));
  const pass = trainingPass(policy.config, policy.adapter?.rank ?? 0, config, longest);
  let gradients: Gradients | null = null;
  const losses: Promise<Float32Array>[] = [];
  let tokens = 0;
  try {
    for (const packed of packGroups(demonstrations, pass.tokens)) {
      const batch = uploadBatch(packed.batch);
      const scored = uploadScored(packed);
      const one = lossAndGradients(() => {
        const { logProb } = logProbs(policy, batch, scored, pass);
        return tf.div(tf.neg(tf.sum(logProb)), actionTokens) as tf.Scalar;
      }, trainedParameters(policy));
      gradients = addGradients(gradients, one.gradients);
      losses.push(readValues(one.loss));
      tokens += packed.batch.ids.length;
      tf.dispose([one.loss, scored.at, scored.targets]);
      disposeBatch(batch);
    }
    const update = optimizer.update(gradients!, learningRate, config.maxGradNorm);
    const [gradNorm, ...parts] = await Promise.all([update, ...losses]);
    return { loss: parts.reduce((sum, [part]) => sum + part!, 0), gradNorm, tokens };
  } finally {
    if (gradients) disposeGradients(gradients);
  }
}
