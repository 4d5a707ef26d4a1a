/**
 * Tables of our own, beside the paper's in `tables.ts`: what is learnt of tasks with known names, what is learnt turn by
 * turn, and the search for settings. Pure.
 */
import { estimateMean, estimateShares, type Estimate } from './bootstrap.ts';
import { cellKey, chosenTrial, searchCell, validationOf } from './cells.ts';
import { paperWorlds } from './paper.ts';
import { methodTitles, trialText, type Plan } from './plan.ts';
import type { RunResult, StudyResults } from './results.ts';
import { acceptedOf, validationOfLast, type Row, type Temperature } from './select.ts';
import { exactly, points, titleOf, worldTitle, type Table } from './table.ts';

/** A row for the base and each method, a column for each world and their mean. */
function byWorld(
  { worlds, methods }: Plan,
  ours: (row: Row, of: readonly string[]) => Estimate | null,
): Pick<Table, 'columns' | 'rows'> {
  return {
    columns: [...worlds.map(worldTitle), 'Mean'],
    rows: (['base', ...methods] as Row[]).map((row) => ({
      label: titleOf(row),
      cells: [...worlds.map((world) => [world]), worlds].map((of) => ({ ours: ours(row, of), paper: null })),
    })),
  };
}

/** New tasks of the training split: what is learnt before new names and phrasings come in. */
export function knownTable(results: StudyResults): Table {
  const { budgets } = results.plan;
  const solved = (row: Row, of: readonly string[]) => {
    const groups = of.map((world) => ({ a: validationOfLast(results, world, row) }));
    return groups.every(({ a }) => a.length)
      ? points(estimateShares(groups, budgets.validationEpisodes))
      : null;
  };
  return {
    name: 'Known names',
    title: 'New tasks of the training split solved, sampled at T = 1',
    ...byWorld(results.plan, solved),
    note: `Percent of ${budgets.validationEpisodes} tasks that no method trains on, with names and phrasings of the training split; held-out tasks have new ones. The last checkpoint of each run, which nothing selected.`,
  };
}

/** Held-out turns: where no whole task is solved yet, the world's verifier still tells methods apart. */
export function turnsTable(results: StudyResults, at: Temperature): Table {
  const accepted = (row: Row, of: readonly string[]) => {
    const groups = of.map((world) => acceptedOf(results, world, row, at));
    return groups.every((values) => values.length) ? points(estimateMean(groups)) : null;
  };
  return {
    name: 'Turns',
    title: `Demonstrated turns of held-out tasks answered rightly, ${at === 'sampled' ? 'sampled at T = 1' : 'greedy'}`,
    ...byWorld(results.plan, accepted),
    note: 'Percent of turns on which the world’s own verifier accepts the action, given the expert’s turns before it. Repair’s verifier reads only the tool’s name.',
  };
}

/** The settings that were tried, by what they solved of the validation tasks. */
export function searchTable(results: StudyResults): Table {
  const { plan, runs } = results;
  const byKey = new Map(runs.map((run): [string, RunResult] => [cellKey(run), run]));
  const tried = new Map(
    plan.methods.flatMap((method) => plan.trials[method].map((trial) => [trialText(trial), trial])),
  );
  const columns = [...tried.keys()].sort(
    (a, b) =>
      tried.get(a)!.klWeight - tried.get(b)!.klWeight ||
      tried.get(a)!.learningRate - tried.get(b)!.learningRate,
  );
  return {
    name: 'Search',
    title: `Learning rates tried: validation tasks solved in ${paperWorlds[plan.worlds[0]!]?.title ?? plan.worlds[0]}, first seed`,
    columns,
    rows: plan.methods.map((method) => {
      const chosen = chosenTrial(plan, method, byKey);
      return {
        label: `${methodTitles[method]}${chosen ? `: ${trialText(chosen)}` : ''}`,
        cells: columns.map((text) => {
          const trial = plan.trials[method].find((own) => trialText(own) === text);
          const run = trial && byKey.get(cellKey(searchCell(plan, method, trial)));
          return { ours: run ? exactly(100 * validationOf(run)) : null, paper: null };
        }),
      };
    }),
    note: `Percent of ${plan.budgets.validationEpisodes} tasks, best checkpoint, the same number of trials for each method; all worlds and seeds run with what is chosen here. β is the weight of the KL to the base model.`,
  };
}
