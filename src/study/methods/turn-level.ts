/**
 * What PivotRL and its controls share: a pool of turns, and steps that sample a group at each of some of them, verify,
 * normalise and update. They differ in how the pool is chosen and in who gives the reward, and in nothing else.
 */
import { hash32, Random } from '../../base/random.ts';
import { membersOfStep } from '../../pivot/draw.ts';
import { selectTurns, type Selection } from '../../pivot/filter.ts';
import { groupsOf, rewardMetrics } from '../../session/groups.ts';
import { judge } from '../../session/judge.ts';
import { sampleActions } from '../../session/sample.ts';
import type { Turn } from '../../session/turns.ts';
import { updatePolicy } from '../../session/update.ts';
import { isSignalSpent, learningRateAt } from '../../train/schedule.ts';
import { profileTurns, rateTurns } from '../profile.ts';
import type { Job, StepReport, Trainer } from './method.ts';

export interface TurnLevelOptions {
  selection: Selection;
  /** Verifier preset that rewards. */
  verifier: string;
  /** Whether mastered turns end the run. Pools chosen blind begin with few mixed groups and run to their budget. */
  stopsWhenSpent: boolean;
  /** How often fresh candidates may be profiled with the present policy when the pool is mastered. */
  reprofiles: number;
}

export function turnLevel(job: Job, options: TurnLevelOptions): Trainer {
  const { lab, budgets, config, optimizer, reference } = job;
  const choose = (turns: readonly Turn[], profiled = job.profile.turns) =>
    selectTurns(
      rateTurns(turns, profiled),
      options.selection,
      config.maxMean,
      new Random(config.seed).fork('selection'),
    ).map(({ turn }) => turn);
  let pool = choose(job.turns);
  let poolBegan = 0;
  let fresh = job.turns.slice(job.profile.turns.length);
  let reprofiles = options.reprofiles;
  let updates = 0;
  let shares: number[] = [];
  const isPoolSpent = () => isSignalSpent(shares, config.minMixedShare);

  /** A new pool from candidates that were never profiled; says what it cost. */
  async function reprofile(index: number): Promise<number> {
    reprofiles--;
    const profiled = await profileTurns(lab, fresh, options.verifier, budgets.poolFloor, config);
    pool = choose(fresh, profiled);
    fresh = fresh.slice(profiled.length);
    poolBegan = index;
    shares = [];
    return profiled.length * config.profileSamples;
  }

  async function step(index: number): Promise<StepReport> {
    const profileTurnCount = options.stopsWhenSpent && isPoolSpent() ? await reprofile(index) : 0;
    const turns = membersOfStep(pool, index - poolBegan, config.pivotsPerStep, `${config.seed} ${poolBegan}`);
    const rollouts = await sampleActions(
      lab,
      {
        prompts: turns.map(({ promptIds }) => promptIds),
        promptSeeds: turns.map(({ candidateId }, p) => hash32(config.seed, 'rollout', index, p, candidateId)),
        samplesPerPrompt: config.groupSize,
      },
      config,
    );
    const judged = await judge(turns, rollouts, lab.codec, options.verifier, lab.verify);
    const groups = groupsOf(turns, judged, config.advantage);
    const learningRate = learningRateAt(updates, config.learningRate, config.warmupSteps);
    const update = await updatePolicy({
      policy: lab.policy,
      reference,
      optimizer,
      groups,
      config,
      learningRate,
    });
    updates += update.updates;
    const metrics = rewardMetrics(groups);
    const mixedShare = metrics['pivots/informative_frac']!;
    shares = [...shares, mixedShare];
    return {
      reward: metrics['reward']!,
      rewardDeviation: metrics['reward_std']!,
      mixedShare,
      loss: null,
      rolloutTurns: profileTurnCount + turns.length * config.groupSize,
      trainedTokens: update.tokens,
    };
  }

  return {
    pool: pool.length,
    steps: pool.length ? budgets.steps : 0,
    epochAfter: (done) => (done * config.pivotsPerStep) / Math.max(1, pool.length),
    isDue: (done) => done % budgets.validateEvery === 0 || done === budgets.steps,
    step,
    isSpent() {
      if (!pool.length) return true;
      const canReprofile = reprofiles > 0 && fresh.length >= budgets.poolFloor;
      return options.stopsWhenSpent && isPoolSpent() && !canReprofile;
    },
  };
}
