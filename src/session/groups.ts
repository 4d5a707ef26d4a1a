/** One pivot's G rollouts with verdicts and advantages: as stored records and as TRL's reward metrics. */
import { deviation, mean } from '../base/statistics.ts';
import type { GroupRecord } from '../store/schema.ts';
import type { Codec } from '../text/codec.ts';
import { groupAdvantages, type AdvantageKind } from '../train/advantage.ts';
import { attemptRecord, type JudgedRollout } from './judge.ts';
import type { Turn } from './turns.ts';

/** What an update needs of a group: a prompt, what was sampled after it, and how much better than the rest it was. */
export interface ScoredGroup {
  turn: Pick<Turn, 'promptIds'>;
  samples: Pick<JudgedRollout, 'rollout'>[]; // [G]
  advantages: Float64Array; // [G]
}

export interface Group extends ScoredGroup {
  turn: Turn;
  samples: JudgedRollout[]; // [G]
}

/** @param judged [P][G], in the order of `turns` */
export function groupsOf(
  turns: readonly Turn[],
  judged: readonly JudgedRollout[][],
  kind: AdvantageKind,
): Group[] {
  return judged.map((samples, p) => ({
    turn: turns[p]!,
    samples,
    advantages: groupAdvantages(
      samples.map(({ verdict }) => verdict.reward),
      kind,
    ),
  }));
}

/** A group whose rewards are not all equal; the others have zero advantage (Proposition 3.1). */
export function isInformative(group: ScoredGroup): boolean {
  return group.advantages.some((advantage) => advantage !== 0);
}

export function groupRecord(
  runId: string,
  step: number,
  index: number,
  group: Group,
  codec: Codec,
): GroupRecord {
  const { turn, samples, advantages } = group;
  return {
    runId,
    step,
    index,
    candidateId: turn.candidateId,
    trajectoryIndex: turn.trajectoryIndex,
    messageIndex: turn.messageIndex,
    samples: samples.map((sample, g) => ({
      ...attemptRecord(sample),
      advantage: advantages[g]!,
      logProbs: sample.rollout.logProbs,
      tokens: tokenTexts(sample.rollout.ids, codec),
    })),
  };
}

/** Each token as people read it; half of a character shows as a replacement mark. */
export function tokenTexts(ids: readonly number[], codec: Codec): string[] {
  return ids.map((id) => codec.tokenizer.decode([id], { skipSpecialTokens: false }));
}

/** Over verdicts only; samples without one are counted by `rewards/no_verdict_frac`. */
export function rewardMetrics(groups: readonly Group[]): Record<string, number> {
  const rewards = groups.map(({ samples }) =>
    samples.map(({ verdict }) => verdict.reward).filter((reward): reward is number => reward !== null),
  );
  const deviations = rewards.map(deviation);
  const all = rewards.flat();
  const asked = groups.reduce((sum, { samples }) => sum + samples.length, 0);
  const flat = mean(deviations.map((value) => (value === 0 ? 1 : 0)));
  return {
    reward: mean(all),
    reward_std: mean(deviations),
    frac_reward_zero_std: flat,
    'pivots/informative_frac': 1 - flat,
    'rewards/no_verdict_frac': 1 - all.length / Math.max(1, asked),
  };
}
