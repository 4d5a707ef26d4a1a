/** Profiling within a study: K rollouts a candidate turn until there are enough pivots or no candidates are left. */
import { hash32 } from '../base/random.ts';
import type { RunConfig } from '../config/schema.ts';
import { isPivot, turnStatistics, type TurnStatistics } from '../pivot/filter.ts';
import { judge } from '../session/judge.ts';
import { sampleActions } from '../session/sample.ts';
import type { Turn } from '../session/turns.ts';
import { strict } from '../verifier/strict.ts';
import { isAccepted, type Lab } from './lab.ts';
import type { ProfiledCandidate } from './results.ts';

/** Candidates profiled at once: between two looks at the number of pivots. */
const CANDIDATES = 100;

/**
 * Profiles `turns` in their order with the present policy.
 * @param poolFloor pivots after which no more candidates are drawn
 */
export async function profileTurns(
  lab: Lab,
  turns: readonly Turn[],
  verifier: string,
  poolFloor: number,
  config: RunConfig,
): Promise<ProfiledCandidate[]> {
  const profiled: ProfiledCandidate[] = [];
  for (let at = 0; at < turns.length && pivotsAmong(profiled, config.maxMean) < poolFloor; at += CANDIDATES) {
    const batch = turns.slice(at, at + CANDIDATES);
    const rollouts = await sampleActions(
      lab,
      {
        prompts: batch.map(({ promptIds }) => promptIds),
        promptSeeds: batch.map(({ candidateId }) => hash32(config.seed, 'profile', candidateId)),
        samplesPerPrompt: config.profileSamples,
      },
      config,
    );
    const judged = await judge(batch, rollouts, lab.codec, verifier, lab.verify);
    judged.forEach((samples, p) => {
      const turn = batch[p]!;
      const accepted = samples
        .filter(({ verdict }) => isAccepted(turn, verdict.reward))
        .map(({ rollout }) => rollout.ids);
      profiled.push({
        candidateId: turn.candidateId,
        rewards: samples.map(({ verdict }) => verdict.reward),
        isDemonstrated: samples.some(
          ({ attempt }) => strict({ expected: turn.expected, attempt, tools: turn.tools }).reward === 1,
        ),
        accepted: [...new Map(accepted.map((ids) => [ids.join(), ids])).values()],
      });
    });
  }
  return profiled;
}

const pivotsAmong = (profiled: readonly ProfiledCandidate[], maxMean: number) =>
  profiled.filter(({ rewards }) => isPivot(turnStatistics(rewards), maxMean)).length;

/** A turn with what its profile says. */
export interface RatedTurn extends TurnStatistics {
  turn: Turn;
  accepted: number[][];
}

export function rateTurns(turns: readonly Turn[], profiled: readonly ProfiledCandidate[]): RatedTurn[] {
  const byId = new Map(turns.map((turn) => [turn.candidateId, turn]));
  return profiled.map(({ candidateId, rewards, accepted }) => ({
    turn: byId.get(candidateId)!,
    accepted,
    ...turnStatistics(rewards),
  }));
}
