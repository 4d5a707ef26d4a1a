/**
 * The held-out score of a policy: reward on single turns, and, where the data comes from a world that can be
 * simulated, the share of fresh held-out tasks that it solves from start to end.
 */
import type { World } from '../environment/environment.ts';
import { worldNamed } from '../environment/worlds.ts';
import type { Policy } from '../model/policy.ts';
import { getDataset } from '../store/datasets.ts';
import type { RunRecord } from '../store/schema.ts';
import type { Codec } from '../text/codec.ts';
import { evaluate } from './evaluate.ts';
import { solveTasks } from './episodes.ts';
import type { Verify } from './judge.ts';
import type { TurnDraw } from './turns.ts';

export type HeldOut = TurnDraw;

/** Episodes sampled for one score. */
const EPISODES = 64;

/** The world that a built-in dataset was made in; null for everything else. */
async function worldOf(datasetId: string): Promise<World | null> {
  const dataset = await getDataset(datasetId);
  return (dataset?.isBuiltIn && worldNamed(dataset.name)) || null;
}

/** `eval/…` metrics; `eval/success` only for simulated worlds. Yields how far it is, before each piece of work. */
export async function* evaluateHeldOut(
  policy: Policy,
  codec: Codec,
  heldOut: HeldOut,
  run: RunRecord,
  verify: Verify,
): AsyncGenerator<string, Record<string, number>> {
  const metrics = yield* evaluate(policy, codec, heldOut.turns, run.config, verify);
  const world = await worldOf(run.datasetId);
  if (world) metrics['eval/success'] = yield* solveTasks({ policy, codec }, world, EPISODES, run.config);
  return metrics;
}
