/**
 * One batch of groups turned into updates of the policy: pack, forward, GRPO loss, backward, AdamW. With more than one
 * minibatch the later updates are off-policy, and then the clip acts.
 *
 * π_old is the sampler itself: its log-probabilities were kept with the tokens, and one engine samples and trains.
 * How far the two disagree is measured on every batch. Deviation: with β > 0 only informative groups feel the KL term.
 */
import * as tf from '@tensorflow/tfjs';
import { AppError } from '../base/errors.ts';
import { disposeBatch, uploadBatch } from '../compute/batch.ts';
import { alias } from '../compute/differentiable.ts';
import { addGradients, disposeGradients, lossAndGradients, type Gradients } from '../compute/gradients.ts';
import { readValues } from '../compute/transfer.ts';
import { trimMemory } from '../compute/trim.ts';
import type { RunConfig } from '../config/schema.ts';
import { trainedParameters, type Policy } from '../model/policy.ts';
import { logProbs } from '../model/transformer.ts';
import type { TrainingBatch } from '../rollout/pack.ts';
import { uploadScored, uploadValues } from '../rollout/scored.ts';
import { grpoLoss, objectiveStatistics, type ObjectiveStatistics } from '../train/objective.ts';
import type { AdamW } from '../train/optimizer.ts';
import { isInformative, type ScoredGroup } from './groups.ts';
import { passesOf } from './passes.ts';
import type { Reference } from './reference.ts';

export interface UpdateRequest {
  policy: Policy;
  reference: Pick<Reference, 'policy'> | null;
  optimizer: AdamW;
  groups: readonly ScoredGroup[];
  config: RunConfig;
  learningRate: number;
}

export interface UpdateResult {
  /** Optimizer updates made; 0 when no group was informative. */
  updates: number;
  /** Tokens that went through the network, prompts included. */
  tokens: number;
  metrics: Record<string, number>;
}

export async function updatePolicy(request: UpdateRequest): Promise<UpdateResult> {
  const { policy, optimizer, groups, config, learningRate } = request;
  const informative = groups.filter(isInformative);
  const batchTokens = countTokens(groups);
  const totals = new Totals();
  let updates = 0;
  const size = Math.ceil(informative.length / config.minibatches);
  for (let at = 0; at < informative.length; at += size) {
    const minibatch = informative.slice(at, at + size);
    // The mean is over the whole batch (zero-advantage groups count), shared out over its minibatches.
    const divisor = Math.max(1, batchTokens / config.minibatches);
    let gradients: Gradients | null = null;
    try {
      const passes: Promise<Pass>[] = [];
      const { batches, recompute } = passesOf(policy, minibatch.map(tokensOf), config);
      for (const packed of batches) {
        const pass = runPass(request, minibatch, packed, divisor, recompute);
        passes.push(pass.measured);
        gradients = addGradients(gradients, pass.gradients);
      }
      // One wait for everything: what the passes measured travels with the norm.
      const update = optimizer.update(gradients!, learningRate, config.maxGradNorm);
      const [gradNorm, ...measured] = await Promise.all([update, ...passes]);
      totals.gradNorm += gradNorm;
      for (const pass of measured) totals.add(pass);
      updates++;
    } finally {
      if (gradients) disposeGradients(gradients);
    }
  }
  trimMemory();
  return { updates, tokens: totals.tokens, metrics: totals.metrics(updates) };
}

interface Pass {
  loss: number;
  entropy: number;
  scored: number;
  tokens: number;
  statistics: ObjectiveStatistics;
}

/** Forward and backward over one packed batch; what is measured arrives later. */
function runPass(
  { policy, reference, config }: UpdateRequest,
  groups: readonly ScoredGroup[],
  packed: TrainingBatch,
  batchTokens: number,
  recompute: boolean,
): { gradients: Gradients; measured: Promise<Pass> } {
  const sampled = Float32Array.from(
    packed.at,
    (_, m) => sampleAt(groups, packed, m).rollout.logProbs[packed.token[m]!]!,
  );
  const advantages = Float32Array.from(
    packed.at,
    (_, m) => groups[packed.group[m]!]!.advantages[packed.completion[m]!]!,
  );
  const batch = uploadBatch(packed.batch);
  const scored = uploadScored(packed);
  const oldLogProb = uploadValues(sampled);
  const advantage = uploadValues(advantages);
  const { temperature } = config;
  const kept: tf.Tensor[] = [];
  let referenceLogProb: tf.Tensor1D | null = null;
  try {
    if (reference)
      referenceLogProb = tf.tidy(() => logProbs(reference.policy, batch, scored, { temperature }).logProb);
    const { loss, gradients } = lossAndGradients(() => {
      const { logProb, entropy } = logProbs(policy, batch, scored, { temperature, recompute });
      kept.push(tf.keep(alias(logProb)), tf.keep(alias(entropy)));
      return grpoLoss({ logProb, oldLogProb, advantage, referenceLogProb, batchTokens }, config);
    }, trainedParameters(policy));
    kept.push(loss);
    const reads = [...kept, ...(referenceLogProb ? [referenceLogProb] : [])].map((x) => readValues(x));
    const measured = Promise.all(reads).then(([now, entropies, loss, before]): Pass => {
      // Without the padding of `uploadScored`.
      const scored = (values: Float32Array) => values.subarray(0, packed.at.length);
      return {
        loss: loss![0]!,
        entropy: scored(entropies!).reduce((sum, value) => sum + value, 0),
        scored: packed.at.length,
        tokens: packed.batch.ids.length,
        statistics: objectiveStatistics(
          scored(now!),
          sampled,
          sampled,
          advantages,
          before ? scored(before) : null,
          config,
        ),
      };
    });
    return { gradients, measured };
  } finally {
    tf.dispose([scored.at, scored.targets, oldLogProb, advantage, ...kept]);
    if (referenceLogProb) referenceLogProb.dispose();
    disposeBatch(batch);
  }
}

function sampleAt(groups: readonly ScoredGroup[], packed: TrainingBatch, m: number) {
  return groups[packed.group[m]!]!.samples[packed.completion[m]!]!;
}

function tokensOf({ turn, samples }: ScoredGroup) {
  return { prompt: turn.promptIds, completions: samples.map(({ rollout }) => rollout.ids) };
}

function countTokens(groups: readonly ScoredGroup[]): number {
  return groups.reduce(
    (sum, { samples }) => sum + samples.reduce((n, { rollout }) => n + rollout.ids.length, 0),
    0,
  );
}

/** Means over the scored tokens of all passes. */
class Totals {
  tokens = 0;
  gradNorm = 0;
  private loss = 0;
  private scored = 0;
  private readonly sums = {
    entropy: 0,
    clipLow: 0,
    clipHigh: 0,
    kl: 0,
    tokenMultProbError: 0,
    genKlError: 0,
  };

  add({ loss, entropy, scored, tokens, statistics }: Pass): void {
    if (!Number.isFinite(loss))
      throw new AppError(
        'loss-not-finite',
        `The loss is ${loss}, so what the model learnt from it cannot be trusted.`,
        'Continue from the last checkpoint with a lower learning rate.',
      );
    this.loss += loss;
    this.tokens += tokens;
    this.scored += scored;
    this.sums.entropy += entropy;
    for (const [name, value] of Object.entries(statistics))
      this.sums[name as keyof ObjectiveStatistics] += value * scored;
  }

  metrics(updates: number): Record<string, number> {
    if (!updates) return { loss: 0, grad_norm: 0 };
    const mean = (name: keyof Totals['sums']) => this.sums[name] / this.scored;
    return {
      loss: this.loss,
      grad_norm: this.gradNorm / updates,
      entropy: mean('entropy'),
      kl: mean('kl'),
      'clip_ratio/low_mean': mean('clipLow'),
      'clip_ratio/high_mean': mean('clipHigh'),
      'clip_ratio/region_mean': mean('clipLow') + mean('clipHigh'),
      token_mult_prob_error: mean('tokenMultProbError'),
      gen_kl_error: mean('genKlError'),
    };
  }
}
