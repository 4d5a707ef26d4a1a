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
import { logProbs } from '../model/transformer.ts';
import type { GroupTokens } from '../rollout/pack.ts';
import { uploadScored } from '../rollout/scored.ts';
import type { Codec } from '../text/codec.ts';
import type { AdamW } from '../train/optimizer.ts';
import { passesOf } from './passes.ts';
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
  const { batches, recompute } = passesOf(policy, demonstrations, config);
  let gradients: Gradients | null = null;
  const losses: Promise<Float32Array>[] = [];
  let tokens = 0;
  try {
    for (const packed of batches) {
      const batch = uploadBatch(packed.batch);
      const scored = uploadScored(packed);
      const pass = lossAndGradients(() => {
        const { logProb } = logProbs(policy, batch, scored, { recompute });
        return tf.div(tf.neg(tf.sum(logProb)), actionTokens) as tf.Scalar;
      }, trainedParameters(policy));
      gradients = addGradients(gradients, pass.gradients);
      losses.push(readValues(pass.loss));
      tokens += packed.batch.ids.length;
      tf.dispose([pass.loss, scored.at, scored.targets]);
      disposeBatch(batch);
    }
    const update = optimizer.update(gradients!, learningRate, config.maxGradNorm);
    const [gradNorm, ...parts] = await Promise.all([update, ...losses]);
    return { loss: parts.reduce((sum, [part]) => sum + part!, 0), gradNorm, tokens };
  } finally {
    if (gradients) disposeGradients(gradients);
  }
}
