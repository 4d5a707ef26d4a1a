/** What a stored run's state means now, and how two runs differ. Plain functions over records. */
import { fieldNames, fields, type RunConfig } from '../config/schema.ts';
import type { RunRecord } from '../store/schema.ts';

export type RunStatus = RunRecord['state'] | 'interrupted' | 'elsewhere';

/** A running worker writes its heartbeat every few seconds. */
const SILENCE_MS = 20_000;

/**
 * A run that says it is running, but not here: another tab trains it, or that tab is gone.
 * @param isHeld whether any tab holds its lock; null where the browser cannot tell, then the heartbeat decides
 */
export function statusOf(
  run: RunRecord,
  isRunningHere: boolean,
  isHeld: boolean | null,
  now = Date.now(),
): RunStatus {
  // The record was read before the run's first step began.
  if (isRunningHere && run.state === 'draft') return 'running';
  const claims = run.state === 'running' || run.state === 'paused';
  if (!claims || isRunningHere) return run.state;
  return (isHeld ?? now - run.heartbeat < SILENCE_MS) ? 'elsewhere' : 'interrupted';
}

export const statusWords: Record<RunStatus, string> = {
  draft: 'not started',
  running: 'running',
  paused: 'paused',
  stopped: 'stopped',
  finished: 'finished',
  failed: 'failed',
  interrupted: 'interrupted',
  elsewhere: 'running in another tab',
};

/** States from which a run continues at its last checkpoint. */
export function canContinue(status: RunStatus): boolean {
  return ['draft', 'stopped', 'failed', 'interrupted'].includes(status);
}

export interface Change {
  label: string;
  from: string;
  to: string;
}

/** The fields in which `to` departs from `from`, by their labels. */
export function configChanges(from: RunConfig, to: RunConfig): Change[] {
  return fieldNames
    .filter((name) => from[name] !== to[name])
    .map((name) => ({ label: fields[name].label, from: String(from[name]), to: String(to[name]) }));
}

/** The run before this one of the same kind on the same data and model: what it is compared with. */
export function predecessor(run: RunRecord, runs: readonly RunRecord[]): RunRecord | null {
  const earlier = runs.filter(
    (other) =>
      other.id !== run.id &&
      other.createdAt < run.createdAt &&
      other.kind === run.kind &&
      other.datasetId === run.datasetId &&
      other.modelId === run.modelId,
  );
  return earlier.reduce<RunRecord | null>(
    (best, other) => (best === null || other.createdAt > best.createdAt ? other : best),
    null,
  );
}
