/**
 * What every cell of a study works with: the model as π₀ left it, its codec, a verifier that remembers, a clock. One
 * lab serves all cells that run in its thread, one after the other.
 */
import type { RunConfig } from '../config/schema.ts';
import { parseConfig } from '../config/schema.ts';
import {
  disposePolicy,
  restoreParameters,
  snapshotPolicy,
  trainedParameters,
  type Policy,
  type Snapshot,
} from '../model/policy.ts';
import type { Verify } from '../session/judge.ts';
import type { Actor } from '../session/sample.ts';
import type { Turn } from '../session/turns.ts';
import type { Codec } from '../text/codec.ts';
import type { Action } from '../trajectory/record.ts';
import type { Verdict } from '../verifier/verdict.ts';
import type { Budgets } from './plan.ts';

export interface Lab extends Actor {
  initial: Snapshot;
  verify: Verify;
  /** Most tokens of a training pass; bounds memory, changes no result beyond rounding. */
  passTokens: number;
  /** Milliseconds. */
  now: () => number;
}

/** @param policy all its weights trained; the lab's from now on */
export async function openLab(
  policy: Policy,
  codec: Codec,
  verify: Verify,
  { passTokens = 8192, now = () => performance.now() }: Partial<Pick<Lab, 'passTokens' | 'now'>> = {},
): Promise<Lab> {
  const initial = await snapshotPolicy(policy);
  return { policy, codec, initial, verify: remembering(verify), passTokens, now };
}

/** Back to π₀. */
export function resetPolicy({ policy, initial }: Lab): void {
  restoreParameters(trainedParameters(policy), initial);
}

export function closeLab({ policy }: Lab): void {
  disposePolicy(policy);
}

/** Asks once about each text on a turn: most samples repeat, and a verdict that runs something is slow. */
function remembering(verify: Verify): Verify {
  // By the turn's own action object, which lives as long as the turn.
  const known = new WeakMap<Action, Map<string, Verdict | null>>();
  return async (preset, samples) => {
    const asked = samples.map(({ expected, attempt }) => {
      const verdicts = known.get(expected) ?? new Map<string, Verdict | null>();
      known.set(expected, verdicts);
      return { verdicts, key: `${preset} ${attempt.isComplete} ${attempt.text}` };
    });
    const missing = asked.flatMap(({ verdicts, key }, index) => {
      if (verdicts.has(key)) return [];
      // Its place is taken, so that the same text is not asked about twice in one batch.
      verdicts.set(key, null);
      return [index];
    });
    const answers = missing.length
      ? await verify(
          preset,
          missing.map((index) => samples[index]!),
        )
      : [];
    missing.forEach((index, i) => asked[index]!.verdicts.set(asked[index]!.key, answers[i]!));
    return asked.map(({ verdicts, key }) => verdicts.get(key)!);
  };
}

/**
 * Whether a reward is the full one. A message that nobody could check earns half a point and no more; a call earns 1
 * only when nothing is missing.
 */
export function isAccepted(turn: Turn, reward: number | null): boolean {
  return reward !== null && reward >= (turn.expected.kind === 'message' ? 0.5 : 1);
}

/** A study's budgets as the configuration that sampling and updates take. */
export function configOf(budgets: Budgets, seed: string, overrides: Partial<RunConfig> = {}): RunConfig {
  const { profileSamples, maxMean, pivotsPerStep, groupSize, minMixedShare } = budgets;
  const { maxPromptTokens, maxNewTokens } = budgets;
  const shared = { profileSamples, maxMean, pivotsPerStep, groupSize, minMixedShare };
  return parseConfig({ ...shared, maxPromptTokens, maxNewTokens, seed, ...overrides });
}
