/**
 * The paper's claims, and the aims set before any method was run, each against a study: *holds* where the whole interval
 * lies on the claimed side of the bound, *does not hold* where it lies on the other, *within noise* where the bound is
 * inside. Pure. A claim that fails is a finding: it is kept and shown like the others.
 */
import { mean } from '../base/statistics.ts';
import {
  estimateDifference,
  estimateShares,
  percentileInterval,
  seedInterval,
  type Estimate,
  type Values,
} from './bootstrap.ts';
import { matchedCost, windowMean, type Axis } from './curves.ts';
import {
  paperAblation,
  paperEfficiency,
  paperInDomain,
  paperNoSignal,
  paperOutOfDomainMean,
} from './paper.ts';
import type { MethodName } from './plan.ts';
import type { StudyResults } from './results.ts';
import { acceptedOf, runsOf, skillNames, skillOf, successOf, validationOfLast, type Row } from './select.ts';
import { points } from './table.ts';

export type Verdict = 'holds' | 'does not hold' | 'within noise' | 'not measured';

export interface Claim {
  id: string;
  /** Who says so: the paper, or an aim or question of ours. */
  from: 'paper' | 'ours';
  statement: string;
  /** In `unit`; null: not measured yet. */
  ours: Estimate | null;
  paper: number | null;
  unit: 'points' | 'ratio' | 'percent' | 'deviation';
  /** The claimed values are above `min` and below `max`. */
  min: number;
  max: number;
  verdict: Verdict;
}

/** Where an interval lies against the claimed range. */
export function verdictOf(ours: Estimate | null, min: number, max: number): Verdict {
  if (!ours) return 'not measured';
  if (ours.low > min && ours.high < max) return 'holds';
  if (ours.high < min || ours.low > max) return 'does not hold';
  return 'within noise';
}

type Unjudged = Omit<Claim, 'verdict' | 'min' | 'max'> & { min?: number; max?: number };

const judged = ({ min = -Infinity, max = Infinity, ...claim }: Unjudged): Claim => ({
  ...claim,
  min,
  max,
  verdict: verdictOf(claim.ours, min, max),
});

function difference(pairs: readonly { a: Values; b: Values }[]): Estimate | null {
  const isComplete = pairs.length > 0 && pairs.every(({ a, b }) => a.length && b.length);
  return isComplete ? points(estimateDifference(pairs)) : null;
}

export function allClaims(results: StudyResults): Claim[] {
  const { worlds, methods } = results.plan;
  const inDomain = (a: Row, b: Row, of: readonly string[] = worlds) =>
    difference(
      of.map((world) => ({
        a: successOf(results, world, a, 'sampled'),
        b: successOf(results, world, b, 'sampled'),
      })),
    );
  const outOfDomain = (a: Row, b: Row) =>
    difference(
      worlds.flatMap((world) =>
        skillNames(results).map((skill) => ({
          a: skillOf(results, world, a, skill, 'sampled'),
          b: skillOf(results, world, b, skill, 'sampled'),
        })),
      ),
    );
  const known = (a: Row, b: Row) => {
    const pairs = worlds.map((world) => ({
      a: validationOfLast(results, world, a),
      b: validationOfLast(results, world, b),
    }));
    return pairs.every(({ a, b }) => a.length && b.length)
      ? points(estimateShares(pairs, results.plan.budgets.validationEpisodes))
      : null;
  };
  const paperGain = mean(Object.values(paperInDomain).map(({ sft, pivotrl }) => pivotrl - sft));
  const claims: (Unjudged & { needs: MethodName[] })[] = [
    {
      id: 'table-0',
      from: 'paper',
      statement: 'Most demonstrated turns carry no signal: all their rollouts earn the same.',
      ours: noSignal(results),
      paper: paperNoSignal,
      unit: 'percent',
      min: 50,
      needs: [],
    },
    {
      id: 'pivotrl-over-base',
      from: 'paper',
      statement: 'PivotRL solves more held-out tasks than the base model.',
      ours: inDomain('pivotrl', 'base'),
      paper: mean(Object.values(paperInDomain).map(({ base, pivotrl }) => pivotrl - base)),
      unit: 'points',
      min: 0,
      needs: ['pivotrl'],
    },
    {
      id: 'pivotrl-over-sft',
      from: 'paper',
      statement: 'PivotRL solves at least 4 points more than SFT on the same trajectories, mean over worlds.',
      ours: inDomain('pivotrl', 'sft'),
      paper: paperGain,
      unit: 'points',
      min: 4,
      needs: ['pivotrl', 'sft'],
    },
    ...worlds.flatMap((world) => {
      const numbers = paperInDomain[world];
      if (!numbers) return [];
      const gain = numbers.pivotrl - numbers.sft;
      return {
        id: `pivotrl-over-sft-${world}`,
        from: 'paper' as const,
        statement:
          gain > 0
            ? `In ${world}, PivotRL solves more than SFT.`
            : `In ${world}, SFT solves more than PivotRL.`,
        ours: inDomain('pivotrl', 'sft', [world]),
        paper: gain,
        unit: 'points' as const,
        ...(gain > 0 ? { min: 0 } : { max: 0 }),
        needs: ['pivotrl', 'sft'] as MethodName[],
      };
    }),
    {
      id: 'ood-pivotrl',
      from: 'paper',
      statement: 'Other skills change by at most 1 point under PivotRL, mean over skills and worlds.',
      ours: outOfDomain('pivotrl', 'base'),
      paper: paperOutOfDomainMean.pivotrl,
      unit: 'points',
      min: -1,
      max: 1,
      needs: ['pivotrl'],
    },
    {
      id: 'ood-sft',
      from: 'paper',
      statement: 'Under SFT other skills lose more than 3 points.',
      ours: outOfDomain('sft', 'base'),
      paper: paperOutOfDomainMean.sft,
      unit: 'points',
      max: -3,
      needs: ['sft'],
    },
    {
      id: 'ood-pivotrl-over-sft',
      from: 'paper',
      statement: 'PivotRL keeps other skills better than SFT.',
      ours: outOfDomain('pivotrl', 'sft'),
      paper: paperOutOfDomainMean.pivotrl - paperOutOfDomainMean.sft,
      unit: 'points',
      min: 0,
      needs: ['pivotrl', 'sft'],
    },
    {
      id: 'filter',
      from: 'paper',
      statement: 'The filter helps: pivots give more than as many random turns.',
      ours: inDomain('pivotrl', 'no-filter'),
      paper: paperAblation['pivotrl']! - paperAblation['no-filter']!,
      unit: 'points',
      min: 0,
      needs: ['pivotrl', 'no-filter'],
    },
    {
      id: 'functional-reward',
      from: 'paper',
      statement: 'The functional reward helps: more than strict match, whole method against r_strict.',
      ours: inDomain('pivotrl', 'strict-reward'),
      paper: paperAblation['pivotrl']! - paperAblation['strict-reward']!,
      unit: 'points',
      min: 0,
      needs: ['pivotrl', 'strict-reward'],
    },
    {
      id: 'low-mean',
      from: 'paper',
      statement: 'Selecting more strictly helps: pivots give more than all mixed turns.',
      ours: inDomain('pivotrl', 'mixed-only'),
      paper: null,
      unit: 'points',
      min: 0,
      needs: ['pivotrl', 'mixed-only'],
    },
    {
      id: 'rollout-turns',
      from: 'paper',
      statement: 'End-to-end RL needs at least 4 × the rollout turns for the same success.',
      ours: matched(results, 'rolloutTurns'),
      paper: paperEfficiency.rolloutTurns,
      unit: 'ratio',
      min: 4,
      needs: ['pivotrl', 'end-to-end'],
    },
    {
      id: 'wall-clock',
      from: 'paper',
      statement: 'End-to-end RL takes longer for the same success.',
      ours: matched(results, 'trainedMs'),
      paper: paperEfficiency.wallClock,
      unit: 'ratio',
      min: 1,
      needs: ['pivotrl', 'end-to-end'],
    },
    {
      id: 'reward-deviation',
      from: 'paper',
      statement:
        'Rewards stay more different within groups of pivots than of random turns, over the steps both made.',
      ours: deviationGap(results),
      paper: null,
      unit: 'deviation',
      min: 0,
      needs: ['pivotrl', 'no-filter'],
    },
    {
      id: 'verifier-matters',
      from: 'ours',
      statement:
        'The gain comes from the verifier: PivotRL solves more than the same training on random rewards.',
      ours: inDomain('pivotrl', 'random-reward'),
      paper: null,
      unit: 'points',
      min: 0,
      needs: ['pivotrl', 'random-reward'],
    },
    {
      id: 'policy-gradient-matters',
      from: 'ours',
      statement:
        'The policy gradient adds to on-policy data: PivotRL solves more than rejection fine-tuning.',
      ours: inDomain('pivotrl', 'rejection'),
      paper: null,
      unit: 'points',
      min: 0,
      needs: ['pivotrl', 'rejection'],
    },
    {
      id: 'known-pivotrl-over-sft',
      from: 'ours',
      statement: 'On new tasks with names seen in training, PivotRL solves more than SFT.',
      ours: known('pivotrl', 'sft'),
      paper: null,
      unit: 'points',
      min: 0,
      needs: ['pivotrl', 'sft'],
    },
    {
      id: 'known-functional-reward',
      from: 'ours',
      statement:
        'On new tasks with names seen in training, random turns give more with the functional reward than with strict match.',
      ours: known('no-filter', 'strict-reward'),
      paper: null,
      unit: 'points',
      min: 0,
      needs: ['no-filter', 'strict-reward'],
    },
    {
      id: 'known-filter',
      from: 'ours',
      statement: 'On new tasks with names seen in training, pivots give more than as many random turns.',
      ours: known('pivotrl', 'no-filter'),
      paper: null,
      unit: 'points',
      min: 0,
      needs: ['pivotrl', 'no-filter'],
    },
    {
      id: 'pivotrl-over-sft-turns',
      from: 'ours',
      statement:
        'Turn by turn PivotRL does better than SFT: the verifier accepts more of its held-out actions.',
      ours: difference(
        worlds.map((world) => ({
          a: acceptedOf(results, world, 'pivotrl', 'sampled'),
          b: acceptedOf(results, world, 'sft', 'sampled'),
        })),
      ),
      paper: null,
      unit: 'points',
      min: 0,
      needs: ['pivotrl', 'sft'],
    },
    {
      id: 'pivotrl-over-end-to-end',
      from: 'ours',
      statement: 'Within its budget PivotRL solves more than end-to-end RL within its own.',
      ours: inDomain('pivotrl', 'end-to-end'),
      paper: null,
      unit: 'points',
      min: 0,
      needs: ['pivotrl', 'end-to-end'],
    },
  ];
  return claims
    .filter(({ needs }) => needs.every((method) => methods.includes(method)))
    .map(({ needs: _, ...claim }) => judged(claim));
}

/** Percent of profiled turns with equal rewards, mean over worlds; the interval is over turns and seeds pooled. */
function noSignal({ plan, profiles }: StudyResults): Estimate | null {
  const groups = plan.worlds.map((world) => profiles.filter((profile) => profile.world === world));
  if (!groups.every((own) => own.length)) return null;
  const counts = groups.map((own) => ({
    all: own.reduce((sum, { profiled }) => sum + profiled, 0),
    flat: own.reduce((sum, { allFail, allPass }) => sum + allFail + allPass, 0),
  }));
  const value = mean(counts.map(({ all, flat }) => flat / all));
  const draw: Parameters<typeof percentileInterval>[1] = (random) =>
    mean(
      counts.map(({ all, flat }) => {
        let drawn = 0;
        for (let n = 0; n < all; n++) if (random.bool(flat / all)) drawn++;
        return drawn / all;
      }),
    );
  return points(percentileInterval(value, draw, 'no signal'));
}

/** Ratio of costs at matched success, geometric mean over the worlds where both methods got better than the base. */
function matched(results: StudyResults, axis: Axis): Estimate | null {
  const ratios = results.plan.worlds.flatMap((world) => {
    const [pivotrl, endToEnd] = (['pivotrl', 'end-to-end'] as const).map((name) =>
      runsOf(results, world, name),
    );
    return matchedCost(pivotrl!, endToEnd!, axis)?.ratio ?? [];
  });
  if (!ratios.length) return null;
  const geometric = (of: (ratio: Estimate) => number) =>
    Math.exp(mean(ratios.map((ratio) => Math.log(Math.max(0, of(ratio))))));
  // The product of the bounds is wider than the interval of the product: worlds count as wrong all at once.
  return {
    value: geometric(({ value }) => value),
    low: geometric(({ low }) => low),
    high: geometric(({ high }) => high),
  };
}

/** Mean reward deviation of PivotRL minus that on random turns, over the steps both made, resampling seeds. */
function deviationGap(results: StudyResults): Estimate | null {
  const gaps = results.plan.worlds.map((world) => {
    const [pivots, random] = (['pivotrl', 'no-filter'] as const).map((name) => runsOf(results, world, name));
    return pivots!.slice(0, random!.length).map((run, seed) => {
      const other = random![seed]!;
      const steps = Math.min(run.steps.length, other.steps.length);
      return windowMean(run, 0, steps) - windowMean(other, 0, steps);
    });
  });
  if (!gaps.every((seeds) => seeds.length)) return null;
  return seedInterval(
    Math.min(...gaps.map((seeds) => seeds.length)),
    mean(gaps.map((seeds) => mean(seeds))),
    (random) => mean(gaps.map((seeds) => mean(seeds.map(() => random.pick(seeds))))),
    'reward deviation',
  );
}
