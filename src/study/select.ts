/** From a study's results to the numbers of one method: its reported runs, one a seed, and their outcomes. Pure. */
import { cellKey, chosenTrial } from './cells.ts';
import type { MethodName } from './plan.ts';
import type { HeldOut, Measured, Outcomes, RunResult, StudyResults } from './results.ts';
import type { Values } from './bootstrap.ts';

export type Temperature = keyof Measured;
export type Row = 'base' | MethodName;

/** The runs that stand for a method in a world: those with the settings that the method’s search chose; fewer while it runs. */
export function runsOf({ plan, runs }: StudyResults, world: string, method: MethodName): RunResult[] {
  const byKey = new Map(runs.map((run) => [cellKey(run), run]));
  const trial = chosenTrial(plan, method, byKey);
  if (!trial) return [];
  return plan.seeds.flatMap((seed) => {
    const run = byKey.get(cellKey({ kind: 'run', world, method, seed, ...trial }));
    return run ? [run] : [];
  });
}

/** Held-out measurements of a row in a world, one a seed; the base has one. */
export function heldOutOf(results: StudyResults, world: string, row: Row): HeldOut[] {
  if (row === 'base')
    return results.base.filter((base) => base.world === world).map(({ heldOut }) => heldOut);
  return runsOf(results, world, row).map(({ heldOut }) => heldOut);
}

export const valuesOf = (outcomes: readonly Outcomes[]): Values =>
  outcomes.map((own) => Array.from(own, (outcome) => (outcome === '1' ? 1 : 0)));

/** Success on held-out tasks, [S][N]; empty where there is no run yet. */
export function successOf(results: StudyResults, world: string, row: Row, at: Temperature): Values {
  return valuesOf(heldOutOf(results, world, row).map(({ episodes }) => episodes[at]));
}

/** Whether the world's verifier accepts the action on each held-out turn, [S][N]. */
export function acceptedOf(results: StudyResults, world: string, row: Row, at: Temperature): Values {
  return valuesOf(heldOutOf(results, world, row).map(({ turns }) => turns[at]));
}

/** Answers to one skill's questions after training in a world, [S][N]. */
export function skillOf(
  results: StudyResults,
  world: string,
  row: Row,
  skill: string,
  at: Temperature,
): Values {
  return valuesOf(heldOutOf(results, world, row).map(({ skills }) => skills[skill]![at]));
}

/** Share of validation tasks solved by the last checkpoint, which nothing selected, one a seed; the base has one. */
export function validationOfLast(results: StudyResults, world: string, row: Row): number[] {
  if (row === 'base')
    return results.base.filter((base) => base.world === world).map(({ start }) => start.validation);
  return runsOf(results, world, row).map(({ curve }) => curve.at(-1)!.validation);
}

/** Names of the skills that were asked, in order. */
export function skillNames({ base }: StudyResults): string[] {
  return Object.keys(base[0]?.heldOut.skills ?? {});
}
