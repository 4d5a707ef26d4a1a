/**
 * Profiling (PivotRL §3.2): K rollouts of the frozen starting model at each candidate turn, scored by the verifier.
 * An async generator that stores each batch before it says so; running it again continues with the missing turns.
 */
import { hash32 } from '../base/random.ts';
import type { RunConfig } from '../config/schema.ts';
import type { Policy } from '../model/policy.ts';
import { kindOf, turnStatistics } from '../pivot/filter.ts';
import { getProfiledTurns, putProfile, putProfiledTurns } from '../store/profiles.ts';
import type { ProfiledTurn, ProfileRecord } from '../store/schema.ts';
import type { Codec } from '../text/codec.ts';
import type { DeviceSummary, ProfileCounts, ProfileEvent, TurnSummary } from './events.ts';
import { attemptRecord, judge, type Verify } from './judge.ts';
import { Pace } from './pace.ts';
import { sampleActions } from './sample.ts';
import { drawTurns, type Turn } from './turns.ts';

/** Rows decoded at once. */
const ROWS = 128;

export interface ProfileParts {
  policy: Policy;
  codec: Codec;
  device: DeviceSummary;
  verify: Verify;
}

export async function* profile(
  record: ProfileRecord,
  config: RunConfig,
  { policy, codec, device, verify }: ProfileParts,
): AsyncGenerator<ProfileEvent, void> {
  const { turns, tooLong } = await drawTurns(record.datasetId, 'training', config.maxCandidates, config, {
    codec,
    policy,
  });
  const stored = await getProfiledTurns(record.id);
  const known = new Map(stored.map((turn) => [turn.candidateId, turn]));
  const wanted = new Set(turns.map((turn) => turn.candidateId));
  const summaries = stored.filter((turn) => wanted.has(turn.candidateId)).map(summaryOf);
  let state: ProfileRecord = {
    ...record,
    state: 'running',
    candidates: turns.length,
    tooLong,
    profiled: summaries.length,
  };
  await putProfile(state);
  yield {
    type: 'started',
    profileId: record.id,
    device,
    counts: countTurns(summaries, turns.length, tooLong),
    known: summaries,
  };

  const missing = turns.filter((turn) => !known.has(turn.candidateId));
  const perBatch = Math.max(1, Math.floor(ROWS / config.profileSamples));
  const pace = new Pace();
  try {
    for (let at = 0; at < missing.length; at += perBatch) {
      const began = performance.now();
      const batch = missing.slice(at, at + perBatch);
      const profiled = await profileTurns(record.id, batch, config, policy, codec, verify);
      const batchMs = performance.now() - began;
      const added = profiled.map(summaryOf);
      summaries.push(...added);
      state = {
        ...state,
        profiled: summaries.length,
        durationMs: state.durationMs + batchMs,
        rolloutTurns: state.rolloutTurns + batch.length * config.profileSamples,
      };
      await putProfiledTurns(state, profiled);
      const tokens = profiled
        .flatMap((turn) => turn.attempts)
        .reduce((sum, { lengthTokens }) => sum + lengthTokens, 0);
      yield {
        type: 'turns',
        turns: added,
        counts: countTurns(summaries, turns.length, tooLong),
        etaMs: pace.mark(batch.length, missing.length - at - batch.length),
        tokensPerSecond: (tokens / batchMs) * 1000,
      };
      pace.skip();
    }
    state = { ...state, state: 'finished' };
    const counts = countTurns(summaries, turns.length, tooLong);
    await putProfile(state);
    yield { type: 'finished', profileId: record.id, counts, durationMs: state.durationMs };
  } finally {
    if (state.state === 'running') await putProfile({ ...state, state: 'paused' });
  }
}

async function profileTurns(
  profileId: string,
  turns: Turn[],
  config: RunConfig,
  policy: Policy,
  codec: Codec,
  verify: Verify,
): Promise<ProfiledTurn[]> {
  const rollouts = await sampleActions(
    { policy, codec },
    {
      prompts: turns.map((turn) => turn.promptIds),
      promptSeeds: turns.map((turn) => hash32(config.seed, 'profile', turn.candidateId)),
      samplesPerPrompt: config.profileSamples,
    },
    config,
  );
  const judged = await judge(turns, rollouts, codec, config.verifier, verify);
  return turns.map((turn, p) => ({
    profileId,
    candidateId: turn.candidateId,
    trajectoryId: turn.trajectoryId,
    trajectoryIndex: turn.trajectoryIndex,
    messageIndex: turn.messageIndex,
    expectedKind: turn.expected.kind,
    promptTokens: turn.promptIds.length,
    ...turnStatistics(judged[p]!.map(({ verdict }) => verdict.reward)),
    attempts: judged[p]!.map(attemptRecord),
  }));
}

export function summaryOf(turn: ProfiledTurn): TurnSummary {
  const { candidateId, trajectoryId, messageIndex, expectedKind, promptTokens, mean, variance, attempts } =
    turn;
  const rewards = attempts.map((attempt) => attempt.reward);
  return { candidateId, trajectoryId, messageIndex, expectedKind, promptTokens, rewards, mean, variance };
}

export function countTurns(
  turns: readonly TurnSummary[],
  candidates: number,
  tooLong: number,
): ProfileCounts {
  const counts = { candidates, profiled: turns.length, allFail: 0, mixed: 0, allPass: 0, tooLong };
  for (const turn of turns) {
    const kind = kindOf(turn);
    counts[kind === 'mixed' ? 'mixed' : kind === 'all-fail' ? 'allFail' : 'allPass']++;
  }
  return counts;
}
