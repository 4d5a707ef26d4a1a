/**
 * One GRPO step as the app takes it, on groups of random prompts: rollouts, advantages, update. Rewards alternate,
 * since verifying is not the engine's.
 */
import { parseConfig } from '../src/config/schema.ts';
import type { Policy } from '../src/model/policy.ts';
import { generate } from '../src/rollout/generate.ts';
import type { Group } from '../src/session/groups.ts';
import { updatePolicy } from '../src/session/update.ts';
import { groupAdvantages } from '../src/train/advantage.ts';
import type { AdamW } from '../src/train/optimizer.ts';
import { randomTokens } from './work.ts';

export interface GrpoTask {
  /** P */
  pivots: number;
  /** G */
  samplesPerPrompt: number;
  promptTokens: number;
  newTokens: number;
  /** Most tokens of one forward and backward pass. */
  passTokens: number;
  /** False repeats the prompt for each of its samples, as engines without prefix sharing must. */
  shared: boolean;
}

export interface GrpoTimes {
  rolloutMs: number;
  updateMs: number;
  /** Tokens that went through the network in the update, without padding of rows. */
  trainedTokens: number;
  gradientNorm: number;
}

/** @param finished waits until the backend has done everything */
export async function grpoStep(
  policy: Policy,
  optimizer: AdamW,
  task: GrpoTask,
  finished: () => Promise<void>,
): Promise<GrpoTimes> {
  const { pivots, samplesPerPrompt, promptTokens, newTokens, passTokens, shared } = task;
  const copies = shared ? 1 : samplesPerPrompt;
  const prompts = Array.from({ length: pivots * copies }, (_, i) =>
    randomTokens(`pivot ${Math.floor(i / copies)}`, promptTokens, policy.config.vocabulary),
  );
  const advantages = groupAdvantages(Array.from({ length: samplesPerPrompt }, (_, i) => i % 2));
  const start = performance.now();
  const rollouts = await generate({
    policy,
    prompts,
    promptSeeds: prompts.map((_, i) => i),
    samplesPerPrompt: samplesPerPrompt / copies,
    sampling: { temperature: 1, topP: 1, topK: 0, minP: 0 },
    maxNewTokens: newTokens,
    stopIds: [],
  });
  await finished();
  const decoded = performance.now();
  // All that an update reads of a group.
  const groups = rollouts.map((samples, i) => ({
    turn: { promptIds: prompts[i] },
    samples: samples.map((rollout) => ({ rollout })),
    advantages: advantages.slice(i % copies, (i % copies) + samples.length),
  })) as unknown as Group[];
  const config = { ...parseConfig({ recompute: 'off' }), passTokens };
  const { tokens, metrics } = await updatePolicy({
    policy,
    reference: null,
    optimizer,
    groups,
    config,
    learningRate: 1e-4,
  });
  await finished();
  return {
    rolloutMs: decoded - start,
    updateMs: performance.now() - decoded,
    trainedTokens: tokens,
    gradientNorm: metrics.grad_norm!,
  };
}
