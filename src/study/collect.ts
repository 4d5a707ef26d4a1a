/** From the cells of a study, whichever there are, to the results that the report is made from. Pure. */
import { isPivot, kindOf, turnStatistics } from '../pivot/filter.ts';
import type { Plan } from './plan.ts';
import type {
  BaseResult,
  CellResult,
  ProfileCounts,
  ProfileResult,
  RunResult,
  StudyResults,
} from './results.ts';

/** The results as the report reads them: profiles as counts, in the plan's order whatever order they came in. */
export function collect(plan: Plan, results: ReadonlyMap<string, CellResult>): StudyResults {
  const all = [...results].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, result]) => result);
  const ofKind = <Kind extends CellResult['kind']>(kind: Kind) =>
    all.filter((result): result is Extract<CellResult, { kind: Kind }> => result.kind === kind);
  return {
    plan,
    base: ofKind('base') satisfies BaseResult[],
    profiles: ofKind('profile').map((profile) => countProfile(profile, plan.budgets.maxMean)),
    runs: ofKind('run') satisfies RunResult[],
  };
}

function countProfile(profile: ProfileResult, maxMean: number): ProfileCounts {
  const { kind, world, seed, rolloutTurns, turns } = profile;
  const statistics = turns.map(({ rewards }) => turnStatistics(rewards));
  const accepted = turns.filter((turn) => turn.accepted.length > 0);
  const isAsked = turns.every(({ isDemonstrated }) => isDemonstrated !== undefined);
  const count = (wanted: string) => statistics.filter((turn) => kindOf(turn) === wanted).length;
  return {
    kind,
    world,
    seed,
    rolloutTurns,
    profiled: turns.length,
    allFail: count('all-fail'),
    mixed: count('mixed'),
    allPass: count('all-pass'),
    pivots: statistics.filter((turn) => isPivot(turn, maxMean)).length,
    accepted: accepted.length,
    demonstrated: isAsked ? accepted.filter(({ isDemonstrated }) => isDemonstrated).length : null,
  };
}
