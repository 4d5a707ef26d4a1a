/** The cells of a study, which of them can run now, and which trial of the search won. Pure. */
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

/** The run of a trial in the search: in the first world with the first seed. */
export const searchCell = (plan: Plan, method: RunCell['method'], trial: Trial): RunCell => ({
  kind: 'run',
  world: plan.worlds[0]!,
  method,
  seed: plan.seeds[0]!,
  ...trial,
});

/** The settings that won a method's search; null as long as a trial is missing. The first of equals wins. */
export function chosenTrial(
  plan: Plan,
  method: RunCell['method'],
  results: ReadonlyMap<string, CellResult>,
): Trial | null {
  const trials = plan.trials[method];
  if (trials.length === 1) return trials[0]!;
  let best: Trial | null = null;
  let bestValidation = -1;
  for (const trial of trials) {
    const run = results.get(cellKey(searchCell(plan, method, trial)));
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
    plan.trials[method].map((trial) => searchCell(plan, method, trial)),
  );
  const searched = new Set(search.map(cellKey));
  const repeats = plan.seeds.flatMap((seed) =>
    worlds.flatMap((world) =>
      plan.methods.flatMap((method): RunCell[] => {
        const trial = chosenTrial(plan, method, results);
        return trial ? [{ kind: 'run', world, method, seed, ...trial }] : [];
      }),
    ),
  );
  return [...profiles, ...bases, ...search, ...repeats.filter((cell) => !searched.has(cellKey(cell)))];
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
  const search = methods.reduce((sum, method) => sum + trials[method].length - 1, 0);
  return worlds.length * (seeds.length + 1 + methods.length * seeds.length) + search;
}
