/** Scores a policy: validation while it trains, held-out tasks, turns and skills once it has. Trains nothing. */
import { hash32 } from '../base/random.ts';
import { mean } from '../base/statistics.ts';
import type { RunConfig } from '../config/schema.ts';
import type { World } from '../environment/environment.ts';
import { playEpisodes } from '../session/episodes.ts';
import { judge } from '../session/judge.ts';
import { sampleActions } from '../session/sample.ts';
import type { Turn } from '../session/turns.ts';
import { demonstratedTurns, drawTasks } from './data.ts';
import { isAccepted, type Lab } from './lab.ts';
import type { Budgets } from './plan.ts';
import type { HeldOut, Measured, Outcomes, Validation } from './results.ts';
import { askSkills } from './skills.ts';

export const successRate = (outcomes: Outcomes): number =>
  mean(Array.from(outcomes, (outcome) => (outcome === '1' ? 1 : 0)));

const outcomesOf = (successes: boolean[]): Outcomes =>
  successes.map((success) => (success ? '1' : '0')).join('');

/** On tasks of the training split that no method trains on. */
export async function validate(
  lab: Lab,
  world: World,
  budgets: Budgets,
  config: RunConfig,
): Promise<Validation> {
  const tasks = drawTasks(world, 'train', 'validation', budgets.validationEpisodes);
  const played = await playEpisodes(lab, world, tasks, 'validation', config);
  const rates = async (temperature: number) =>
    mean(Object.values(await askSkills(lab, budgets.validationQuestions, temperature)).map(successRate));
  return {
    validation: successRate(outcomesOf(played.map(({ isSuccess }) => isSuccess))),
    skills: await rates(1),
    skillsGreedy: await rates(0),
  };
}

/** Everything that a checkpoint is judged by in the end. */
export async function measureHeldOut(
  lab: Lab,
  world: World,
  budgets: Budgets,
  config: RunConfig,
): Promise<HeldOut> {
  const { heldOutTurns, heldOutEpisodes, heldOutQuestions, maxPromptTokens } = budgets;
  const tasks = drawTasks(world, 'heldout', 'held-out', heldOutEpisodes);
  const turns = await demonstratedTurns(
    world,
    'heldout',
    'held-out turns',
    heldOutTurns,
    lab.codec,
    maxPromptTokens,
  );
  const episodes = async (temperature: number) => {
    const played = await playEpisodes(lab, world, tasks, 'held-out', { ...config, temperature });
    return outcomesOf(played.map(({ isSuccess }) => isSuccess));
  };
  const twice = async (score: (temperature: number) => Promise<Outcomes>): Promise<Measured> => ({
    sampled: await score(1),
    greedy: await score(0),
  });
  const sampled = await askSkills(lab, heldOutQuestions, 1);
  const greedy = await askSkills(lab, heldOutQuestions, 0);
  return {
    episodes: await twice(episodes),
    turns: await twice((temperature) => scoreTurns(lab, world, turns, { ...config, temperature })),
    skills: Object.fromEntries(
      Object.keys(sampled).map((skill) => [skill, { sampled: sampled[skill]!, greedy: greedy[skill]! }]),
    ),
  };
}

async function scoreTurns(lab: Lab, world: World, turns: Turn[], config: RunConfig): Promise<Outcomes> {
  const rollouts = await sampleActions(
    lab,
    {
      prompts: turns.map(({ promptIds }) => promptIds),
      promptSeeds: turns.map(({ candidateId }) => hash32('held-out turn', candidateId)),
      samplesPerPrompt: 1,
    },
    config,
  );
  const judged = await judge(turns, rollouts, lab.codec, world.verifier, lab.verify);
  return outcomesOf(judged.map(([sample], index) => isAccepted(turns[index]!, sample!.verdict.reward)));
}
