/**
 * What a model can do: in each world the share of demonstrated turns that its samples never, sometimes or always get
 * right, and of tasks that it solves from start to end, with names and phrasings of training and with new ones; the eight
 * out-of-domain skills; and how well it copies words, which new names take.
 *
 *   npm run measure                                   the built-in model of a million parameters
 *   npm run measure -- --model public/models/fulcrum-small --world shell --world repair
 *   npm run measure -- --turns 300 --episodes 100 --questions 100 --backend webgpu
 *   npm run measure -- --world shell --after pivotrl  after a method has trained it there, as in the quick study
 */
import { parseArgs } from 'node:util';
import { hash32, Random } from '../src/base/random.ts';
import { mean } from '../src/base/statistics.ts';
import type { Split, World } from '../src/environment/environment.ts';
import { listing, lookup, reversing } from '../src/environment/pretraining/copying.ts';
import { skills } from '../src/environment/skills/skills.ts';
import { worlds } from '../src/environment/worlds.ts';
import { playEpisodes } from '../src/session/episodes.ts';
import { judge } from '../src/session/judge.ts';
import { sampleActions } from '../src/session/sample.ts';
import type { Turn } from '../src/session/turns.ts';
import { demonstratedTurns, drawTasks } from '../src/study/data.ts';
import { isAccepted, resetPolicy, type Lab } from '../src/study/lab.ts';
import { successRate } from '../src/study/measure.ts';
import { fullPlan, methodNames, quickPlan, type MethodName } from '../src/study/plan.ts';
import type { Cell, CellResult } from '../src/study/results.ts';
import { runCell } from '../src/study/run.ts';
import { answersTo, askSkills } from '../src/study/skills.ts';
import { openLabInNode } from './lib/study-child.ts';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'public/models/fulcrum-mini' },
    backend: { type: 'string', default: 'wasm' },
    world: { type: 'string', multiple: true },
    turns: { type: 'string', default: '300' },
    episodes: { type: 'string', default: '100' },
    questions: { type: 'string', default: '100' },
    after: { type: 'string' },
  },
});
if (values.after && !(methodNames as string[]).includes(values.after))
  throw new Error(`--after knows ${methodNames.join(', ')}, not ${values.after}.`);
const [turnCount, episodeCount, questionCount] = [values.turns, values.episodes, values.questions].map(Number) as [number, number, number]; // prettier-ignore
const sampling = { temperature: 1, maxNewTokens: fullPlan.budgets.maxNewTokens };
const { maxPromptTokens, profileSamples } = fullPlan.budgets;

const percent = (share: number) => `${(100 * share).toFixed(0)} %`.padStart(5);
const row = (...cells: (string | number)[]) => console.log(`| ${cells.join(' | ')} |`);

/** What a turn asks for: the tool, and of a shell its program. */
function kindOfStep({ expected }: Turn): string {
  if (expected.kind === 'message') return 'message';
  const { name, arguments: given } = expected.calls[0]!;
  const command = given?.command;
  return typeof command === 'string' ? `${name} ${command.split(' ')[0]}` : name;
}

/** Successes among K samples of each turn. */
async function profileTurns(lab: Lab, world: World, turns: Turn[]): Promise<number[]> {
  const rollouts = await sampleActions(
    lab,
    {
      prompts: turns.map(({ promptIds }) => promptIds),
      promptSeeds: turns.map(({ candidateId }) => hash32('measure', candidateId)),
      samplesPerPrompt: profileSamples,
    },
    sampling,
  );
  const judged = await judge(turns, rollouts, lab.codec, world.verifier, lab.verify);
  return judged.map(
    (samples, p) => samples.filter(({ verdict }) => isAccepted(turns[p]!, verdict.reward)).length,
  );
}

async function measureWorld(lab: Lab, world: World): Promise<void> {
  const turns = await demonstratedTurns(world, 'train', 'measure', turnCount, lab.codec, maxPromptTokens);
  const right = await profileTurns(lab, world, turns);
  const shares = (counts: number[]) => [
    percent(mean(counts.map((count) => (count === 0 ? 1 : 0)))),
    percent(mean(counts.map((count) => (count > 0 && count < profileSamples ? 1 : 0)))),
    percent(mean(counts.map((count) => (count === profileSamples ? 1 : 0)))),
    percent(mean(counts) / profileSamples),
  ];
  const prompts = turns.map(({ promptIds }) => promptIds.length);
  const length = turns.length / new Set(turns.map(({ trajectoryId }) => trajectoryId)).size;
  console.log(
    `\n${world.title}: ${turns.length} demonstrated turns of training tasks, ${length.toFixed(1)} a trajectory, ` +
      `prompts of ${mean(prompts).toFixed(0)} tokens, at most ${Math.max(...prompts)}; K = ${profileSamples}.\n`,
  );
  row('step', 'turns', 'all fail', 'mixed', 'all pass', 'right');
  row('---', '---:', '---:', '---:', '---:', '---:');
  row('all', turns.length, ...shares(right));
  const byKind = new Map<string, number[]>();
  turns.forEach((turn, index) => {
    const kind = kindOfStep(turn);
    byKind.set(kind, [...(byKind.get(kind) ?? []), index]);
  });
  for (const [kind, indexes] of [...byKind].sort(([, a], [, b]) => b.length - a.length))
    row(kind, indexes.length, ...shares(indexes.map((index) => right[index]!)));

  console.log(`\n${episodeCount} tasks each, T = 1.\n`);
  row('names', 'phrasings', 'solved', 'turns a task');
  row('---', '---', '---:', '---:');
  const splits: Split[] = ['train', 'heldout'];
  for (const names of splits)
    for (const phrasings of splits) {
      const tasks = drawTasks(world, names, 'measure', episodeCount);
      const told: World = { ...world, reset: (task) => world.reset(task, phrasings) };
      const played = await playEpisodes(lab, told, tasks, 'measure', { ...sampling, maxPromptTokens });
      const solved = mean(played.map(({ isSuccess }) => (isSuccess ? 1 : 0)));
      const steps = mean(played.map(({ turns }) => turns.length));
      row(splitTitles[names], splitTitles[phrasings], percent(solved), steps.toFixed(1));
    }
}

const splitTitles = { train: 'of training', heldout: 'new' };

/** The model as a method of the quick study leaves it in this world, with the first seed. */
async function trainIn(lab: Lab, world: World, method: MethodName): Promise<void> {
  const { budgets, trials } = quickPlan;
  const run = (cell: Cell): Promise<CellResult> => runCell(lab, budgets, cell, run, () => {});
  await run({ kind: 'run', world: world.name, method, seed: 0, ...trials[method][0]! });
}

/** Exercises of pretraining that were never seen, most words coined: greedy answers that are right to the letter. */
async function measureCopying(lab: Lab): Promise<void> {
  console.log(`\nCopying, ${questionCount} exercises each, greedy.\n`);
  row('exercise', 'right');
  row('---', '---:');
  for (const [title, draw] of Object.entries({ List: listing, 'Look up': lookup, Reverse: reversing })) {
    const asked = Array.from({ length: questionCount }, (_, i) => draw(new Random('measure').fork(title, i)));
    const answers = await answersTo(
      lab,
      asked.map(({ question }) => question),
      asked.map((_, i) => i),
      { temperature: 0, maxNewTokens: sampling.maxNewTokens },
    );
    const right = asked.map(({ answer }, i) => answers[i]!.text === answer);
    row(title, percent(mean(right.map(Number))));
  }
}

const { lab } = await openLabInNode({
  backend: values.backend as 'wasm' | 'webgpu',
  threads: 1,
  model: values.model,
  budgets: fullPlan.budgets,
});
for (const world of worlds) {
  if (values.world && !values.world.includes(world.name)) continue;
  if (values.after) await trainIn(lab, world, values.after as MethodName);
  await measureWorld(lab, world);
  if (values.after) resetPolicy(lab);
}
if (questionCount) {
  console.log(`\nSkills, ${questionCount} held-out exercises each.\n`);
  row('skill', 'stands for', 'greedy', 'T = 1');
  row('---', '---', '---:', '---:');
  const [greedy, sampled] = [await askSkills(lab, questionCount, 0), await askSkills(lab, questionCount, 1)];
  for (const { name, title, standsFor } of skills)
    row(title, standsFor, percent(successRate(greedy[name]!)), percent(successRate(sampled[name]!)));
  await measureCopying(lab);
}
process.exit(0);
