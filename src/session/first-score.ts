/** Step 0 of every run: the held-out score of the untouched model, which all later ones are compared with. */
import { writeMetrics } from '../store/metrics.ts';
import type { RunRecord } from '../store/schema.ts';
import type { AdamW } from '../train/optimizer.ts';
import type { TrainEvent } from './events.ts';
import { evaluateHeldOut, type HeldOut } from './held-out.ts';
import type { Loaded } from './load.ts';
import type { Metrics } from './metrics.ts';
import { saveCheckpoint, type RunParts, type RunState } from './run-state.ts';

/** Nothing when the run was scored before; otherwise scores it and stores the starting point. */
export async function* scoreUntouched(
  run: RunRecord,
  state: RunState,
  { policy, codec }: Loaded,
  optimizer: AdamW,
  heldOut: HeldOut,
  parts: RunParts,
): AsyncGenerator<TrainEvent, void> {
  if (state.rewardBefore !== null) return;
  const score = evaluateHeldOut(policy, codec, heldOut, run, parts.verify);
  let next = await score.next();
  for (; !next.done; next = await score.next())
    yield {
      type: 'phase',
      phase: 'evaluate',
      fraction: null,
      detail: `Scoring the untouched model, held out: ${next.value}`,
    };
  const evaluated = next.value;
  const metrics: Metrics = { step: 0, time: state.elapsedMs, ...evaluated };
  await writeMetrics(run.id, metrics);
  state.rewardBefore = state.rewardAfter = evaluated['eval/reward']!;
  state.successBefore = state.successAfter = evaluated['eval/success'] ?? null;
  yield { type: 'metrics', metrics };
  yield { type: 'phase', phase: 'checkpoint', fraction: null, detail: 'Storing the starting point' };
  yield await saveCheckpoint(run, state, policy, optimizer, evaluated['eval/reward']!);
}
