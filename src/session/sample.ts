/**
 * Samples actions the way every part of a run does: at the run's temperature from the whole distribution, stopping at
 * the model's own ends of turn. Many prompts are spread over several decodes, which changes no sample.
 */
import { untilFailure } from '../compute/backend.ts';
import type { RunConfig } from '../config/schema.ts';
import type { Policy } from '../model/policy.ts';
import { promptsAtOnce } from '../model/portions.ts';
import { isInHalves } from '../rollout/cache.ts';
import { generate, type Rollout } from '../rollout/generate.ts';
import type { Codec } from '../text/codec.ts';

export interface Actor {
  policy: Policy;
  codec: Codec;
}

export interface SampleRequest {
  prompts: readonly Int32Array[];
  /** One a prompt; the same seed gives the same samples. */
  promptSeeds: readonly number[];
  samplesPerPrompt: number;
}

/** @returns [P][G], in the order of the prompts */
export async function sampleActions(
  { policy, codec }: Actor,
  { prompts, promptSeeds, samplesPerPrompt }: SampleRequest,
  { temperature, maxNewTokens }: Pick<RunConfig, 'temperature' | 'maxNewTokens'>,
): Promise<Rollout[][]> {
  const longest = Math.max(0, ...prompts.map(({ length }) => length));
  const perDecode = promptsAtOnce(policy.config, isInHalves(policy), longest, samplesPerPrompt, maxNewTokens);
  const rollouts: Rollout[][] = [];
  for (let at = 0; at < prompts.length; at += perDecode) {
    const decoded = await untilFailure(
      generate({
        policy,
        prompts: prompts.slice(at, at + perDecode),
        promptSeeds: promptSeeds.slice(at, at + perDecode),
        samplesPerPrompt,
        sampling: { temperature, topP: 1, topK: 0, minP: 0 },
        maxNewTokens,
        stopIds: codec.stopIds,
      }),
    );
    rollouts.push(...decoded);
  }
  return rollouts;
}
