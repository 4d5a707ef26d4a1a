/** Held-out evaluation: one sampled and one greedy action for each held-out turn, always the same turns and seeds. */
import { hash32 } from '../base/random.ts';
import { mean } from '../base/statistics.ts';
import type { RunConfig } from '../config/schema.ts';
import type { Policy } from '../model/policy.ts';
import type { Codec } from '../text/codec.ts';
import { judge, type Verify } from './judge.ts';
import { sampleActions } from './sample.ts';
import type { Turn } from './turns.ts';

/** Turns sampled at once: enough rows to keep the backend busy, few enough for its memory. */
const CHUNK = 64;

/**
 * Yields how far it is, before each piece of work.
 *
 * @returns `eval/reward` and `eval/pass` at the run's temperature, and the same `_greedy`; turns without a verdict
 *   take no part
 */
export async function* evaluate(
  policy: Policy,
  codec: Codec,
  turns: readonly Turn[],
  config: RunConfig,
  verify: Verify,
): AsyncGenerator<string, Record<string, number>> {
  const metrics: Record<string, number> = {};
  for (const [suffix, temperature] of [
    ['', config.temperature],
    ['_greedy', 0],
  ] as const) {
    const rewards: number[] = [];
    for (let at = 0; at < turns.length; at += CHUNK) {
      const chunk = turns.slice(at, at + CHUNK);
      yield `${temperature ? 'sampled' : 'greedy'} turn ${at + 1} of ${turns.length}`;
      const rollouts = await sampleActions(
        { policy, codec },
        {
          prompts: chunk.map((turn) => turn.promptIds),
          promptSeeds: chunk.map((turn) => hash32('evaluate', turn.candidateId)),
          samplesPerPrompt: 1,
        },
        { temperature, maxNewTokens: config.maxNewTokens },
      );
      const judged = await judge(chunk, rollouts, codec, config.verifier, verify);
      for (const { verdict } of judged.flat()) if (verdict.reward !== null) rewards.push(verdict.reward);
    }
    metrics[`eval/reward${suffix}`] = mean(rewards);
    metrics[`eval/pass${suffix}`] = mean(rewards.map((reward) => (reward >= 1 ? 1 : 0)));
  }
  return metrics;
}
