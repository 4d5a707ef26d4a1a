/**
 * A study's results as the paper's tables, each beside the paper's numbers, in points (percent). Pure: the same results
 * give the same tables, complete or not; a cell without results is null. Drawing them is the page's or `text.ts`.
 */
import { mean } from '../base/statistics.ts';
import { estimateDifference, estimateMean, type Estimate } from './bootstrap.ts';
import { matchedCost, rewardDeviations } from './curves.ts';
import {
  paperAblation,
  paperEfficiency,
  paperInDomain,
  paperNoSignal,
  paperOutOfDomain,
  paperOutOfDomainMean,
  paperSelection,
  paperSkills,
} from './paper.ts';
import type { MethodName } from './plan.ts';
import { knownTable, searchTable, turnsTable } from './own-tables.ts';
import type { StudyResults } from './results.ts';
import { runsOf, skillNames, skillOf, successOf, type Row, type Temperature } from './select.ts';
import { exactly, points, titleOf, worldTitle, type Table } from './table.ts';

/** Success of a row, mean over worlds; null until every world has a run. */
function success(
  results: StudyResults,
  worlds: readonly string[],
  row: Row,
  at: Temperature,
): Estimate | null {
  const groups = worlds.map((world) => successOf(results, world, row, at));
  return groups.every((values) => values.length) ? points(estimateMean(groups)) : null;
}

/** Change of skills against the base, mean over worlds and skills; null until every world has a run. */
function change(
  results: StudyResults,
  worlds: readonly string[],
  row: Row,
  skills: readonly string[],
  at: Temperature,
): Estimate | null {
  const pairs = worlds.flatMap((world) =>
    skills.map((skill) => ({
      a: skillOf(results, world, row, skill, at),
      b: skillOf(results, world, 'base', skill, at),
    })),
  );
  if (!pairs.length || !pairs.every(({ a, b }) => a.length && b.length)) return null;
  return points(estimateDifference(pairs));
}

/** Table 0: turns without a signal under π₀. */
export function table0({ plan, profiles }: StudyResults): Table {
  return {
    name: 'Table 0',
    title: 'Demonstrated turns under the base model',
    columns: ['All-fail', 'Mixed', 'All-pass', 'No signal', 'Pivots', 'Strict suffices'],
    rows: plan.worlds.map((world) => {
      const own = profiles.filter((profile) => profile.world === world);
      const share = (count: (profile: (typeof own)[number]) => number, paper: number | null = null) => ({
        ours: own.length
          ? exactly(100 * mean(own.map((profile) => count(profile) / profile.profiled)))
          : null,
        paper,
      });
      return {
        label: worldTitle(world),
        cells: [
          share(({ allFail }) => allFail),
          share(({ mixed }) => mixed),
          share(({ allPass }) => allPass),
          share(
            ({ allFail, allPass }) => allFail + allPass,
            world === 'helpdesk' || world === 'repair' ? paperNoSignal : null,
          ),
          share(({ pivots }) => pivots),
          {
            ours:
              own.every(({ demonstrated }) => demonstrated !== null) && own.length
                ? exactly(
                    100 *
                      mean(own.map(({ demonstrated, accepted }) => demonstrated! / Math.max(1, accepted))),
                  )
                : null,
            paper: null,
          },
        ],
      };
    }),
    note: `Percent of turns by their ${plan.budgets.profileSamples} rewards; turns whose rewards are all equal carry no signal. Pivots are what the filter keeps: the more it keeps, the less it can help. Strict suffices: of the turns with an accepted sample, those where one is the demonstrated action itself; the more, the less a functional reward can add.`,
  };
}

/** Table 1: success on held-out tasks. */
export function table1(results: StudyResults, at: Temperature): Table {
  const { worlds, methods: run } = results.plan;
  const main: Row[] = ['base', 'sft', 'pivotrl'];
  const rows: Row[] = [...main, ...run.filter((method) => !main.includes(method))];
  return {
    name: 'Table 1',
    title: `In domain: held-out tasks solved, ${at === 'sampled' ? 'sampled at T = 1' : 'greedy'}`,
    columns: [...worlds.map(worldTitle), 'Mean'],
    rows: rows.map((row) => ({
      label: titleOf(row),
      cells: [
        ...worlds.map((world) => ({
          ours: success(results, [world], row, at),
          paper: paperInDomain[world]?.[row as 'base'] ?? null,
        })),
        {
          ours: success(results, worlds, row, at),
          paper: main.includes(row)
            ? mean(Object.values(paperInDomain).map((numbers) => numbers[row as 'base']))
            : null,
        },
      ],
    })),
    note: 'Percent, with 95 % bootstrap intervals over seeds and tasks. The paper has the first three rows only.',
  };
}

/** Table 2: change of the skills, mean over the training worlds. */
export function table2(results: StudyResults, at: Temperature): Table {
  const { worlds, methods: run } = results.plan;
  const skills = skillNames(results);
  return {
    name: 'Table 2',
    title: `Out of domain: change of skills, ${at === 'sampled' ? 'sampled at T = 1' : 'greedy'}`,
    columns: ['Base', ...run.map(titleOf)],
    rows: [...skills.map((skill) => [skill]), skills].map((asked, index) => {
      const isMean = index === skills.length;
      const benchmark = paperSkills[asked[0]!] ?? '';
      const paper = isMean ? paperOutOfDomainMean : paperOutOfDomain[benchmark];
      const base = asked.map((skill) => skillOf(results, worlds[0]!, 'base', skill, at));
      return {
        label: isMean ? 'Mean' : `${asked[0]} (${benchmark})`,
        cells: [
          {
            ours: base.length && base.every((values) => values.length) ? points(estimateMean(base)) : null,
            paper: paper?.base ?? null,
          },
          ...run.map((method) => ({
            ours: change(results, worlds, method, asked, at),
            paper: paper?.[method as 'sft'] ?? null,
          })),
        ],
      };
    }),
    note: 'Base in percent, the others as change in points, mean over the worlds trained in.',
  };
}

/** Table 3: change of the skills by training world. */
export function table3(results: StudyResults, at: Temperature): Table {
  const { worlds, methods: run } = results.plan;
  const skills = skillNames(results);
  return {
    name: 'Table 3',
    title: `Change of skills by training world, ${at === 'sampled' ? 'sampled at T = 1' : 'greedy'}`,
    columns: [...skills, 'Mean'],
    rows: worlds.flatMap((world) =>
      run
        .filter((method) => method === 'sft' || method === 'pivotrl')
        .map((method) => ({
          label: `${worldTitle(world)}, ${titleOf(method)}`,
          cells: [...skills.map((skill) => [skill]), skills].map((asked) => ({
            ours: change(results, [world], method, asked, at),
            // Only single numbers of the paper's table are known to us, of other skills than these means.
            paper: null,
          })),
        })),
    ),
    note: 'Points. Of the paper’s table we know single numbers only: after terminal training AIME25 falls by 64.48 under SFT and by 3.12 under PivotRL.',
  };
}

function byRow(
  results: StudyResults,
  rows: readonly Row[],
  paper: Record<string, number>,
  words: Pick<Table, 'name' | 'title' | 'note'>,
): Table {
  const { worlds, methods: run } = results.plan;
  return {
    ...words,
    columns: ['Helpdesk in the paper’s place', 'Mean of worlds', 'Mean of worlds, greedy'],
    rows: rows
      .filter((row) => row === 'base' || run.includes(row))
      .map((row) => ({
        label: titleOf(row),
        cells: [
          {
            ours: worlds.includes('helpdesk') ? success(results, ['helpdesk'], row, 'sampled') : null,
            paper: paper[row] ?? null,
          },
          { ours: success(results, worlds, row, 'sampled'), paper: null },
          { ours: success(results, worlds, row, 'greedy'), paper: null },
        ],
      })),
  };
}

/** Table 4: what each part of the method is worth. */
export function table4(results: StudyResults): Table {
  const rows: Row[] = [
    'pivotrl',
    'no-filter',
    'strict-reward',
    'random-reward',
    'rejection',
    'end-to-end',
    'sft',
    'base',
  ];
  return byRow(results, rows, paperAblation, {
    name: 'Table 4',
    title: 'Ablation and controls: held-out tasks solved',
    note: 'Percent. The paper ablates on τ²-Bench; random reward, rejection fine-tuning and end-to-end RL are controls of ours.',
  });
}

/** Table 6: which turns are trained on. */
export function table6(results: StudyResults): Table {
  return byRow(results, ['base', 'sft', 'no-filter', 'mixed-only', 'pivotrl'], paperSelection, {
    name: 'Table 6',
    title: 'Selection: held-out tasks solved',
    note: 'Percent. Random turns, mixed turns, mixed turns with a mean below λ.',
  });
}

/** Fig. 1: what PivotRL and end-to-end RL need for the same success. */
export function figure1(results: StudyResults): Table {
  const { worlds } = results.plan;
  return {
    name: 'Fig. 1',
    title: 'PivotRL and end-to-end RL at the same validation success',
    columns: ['Success', 'Turns, PivotRL', 'Turns, end-to-end', 'Ratio of turns', 'Ratio of wall-clock'],
    rows: worlds.map((world) => {
      const of = (method: MethodName) => runsOf(results, world, method);
      const turns = matchedCost(of('pivotrl'), of('end-to-end'), 'rolloutTurns');
      const time = matchedCost(of('pivotrl'), of('end-to-end'), 'trainedMs');
      const isPapers = world === 'repair';
      const plain = (value: number | undefined) => ({
        ours: value === undefined ? null : exactly(value),
        paper: null,
      });
      return {
        label: worldTitle(world),
        cells: [
          plain(turns ? 100 * turns.success : undefined),
          plain(turns?.cost),
          plain(turns?.otherCost),
          { ours: turns?.ratio ?? null, paper: isPapers ? paperEfficiency.rolloutTurns : null },
          { ours: time?.ratio ?? null, paper: isPapers ? paperEfficiency.wallClock : null },
        ],
      };
    }),
    note: 'Rollout turns include the profile. Above 1: end-to-end RL needs more. Empty: one of them never got better than the base model.',
  };
}

/** Steps in a window of Fig. 3. */
export const WINDOW_STEPS = 10;

/** Fig. 3: deviation of rewards over training. */
export function figure3(results: StudyResults): Table {
  const { worlds, methods: run } = results.plan;
  const shown = (['pivotrl', 'mixed-only', 'no-filter'] as MethodName[]).filter((name) => run.includes(name));
  const rows = worlds.flatMap((world) =>
    shown.map((method) => ({
      label: `${worldTitle(world)}, ${titleOf(method)}`,
      values: rewardDeviations(runsOf(results, world, method), WINDOW_STEPS),
    })),
  );
  const windows = Math.max(1, ...rows.map(({ values }) => values.length));
  return {
    name: 'Fig. 3',
    title: 'Deviation of rewards within a group over training',
    columns: Array.from(
      { length: windows },
      (_, index) => `Steps ${index * WINDOW_STEPS + 1}–${(index + 1) * WINDOW_STEPS}`,
    ),
    rows: rows.map(({ label, values }) => ({
      label,
      cells: Array.from({ length: windows }, (_, index) => ({
        ours: values[index] === undefined ? null : exactly(values[index]),
        paper: null,
      })),
    })),
    note: 'Population deviation, mean over groups. In the paper it collapses quickly with random turns and more slowly with pivots.',
  };
}

export function allTables(results: StudyResults): Table[] {
  return [
    table0(results),
    table1(results, 'sampled'),
    table1(results, 'greedy'),
    knownTable(results),
    turnsTable(results, 'sampled'),
    table2(results, 'sampled'),
    table2(results, 'greedy'),
    table3(results, 'greedy'),
    table4(results),
    table6(results),
    figure1(results),
    figure3(results),
    searchTable(results),
  ];
}
