/**
 * Supervised fine-tuning on the demonstrated actions of the training split: the warm start before profiling, and the
 * control that PivotRL is compared with. Cross-entropy on action tokens only, mean over the tokens of a batch.
 *
 * A step is one update. Like PivotRL's loop it is a generator that starts where its newest checkpoint ends.
 */
import { drained } from '../base/drained.ts';
import { Random } from '../base/random.ts';
import { untilFailure } from '../compute/backend.ts';
import { disposePolicy, trainedParameters } from '../model/policy.ts';
import { writeMetrics } from '../store/metrics.ts';
import type { RunRecord } from '../store/schema.ts';
import { createAdamW } from '../train/optimizer.ts';
import { cosineRateAt } from '../train/schedule.ts';
import type { TrainEvent } from './events.ts';
import { scoreUntouched } from './first-score.ts';
import { evaluateHeldOut } from './held-out.ts';
import { demonstration, imitate } from './imitate.ts';
import type { Metrics } from './metrics.ts';
import { finishRun, openRunState, saveCheckpoint, type RunParts } from './run-state.ts';
import { drawTurns } from './turns.ts';

export async function* warmStart(run: RunRecord, parts: RunParts): AsyncGenerator<TrainEvent, void> {
  const { config } = run;
  yield { type: 'phase', phase: 'loading', fraction: null, detail: 'Loading the model' };
  const { loaded, state, checkpoint } = await openRunState(run, parts);
  const { policy, codec } = loaded;
  const optimizer = createAdamW(trainedParameters(policy), { weightDecay: config.weightDecay });
  let isDirty = false;
  try {
    if (checkpoint) await checkpoint.restoreOptimizer(optimizer);
    yield { type: 'phase', phase: 'loading', fraction: null, detail: 'Tokenising the demonstrations' };
    const { turns } = await drawTurns(run.datasetId, 'training', config.warmStartTurns, config, loaded);
    const heldOut = await drawTurns(run.datasetId, 'held-out', config.evaluateTurns, config, loaded);
    const perEpoch = Math.ceil(turns.length / config.warmStartBatch);
    const steps = Math.max(1, perEpoch * config.warmStartEpochs);
    yield { type: 'started', runId: run.id, step: state.step, steps, device: parts.device };

    yield* scoreUntouched(run, state, loaded, optimizer, heldOut, parts);

    while (state.step < steps) {
      const began = performance.now();
      const epoch = Math.floor(state.step / perEpoch);
      const at = (state.step % perEpoch) * config.warmStartBatch;
      const order = new Random(config.seed).fork('sft', epoch).shuffle(turns);
      const batch = order.slice(at, at + config.warmStartBatch);
      const learningRate = cosineRateAt(
        state.step,
        steps,
        config.warmStartLearningRate,
        config.warmupSteps,
        0.1,
      );
      yield {
        type: 'phase',
        phase: 'warm-start',
        fraction: state.step / steps,
        detail: `SFT epoch ${epoch + 1} of ${config.warmStartEpochs}, step ${state.step + 1} of ${steps}`,
      };
      isDirty = true;
      const update = await untilFailure(
        imitate(
          policy,
          optimizer,
          batch.map((turn) => demonstration(turn, codec)),
          learningRate,
          config,
        ),
      );
      state.step++;
      state.updates++;
      state.tokens += update.tokens;

      const isLast = state.step === steps;
      let evaluated: Record<string, number> = {};
      if (isLast) {
        yield { type: 'phase', phase: 'evaluate', fraction: 1, detail: 'Scoring held-out turns' };
        evaluated = await drained(evaluateHeldOut(policy, codec, heldOut, run, parts.verify));
        state.rewardAfter = evaluated['eval/reward']!;
        state.successAfter = evaluated['eval/success'] ?? null;
      }
      const stepMs = performance.now() - began;
      state.elapsedMs += stepMs;
      const metrics: Metrics = {
        step: state.step,
        time: state.elapsedMs,
        loss: update.loss,
        grad_norm: update.gradNorm,
        learning_rate: learningRate,
        num_tokens: state.tokens,
        step_time: stepMs / 1000,
        ...evaluated,
      };
      await writeMetrics(run.id, metrics);
      yield { type: 'metrics', metrics };
      if (isLast || state.step % (10 * config.checkpointEvery) === 0) {
        const saved = await saveCheckpoint(run, state, policy, optimizer, evaluated['eval/reward'] ?? null);
        isDirty = false;
        yield saved;
      }
    }
    yield { type: 'finished', summary: await finishRun(run, state, 'finished') };
  } finally {
    if (isDirty && !parts.hasFailed())
      await saveCheckpoint(run, state, policy, optimizer, null).catch(() => undefined);
    optimizer.dispose();
    disposePolicy(policy);
  }
}
