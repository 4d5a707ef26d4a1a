/**
 * One cell of a study from π₀ to its result: the frame that all methods share. Train, validate now and then, keep the
 * checkpoint that does best on validation tasks, measure that one on held-out tasks. Which cells there are is `cells.ts`.
 *
 * The same cell gives the same result on the same backend, whatever ran before it.
 */
import { AppError } from '../base/errors.ts';
import type { World } from '../environment/environment.ts';
import { worldNamed } from '../environment/worlds.ts';
import {
  disposePolicy,
  freezePolicy,
  snapshotPolicy,
  trainedParameters,
  restoreParameters,
} from '../model/policy.ts';
import { createAdamW } from '../train/optimizer.ts';
import { demonstratedTurns } from './data.ts';
import { configOf, resetPolicy, type Lab } from './lab.ts';
import { measureHeldOut, validate } from './measure.ts';
import type { Trainer } from './methods/method.ts';
import { methods } from './methods/methods.ts';
import { methodTitles, type Budgets } from './plan.ts';
import { profileTurns } from './profile.ts';
import type {
  BaseCell,
  BaseResult,
  Cell,
  CellResult,
  CurvePoint,
  ProfileCell,
  ProfileResult,
  RunCell,
  RunResult,
  StepPoint,
} from './results.ts';

/** What a cell is doing and, where known, how much of it is done (0 … 1). */
export type OnProgress = (detail: string, fraction: number) => void;

/** Results of cells that this one builds on. */
export type Earlier = (cell: Cell) => Promise<CellResult>;

/** @throws AppError `world-unknown`, and whatever the backend throws */
export async function runCell(
  lab: Lab,
  budgets: Budgets,
  cell: Cell,
  earlier: Earlier,
  onProgress: OnProgress,
): Promise<CellResult> {
  const world = worldNamed(cell.world);
  if (!world)
    throw new AppError(
      'world-unknown',
      `There is no world called “${cell.world}”.`,
      'Leave it out of the plan.',
    );
  const began = lab.now();
  resetPolicy(lab);
  const result = await (cell.kind === 'base'
    ? runBase(lab, budgets, cell, world, onProgress)
    : cell.kind === 'profile'
      ? runProfile(lab, budgets, cell, world, onProgress)
      : runMethod(lab, budgets, cell, world, earlier, onProgress));
  return { ...result, seconds: (lab.now() - began) / 1000 } as CellResult;
}

type Unfinished<Result> = Omit<Result, 'seconds'>;

/** Turns of a seed's demonstrations; the same for every method. */
const turnsOfSeed = (lab: Lab, world: World, seed: number, budgets: Budgets) =>
  demonstratedTurns(
    world,
    'train',
    `demonstrations ${seed}`,
    budgets.demonstratedTurns,
    lab.codec,
    budgets.maxPromptTokens,
  );

async function runBase(
  lab: Lab,
  budgets: Budgets,
  cell: BaseCell,
  world: World,
  onProgress: OnProgress,
): Promise<Unfinished<BaseResult>> {
  const config = configOf(budgets, 'base');
  onProgress('Validating the base model', 0);
  const start = await validate(lab, world, budgets, config);
  onProgress('Measuring the base model on held-out tasks', 0.3);
  return { ...cell, start, heldOut: await measureHeldOut(lab, world, budgets, config) };
}

async function runProfile(
  lab: Lab,
  budgets: Budgets,
  cell: ProfileCell,
  world: World,
  onProgress: OnProgress,
): Promise<Unfinished<ProfileResult>> {
  const config = configOf(budgets, `seed ${cell.seed}`);
  onProgress('Profiling demonstrated turns', 0);
  const turns = await turnsOfSeed(lab, world, cell.seed, budgets);
  const began = lab.now();
  const profiled = await profileTurns(lab, turns, world.verifier, budgets.poolFloor, config);
  return {
    ...cell,
    candidates: turns.length,
    turns: profiled,
    rolloutTurns: profiled.length * config.profileSamples,
    milliseconds: lab.now() - began,
  };
}

async function runMethod(
  lab: Lab,
  budgets: Budgets,
  cell: RunCell,
  world: World,
  earlier: Earlier,
  onProgress: OnProgress,
): Promise<Unfinished<RunResult>> {
  const method = methods[cell.method];
  const { learningRate, klWeight } = cell;
  const config = configOf(budgets, `seed ${cell.seed}`, {
    learningRate,
    klWeight,
    passTokens: lab.passTokens,
  });
  const base = (await earlier({ kind: 'base', world: cell.world })) as BaseResult;
  const profile = (await earlier({ kind: 'profile', world: cell.world, seed: cell.seed })) as ProfileResult;
  const turns = await turnsOfSeed(lab, world, cell.seed, budgets);
  const optimizer = createAdamW(trainedParameters(lab.policy), { weightDecay: config.weightDecay });
  const reference = klWeight > 0 ? { policy: freezePolicy(lab.policy) } : null;
  try {
    const trainer = method.start({ lab, world, budgets, config, optimizer, reference, turns, profile });
    const spent = { rolloutTurns: 0, trainedTokens: 0, trainedMs: 0 };
    if (method.usesProfile) {
      spent.rolloutTurns = profile.rolloutTurns;
      spent.trainedMs = profile.milliseconds;
    }
    const curve: CurvePoint[] = [{ step: 0, epoch: 0, ...spent, ...base.start }];
    const steps: StepPoint[] = [];
    let chosen = 0;
    let best = await snapshotPolicy(lab.policy);
    let stoppedBecause: RunResult['stoppedBecause'] = trainer.steps ? 'budget' : 'nothing-to-train-on';
    for (let done = 1; done <= trainer.steps; done++) {
      onProgress(
        `${methodTitles[cell.method]}: step ${done} of ${trainer.steps}`,
        (0.9 * done) / trainer.steps,
      );
      const began = lab.now();
      const report = await stepUnlessDiverged(trainer, done - 1);
      if (!report) {
        stoppedBecause = 'diverged';
        break;
      }
      const { rolloutTurns, trainedTokens, ...point } = report;
      spent.trainedMs += lab.now() - began;
      spent.rolloutTurns += rolloutTurns;
      spent.trainedTokens += trainedTokens;
      steps.push(point);
      const isSpent = trainer.isSpent();
      if (isSpent || trainer.isDue(done)) {
        const validated = await validate(lab, world, budgets, config);
        // π₀ is nobody's result: the best of the trained checkpoints counts, however bad it is.
        if (curve.length === 1 || validated.validation > curve[chosen]!.validation) {
          chosen = curve.length;
          best = await snapshotPolicy(lab.policy);
        }
        curve.push({ step: done, epoch: trainer.epochAfter(done), ...spent, ...validated });
      }
      if (isSpent) {
        stoppedBecause = 'signal-spent';
        break;
      }
    }
    restoreParameters(trainedParameters(lab.policy), best);
    onProgress(`${methodTitles[cell.method]}: measuring on held-out tasks`, 0.9);
    const heldOut = await measureHeldOut(lab, world, budgets, config);
    return { ...cell, pool: trainer.pool, curve, chosen, steps, stoppedBecause, heldOut };
  } finally {
    optimizer.dispose();
    if (reference) disposePolicy(reference.policy);
  }
}

/** A step; null where it left numbers that are not finite, after which the model is as before. */
async function stepUnlessDiverged(trainer: Trainer, index: number) {
  try {
    return await trainer.step(index);
  } catch (error) {
    if (error instanceof AppError && /^(gradient|loss)-not-finite$/.test(error.code)) return null;
    throw error;
  }
}
