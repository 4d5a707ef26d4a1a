import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { worldNamed } from '../../../src/environment/worlds.ts';
import { readModelConfig } from '../../../src/model/config.ts';
import { loadPolicy, trainedParameters } from '../../../src/model/policy.ts';
import { openWeights } from '../../../src/model/weights.ts';
import { createAdamW } from '../../../src/train/optimizer.ts';
import { demonstratedTurns } from '../../../src/study/data.ts';
import { closeLab, configOf, openLab, resetPolicy, type Lab } from '../../../src/study/lab.ts';
import { episodeGroups } from '../../../src/study/methods/end-to-end.ts';
import type { Job } from '../../../src/study/methods/method.ts';
import { methods } from '../../../src/study/methods/methods.ts';
import type { MethodName } from '../../../src/study/plan.ts';
import type { BaseResult, Cell, ProfileResult } from '../../../src/study/results.ts';
import { runCell } from '../../../src/study/run.ts';
import { loadCodec } from '../../../src/text/codec.ts';
import type { Verify } from '../../../src/session/judge.ts';
import type { Turn } from '../../../src/session/turns.ts';
import { presetNamed } from '../../../src/verifier/presets.ts';
import type { Sample } from '../../../src/verifier/verdict.ts';
import { openInNode } from '../../helpers/backends.ts';
import { tinyBudgets } from '../../helpers/study.ts';

const folder = fileURLToPath(new URL('../../../public/models/fulcrum-mini/', import.meta.url));
const json = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const world = worldNamed('helpdesk')!;

let lab: Lab;
let turns: Turn[];
/** What the verifiers were asked; the lab's own memory would hide repeated questions. */
const asked: { preset: string; samples: Sample[] }[] = [];

const verify: Verify = (preset, samples) => {
  asked.push({ preset, samples });
  return Promise.all(samples.map(async (sample) => presetNamed(preset).verify(sample)));
};

beforeAll(async () => {
  await openInNode('wasm');
  const codec = loadCodec({
    tokenizerJson: json('tokenizer.json'),
    tokenizerConfig: json('tokenizer_config.json'),
    generationConfig: json('generation_config.json'),
    config: json('config.json'),
  });
  const bytes = readFileSync(join(folder, 'model.safetensors'));
  const read = (start: number, end: number) => Promise.resolve(Uint8Array.from(bytes.subarray(start, end)));
  const source = { name: 'model.safetensors', size: bytes.length, read };
  const policy = await loadPolicy(
    readModelConfig(json('config.json')),
    await openWeights(new Map([['model.safetensors', source]]), null),
    { trained: true },
  );
  // A clock that stands still, so that equal runs give equal results.
  lab = await openLab(policy, codec, verify, { now: () => 0 });
  turns = await demonstratedTurns(world, 'train', 'demonstrations 0', 16, codec, 1024);
  return () => closeLab(lab);
});

/** A profile in which the turns of these numbers are pivots and all others passed. */
function profileWith(
  pivots: readonly number[],
  accepted: (turn: Turn) => number[][] = () => [],
): ProfileResult {
  return {
    kind: 'profile',
    world: 'helpdesk',
    seed: 0,
    candidates: turns.length,
    rolloutTurns: 0,
    milliseconds: 0,
    seconds: 0,
    turns: turns.map((turn, index) => ({
      candidateId: turn.candidateId,
      rewards: pivots.includes(index) ? [0, 1, 0, 0] : [1, 1, 1, 1],
      accepted: accepted(turn),
    })),
  };
}

function start(method: MethodName, profile: ProfileResult, overrides: Partial<Job> = {}) {
  resetPolicy(lab);
  const optimizer = createAdamW(trainedParameters(lab.policy));
  const config = configOf(tinyBudgets, 'seed 0', { learningRate: 1e-3 });
  const job = {
    lab: { ...lab, verify },
    world,
    budgets: tinyBudgets,
    config,
    optimizer,
    reference: null,
    turns,
    profile,
  };
  return { trainer: methods[method].start({ ...job, ...overrides }), dispose: () => optimizer.dispose() };
}

/** The turns that a method samples at in its first step, and the preset that it asks. */
async function firstStep(method: MethodName, profile: ProfileResult) {
  const { trainer, dispose } = start(method, profile);
  asked.length = 0;
  await trainer.step(0);
  dispose();
  const expected = new Set(asked.flatMap(({ samples }) => samples.map((sample) => sample.expected)));
  const trained = turns.flatMap((turn, index) => (expected.has(turn.expected) ? [index] : []));
  return { trained, presets: new Set(asked.map(({ preset }) => preset)), pool: trainer.pool };
}

describe('the turns that a method trains on', () => {
  it('are the pivots for PivotRL, judged by the preset of the world', async () => {
    const { trained, presets, pool } = await firstStep('pivotrl', profileWith([2, 5, 9]));
    expect({ trained, pool }).toEqual({ trained: [2, 5, 9], pool: 3 });
    expect([...presets]).toEqual([world.verifier]);
  });

  it('are as many without the filter, drawn blind: the same ones whatever the rewards were', async () => {
    const one = await firstStep('no-filter', profileWith([2, 5, 9]));
    const other = await firstStep('no-filter', profileWith([0, 1, 3]));
    expect(one.pool).toBe(3);
    expect(one.trained).toHaveLength(3);
    expect(other.trained).toEqual(one.trained);
    expect([...one.presets]).toEqual([world.verifier]);
  });

  it('are those same ones for the strict reward, which asks the strict preset', async () => {
    const strict = await firstStep('strict-reward', profileWith([2, 5, 9]));
    const blind = await firstStep('no-filter', profileWith([2, 5, 9]));
    expect(strict.trained).toEqual(blind.trained);
    expect([...strict.presets]).toEqual(['strict']);
  });

  it('are the pivots for the random reward, which asks the coin', async () => {
    const { trained, presets } = await firstStep('random-reward', profileWith([2, 5, 9]));
    expect(trained).toEqual([2, 5, 9]);
    expect([...presets]).toEqual(['random']);
  });

  it('include mixed turns of a high mean only without the second half of the filter', async () => {
    const profile = profileWith([2]);
    profile.turns[7]!.rewards = [1, 1, 1, 0.95];
    expect((await firstStep('pivotrl', profile)).trained).toEqual([2]);
    expect((await firstStep('mixed-only', profile)).trained).toEqual([2, 7]);
  });

  it('are all demonstrated turns for SFT', () => {
    const { trainer, dispose } = start('sft', profileWith([]));
    expect(trainer.pool).toBe(turns.length);
    dispose();
  });

  it('are none where there are no pivots, and then there are no steps', () => {
    const { trainer, dispose } = start('pivotrl', profileWith([]));
    expect([trainer.pool, trainer.steps]).toEqual([0, 0]);
    dispose();
  });
});

describe('rejection fine-tuning', () => {
  it('learns accepted samples of pivots and nothing else', async () => {
    const actions = (turn: Turn) => [lab.codec.actionIds(turn.message, turn.prefix, turn.tools)];
    const profile = profileWith([4, 6], actions);
    profile.turns[6]!.accepted = [];
    const { trainer, dispose } = start('rejection', profile);
    // The passed turns have accepted samples too, and turn 6 has none.
    expect(trainer.pool).toBe(1);
    const first = await trainer.step(0);
    const second = await trainer.step(0);
    expect(second.loss!).toBeLessThan(first.loss!);
    expect(first.rolloutTurns).toBe(0);
    dispose();
  });
});

describe('re-profiling', () => {
  it('takes fresh candidates when the pivots are mastered, and charges their rollouts', async () => {
    const profile = profileWith([1, 2, 3]);
    profile.turns = profile.turns.slice(0, 8);
    const budgets = { ...tinyBudgets, reprofiles: 1, minMixedShare: 0.25 };
    // All groups of a message turn are equal under a verifier that accepts everything.
    const accepting = {
      ...lab,
      verify: (_: string, samples: readonly Sample[]) =>
        Promise.resolve(samples.map(() => ({ reward: 1, category: 'YES', reason: 'Yes.' }))),
    };
    const { trainer, dispose } = start('pivotrl', profile, { budgets, lab: accepting });
    for (let step = 0; step < 5; step++) expect((await trainer.step(step)).rolloutTurns).toBe(12);
    expect(trainer.isSpent()).toBe(false);
    // Eight fresh turns, four rollouts each; none of them is a pivot, so that the pool is empty afterwards.
    expect((await trainer.step(5)).rolloutTurns).toBe(32);
    dispose();
  });
});

describe('end-to-end RL', () => {
  const rollout = (id: number) => ({ ids: [id], logProbs: [-1], finish: 'stop' as const });
  const turn = (prompt: number[], id: number) => ({
    promptIds: Int32Array.from(prompt),
    rollout: rollout(id),
  });

  it('gives every action of an episode the advantage of the episode', () => {
    const groups = episodeGroups([
      { isSuccess: true, turns: [turn([1], 10), turn([1, 10, 2], 11)] },
      { isSuccess: false, turns: [turn([1], 12), turn([1, 12, 2], 13)] },
    ]);
    // Two values, a deviation with n − 1: ±1/√2, as `groupAdvantages` has it.
    const advantage = 0.5 / (Math.SQRT1_2 + 1e-4);
    const byAction = new Map(
      groups.flatMap(({ samples, advantages }) =>
        samples.map((sample, index) => [sample.rollout.ids[0], advantages[index]] as const),
      ),
    );
    for (const [id, sign] of [
      [10, 1],
      [11, 1],
      [12, -1],
      [13, -1],
    ] as const)
      expect(byAction.get(id)).toBeCloseTo(sign * advantage, 10);
  });

  it('sends a prompt that episodes share through the network once', () => {
    const groups = episodeGroups([
      { isSuccess: true, turns: [turn([1], 10), turn([1, 10, 2], 11)] },
      { isSuccess: false, turns: [turn([1], 12)] },
    ]);
    expect(groups.map(({ samples }) => samples.length)).toEqual([2, 1]);
  });

  it('counts every turn of every episode as a rollout turn', async () => {
    const { trainer, dispose } = start('end-to-end', profileWith([]));
    const { rolloutTurns, reward } = await trainer.step(0);
    expect(rolloutTurns).toBeGreaterThanOrEqual(6);
    expect(reward! * 6).toBeCloseTo(Math.round(reward! * 6), 10);
    dispose();
  }, 180_000);
});

describe('a cell', () => {
  const earlier = new Map<string, ProfileResult | BaseResult>();
  const run = (cell: Cell) =>
    runCell(
      lab,
      tinyBudgets,
      cell,
      ({ kind }) => Promise.resolve(earlier.get(kind)!),
      () => undefined,
    );

  beforeAll(async () => {
    for (const cell of [
      { kind: 'base', world: 'helpdesk' },
      { kind: 'profile', world: 'helpdesk', seed: 0 },
    ] as const)
      earlier.set(cell.kind, (await run(cell)) as ProfileResult | BaseResult);
  });

  it.each(['sft', 'pivotrl', 'end-to-end'] as const)(
    'of %s gives the same result twice, whatever ran between',
    async (method) => {
      const cell = {
        kind: 'run',
        world: 'helpdesk',
        method,
        seed: 0,
        learningRate: 1e-3,
        klWeight: 0,
      } as const;
      const first = await run(cell);
      await run({ kind: 'profile', world: 'helpdesk', seed: 1 });
      expect(JSON.stringify(await run(cell))).toBe(JSON.stringify(first));
      expect(first).toMatchObject({ kind: 'run', method });
    },
  );

  it('leaves the model and the memory as they were', async () => {
    const tf = await import('@tensorflow/tfjs');
    const cell = { kind: 'run', world: 'helpdesk', method: 'pivotrl', seed: 0, learningRate: 1e-3 } as const;
    await run({ ...cell, klWeight: 0.1 });
    const before = tf.memory().numTensors;
    await run({ ...cell, klWeight: 0.1 });
    expect(tf.memory().numTensors).toBe(before);
    const base = (await run({ kind: 'base', world: 'helpdesk' })) as BaseResult;
    expect(base.heldOut).toEqual((earlier.get('base') as BaseResult).heldOut);
  });
});
