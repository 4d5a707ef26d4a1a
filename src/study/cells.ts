/** The cells of a study, which of them can run now, and which trial of a search won. Pure. */
import type { Plan, Trial } from './plan.ts';
import type { BaseCell, Cell, CellResult, ProfileCell, RunCell, RunResult } from './results.ts';

/** Unique in a study, and good as a file name. */
export function cellKey(cell: Cell): string {
  if (cell.kind === 'base') return `${cell.world}.base`;
  if (cell.kind === 'profile') return `${cell.world}.profile.${cell.seed}`;
  return `${cell.world}.${cell.method}.${cell.seed}.${cell.learningRate}.${cell.klWeight}`;
}

/** Success on validation tasks of the checkpoint that a run is judged by. */
export const validationOf = (run: RunResult): number => run.curve[run.chosen]!.validation;

/** The settings that won the search in a world; null as long as a trial is missing. The first of equals wins. */
export function chosenTrial(
  plan: Plan,
  world: string,
  method: RunCell['method'],
  results: ReadonlyMap<string, CellResult>,
): Trial | null {
  let best: Trial | null = null;
  let bestValidation = -1;
  for (const trial of plan.trials[method]) {
    const run = results.get(cellKey({ kind: 'run', world, method, seed: plan.seeds[0]!, ...trial }));
    if (run?.kind !== 'run') return null;
    if (validationOf(run) > bestValidation) [best, bestValidation] = [trial, validationOf(run)];
  }
  return best;
}

/** All cells in order: what others wait for comes first; runs that wait for a search are left out. */
function knownCells(plan: Plan, results: ReadonlyMap<string, CellResult>): Cell[] {
  const worlds = plan.worlds;
  const profiles = plan.seeds.flatMap((seed) =>
    worlds.map((world): ProfileCell => ({ kind: 'profile', world, seed })),
  );
  const bases = worlds.map((world): BaseCell => ({ kind: 'base', world }));
  const search = plan.methods.flatMap((method) =>
    worlds.flatMap((world) =>
      plan.trials[method].map((trial): RunCell => ({
        kind: 'run',
        world,
        method,
        seed: plan.seeds[0]!,
        ...trial,
      })),
    ),
  );
  const repeats = plan.methods.flatMap((method) =>
    worlds.flatMap((world): RunCell[] => {
      const trial = chosenTrial(plan, world, method, results);
      return trial
        ? plan.seeds.slice(1).map((seed): RunCell => ({ kind: 'run', world, method, seed, ...trial }))
        : [];
    }),
  );
  return [...profiles, ...bases, ...search, ...repeats];
}

/** Cells that have no result and wait for none: a run needs π₀'s score and the profile of its seed. */
export function readyCells(plan: Plan, results: ReadonlyMap<string, CellResult>): Cell[] {
  return knownCells(plan, results).filter((cell) => {
    if (results.has(cellKey(cell))) return false;
    if (cell.kind !== 'run') return true;
    const { world, seed } = cell;
    return (
      results.has(cellKey({ kind: 'base', world })) && results.has(cellKey({ kind: 'profile', world, seed }))
    );
  });
}

/** How many cells a study has in all. */
export function countCells({ worlds, methods, seeds, trials }: Plan): number {
  const runs = methods.reduce((sum, method) => sum + trials[method].length + seeds.length - 1, 0);
  return worlds.length * (seeds.length + 1 + runs);
}
