/**
 * PivotRL's training loop (Algorithm 1): draw pivots, sample G actions each, verify, normalise within the group,
 * one clipped update. An async generator; start equals resume: it begins at the run's newest checkpoint.
 *
 * Deviations from the paper: groups whose rewards are all equal are skipped before the backward pass (their
 * advantage is zero, Proposition 3.1); training ends when too few groups still disagree; all randomness is derived
 * from (seed, step), so a resumed run equals one that was never stopped.
 */
import { drained } from '../base/drained.ts';
import { AppError } from '../base/errors.ts';
import { hash32, Random } from '../base/random.ts';
import { mean } from '../base/statistics.ts';
import { untilFailure } from '../compute/backend.ts';
import { backendUsage } from '../compute/usage.ts';
import { disposePolicy, trainedParameters } from '../model/policy.ts';
import { membersOfStep } from '../pivot/draw.ts';
import { selectTurns } from '../pivot/filter.ts';
import { writeGroups } from '../store/rollouts.ts';
import { writeMetrics } from '../store/metrics.ts';
import { getProfiledTurns } from '../store/profiles.ts';
import type { RunRecord } from '../store/schema.ts';
import { createAdamW } from '../train/optimizer.ts';
import { isSignalSpent, learningRateAt } from '../train/schedule.ts';
import { scoreUntouched } from './first-score.ts';
import { evaluateHeldOut } from './held-out.ts';
import type { TrainEvent, Warning } from './events.ts';
import { groupRecord, groupsOf, isInformative, rewardMetrics, type Group } from './groups.ts';
import { completionMetrics, judge } from './judge.ts';
import type { Metrics } from './metrics.ts';
import type { Loaded } from './load.ts';
import { Stopwatch } from './pace.ts';
import { loadReference } from './reference.ts';
import { finishRun, openRunState, saveCheckpoint, type RunParts } from './run-state.ts';
import { sampleActions } from './sample.ts';
import { drawTurns, type Turn } from './turns.ts';
import { updatePolicy } from './update.ts';

export async function* train(run: RunRecord, parts: RunParts): AsyncGenerator<TrainEvent, void> {
  const { config } = run;
  yield { type: 'phase', phase: 'loading', fraction: null, detail: 'Loading the model' };
  const { loaded, state, checkpoint } = await openRunState(run, parts);
  const { policy, codec } = loaded;
  const optimizer = createAdamW(trainedParameters(policy), { weightDecay: config.weightDecay });
  const reference = config.klWeight > 0 ? await loadReference(run, loaded, parts.site) : null;
  let isDirty = false;
  try {
    if (checkpoint) await checkpoint.restoreOptimizer(optimizer);
    const pivots = await drawPivots(run, loaded);
    const heldOut = await drawTurns(run.datasetId, 'held-out', config.evaluateTurns, config, loaded);
    yield { type: 'started', runId: run.id, step: state.step, steps: config.steps, device: parts.device };

    yield* scoreUntouched(run, state, loaded, optimizer, heldOut, parts);

    while (state.step < config.steps && !isSignalSpent(state.mixedShares, config.minMixedShare)) {
      const began = performance.now();
      const watch = new Stopwatch();
      const { dispatches } = backendUsage();
      const step = state.step + 1;
      const turns = membersOfStep(pivots, state.step, config.pivotsPerStep, config.seed);

      watch.watch('rollout_s');
      yield {
        type: 'phase',
        phase: 'rollout',
        fraction: (step - 1) / config.steps,
        detail: `Step ${step}: sampling ${turns.length} × ${config.groupSize} actions`,
      };
      const rollouts = await sampleActions(
        loaded,
        {
          prompts: turns.map((turn) => turn.promptIds),
          promptSeeds: turns.map((turn, p) =>
            hash32(config.seed, 'rollout', state.step, p, turn.candidateId),
          ),
          samplesPerPrompt: config.groupSize,
        },
        config,
      );

      watch.watch('verify_s');
      const judged = await judge(turns, rollouts, codec, config.verifier, parts.verify);
      const groups = groupsOf(turns, judged, config.advantage);

      watch.watch('update_s');
      yield {
        type: 'phase',
        phase: 'update',
        fraction: (step - 1) / config.steps,
        detail: `Step ${step}: updating on ${groups.filter(isInformative).length} mixed groups`,
      };
      const learningRate = learningRateAt(state.updates, config.learningRate, config.warmupSteps);
      isDirty = true;
      const update = await untilFailure(
        updatePolicy({ policy, reference, optimizer, groups, config, learningRate }),
      );
      state.updates += update.updates;
      state.step = step;
      state.tokens += update.tokens;
      state.rolloutTurns += turns.length * config.groupSize;
      state.mixedShares = [
        ...state.mixedShares,
        mean(groups.map((group) => (isInformative(group) ? 1 : 0))),
      ].slice(-10);

      const isLast = step === config.steps || isSignalSpent(state.mixedShares, config.minMixedShare);
      let evaluated: Record<string, number> = {};
      if (isLast || step % config.evaluateEvery === 0) {
        watch.watch('evaluate_s');
        yield {
          type: 'phase',
          phase: 'evaluate',
          fraction: step / config.steps,
          detail: `Step ${step}: scoring held-out turns`,
        };
        evaluated = await drained(evaluateHeldOut(policy, codec, heldOut, run, parts.verify));
        state.rewardAfter = evaluated['eval/reward']!;
        state.successAfter = evaluated['eval/success'] ?? null;
      }
      const seconds = watch.take();
      const stepMs = performance.now() - began;
      state.elapsedMs += stepMs;
      const metrics: Metrics = {
        step,
        time: state.elapsedMs,
        ...rewardMetrics(groups),
        ...completionMetrics(judged.flat()),
        ...update.metrics,
        ...evaluated,
        learning_rate: learningRate,
        num_tokens: state.tokens,
        rollout_turns: state.rolloutTurns,
        step_time: stepMs / 1000,
        ...Object.fromEntries(Object.entries(seconds).map(([name, value]) => [`time/${name}`, value])),
        'speed/tokens_per_second': sampledTokens(groups) / Math.max(1e-3, seconds['rollout_s'] ?? 0),
        'speed/update_tokens_per_second': update.tokens / Math.max(1e-3, seconds['update_s'] ?? 0),
        ...usageMetrics(dispatches),
      };
      await writeGroups(groups.map((group, index) => groupRecord(run.id, step, index, group, codec)));
      await writeMetrics(run.id, metrics);
      // Before the checkpoint: whoever stops at this event still gets one from `finally`.
      yield { type: 'rollouts', step, groups: groups.length };
      yield { type: 'metrics', metrics };
      yield* warningsOf(metrics);
      if (isLast || step % config.checkpointEvery === 0) {
        const saved = await saveCheckpoint(run, state, policy, optimizer, evaluated['eval/reward'] ?? null);
        isDirty = false;
        yield saved;
      }
    }
    const isSpent = state.step < config.steps;
    yield { type: 'finished', summary: await finishRun(run, state, isSpent ? 'signal-spent' : 'finished') };
  } finally {
    // A stop between two checkpoints keeps what was learnt; a failed backend cannot be read and is left alone.
    if (isDirty && !parts.hasFailed())
      await saveCheckpoint(run, state, policy, optimizer, null).catch(() => undefined);
    optimizer.dispose();
    reference?.dispose();
    disposePolicy(policy);
  }
}

/** Nothing of a GPU where there is none. */
function usageMetrics(dispatchesBefore: number): Record<string, number> {
  const { allocatedBytes, dispatches } = backendUsage();
  const made = dispatches - dispatchesBefore;
  return { 'memory/backend_bytes': allocatedBytes, ...(made > 0 && { 'gpu/dispatches': made }) };
}

function sampledTokens(groups: readonly Group[]): number {
  return groups.reduce(
    (sum, { samples }) => sum + samples.reduce((tokens, { rollout }) => tokens + rollout.ids.length, 0),
    0,
  );
}

/** @throws AppError `no-pivots`, `profile-missing` */
async function drawPivots(run: RunRecord, loaded: Loaded): Promise<Turn[]> {
  const { config } = run;
  const profiled = run.profileId ? await getProfiledTurns(run.profileId) : [];
  if (!profiled.length)
    throw new AppError(
      'profile-missing',
      'There is no profile to take pivots from.',
      'Profile the candidate turns first.',
    );
  const selected = selectTurns(
    profiled,
    config.selection,
    config.maxMean,
    new Random(config.seed).fork('selection'),
  );
  if (!selected.length)
    throw new AppError(
      'no-pivots',
      `None of the ${profiled.length} profiled turns is mixed with a mean reward below ${config.maxMean}.`,
      'Raise λ, profile more candidates, or start with an SFT warm-up if the model never succeeds.',
    );
  const wanted = new Set(selected.map((turn) => turn.candidateId));
  const { turns } = await drawTurns(run.datasetId, 'training', Infinity, config, loaded, wanted);
  return turns;
}

function* warningsOf(metrics: Metrics): Generator<Warning> {
  if (!Number.isFinite(metrics['grad_norm'] ?? 0))
    yield {
      type: 'warning',
      code: 'non-finite',
      message: 'The gradient is not finite; the update was skipped.',
      hint: 'Lower the learning rate.',
    };
  if ((metrics['frac_reward_zero_std'] ?? 0) > 0.85)
    yield {
      type: 'warning',
      code: 'reward-flat',
      message: `In ${Math.round(100 * metrics['frac_reward_zero_std']!)} % of the groups all rewards were equal: little to learn from.`,
      hint: 'Profile again with the present model, or choose harder pivots.',
    };
  if ((metrics['completions/clipped_ratio'] ?? 0) > 0.3)
    yield {
      type: 'warning',
      code: 'cut-off',
      message: `${Math.round(100 * metrics['completions/clipped_ratio']!)} % of the actions were cut off at the length limit.`,
      hint: 'Raise “Longest action”.',
    };
  if ((metrics['token_mult_prob_error'] ?? 1) > 1.1)
    yield {
      type: 'warning',
      code: 'engines-disagree',
      message: `Sampler and trainer disagree: token_mult_prob_error is ${metrics['token_mult_prob_error']!.toFixed(3)}, the gate is 1.1.`,
      hint: 'Run the self-test under System.',
    };
}
