/** Proves: what a stored run's state means now, and how runs are compared. */
import { describe, expect, it } from 'vitest';
import { defaultConfig } from '../../../src/config/schema.ts';
import { canContinue, configChanges, predecessor, statusOf } from '../../../src/state/run-status.ts';
import type { RunRecord } from '../../../src/store/schema.ts';

const run = (change: Partial<RunRecord>): RunRecord => ({
  id: 'a',
  name: 'a',
  kind: 'pivotrl',
  datasetId: 'd',
  modelId: 'm',
  profileId: 'p',
  startRunId: null,
  config: defaultConfig(),
  state: 'running',
  step: 3,
  createdAt: 1,
  heartbeat: 1_000_000,
  device: '',
  version: '',
  summary: null,
  error: null,
  ...change,
});

describe('statusOf', () => {
  it('believes the lock that a working tab holds, whatever the heartbeat', () => {
    expect(statusOf(run({}), false, true, 9_000_000)).toBe('elsewhere');
    expect(statusOf(run({}), false, false, 1_000_001)).toBe('interrupted');
  });

  it('calls a run that has just begun here running, whatever was read of it before', () => {
    expect(statusOf(run({ state: 'draft' }), true, true)).toBe('running');
    expect(statusOf(run({ state: 'draft' }), false, false)).toBe('draft');
  });

  it('reads a running run with an old heartbeat as interrupted, and it can be continued', () => {
    const status = statusOf(run({}), false, null, 1_030_000);
    expect(status).toBe('interrupted');
    expect(canContinue(status)).toBe(true);
  });

  it('leaves a run alone whose heartbeat is fresh: another tab has it', () => {
    const status = statusOf(run({}), false, null, 1_005_000);
    expect(status).toBe('elsewhere');
    expect(canContinue(status)).toBe(false);
  });

  it('believes the run of this tab', () => {
    expect(statusOf(run({}), true, null, 9_000_000)).toBe('running');
  });

  it('lets stopped and failed runs continue, but not finished ones', () => {
    expect(canContinue(statusOf(run({ state: 'stopped' }), false, false))).toBe(true);
    expect(canContinue(statusOf(run({ state: 'failed' }), false, false))).toBe(true);
    expect(canContinue(statusOf(run({ state: 'finished' }), false, false))).toBe(false);
  });
});

describe('comparison', () => {
  it('names the fields that changed with both values', () => {
    const changed = { ...defaultConfig(), learningRate: 1e-4, seed: 'other' };
    expect(configChanges(defaultConfig(), changed).map(({ from, to }) => [from, to])).toEqual([
      ['fulcrum', 'other'],
      [String(defaultConfig().learningRate), '0.0001'],
    ]);
  });

  it('compares with the newest earlier run of the same kind, data and model', () => {
    const runs = [
      run({ id: 'older', createdAt: 1 }),
      run({ id: 'old', createdAt: 2 }),
      run({ id: 'sft', createdAt: 3, kind: 'sft' }),
      run({ id: 'other data', createdAt: 3, datasetId: 'e' }),
      run({ id: 'later', createdAt: 9 }),
    ];
    expect(predecessor(run({ id: 'now', createdAt: 5 }), runs)?.id).toBe('old');
    expect(predecessor(run({ id: 'first', createdAt: 1 }), [])).toBeNull();
  });
});
