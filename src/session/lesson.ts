/**
 * One pivot from beginning to end, for whoever wants to see the method happen: find a turn where the model's attempts
 * disagree, reward them, compare them within their group, update, and try the same turn again. Small and forgetful: it
 * stores nothing, and the model it trains is thrown away. Real training is `train.ts`.
 */
import * as tf from '@tensorflow/tfjs';
import { AppError } from '../base/errors.ts';
import { hash32, Random } from '../base/random.ts';
import { untilFailure } from '../compute/backend.ts';
import { disposeBatch, uploadBatch } from '../compute/batch.ts';
import { parseConfig, type RunConfig } from '../config/schema.ts';
import type { World } from '../environment/environment.ts';
import { disposePolicy, trainedParameters, type Policy } from '../model/policy.ts';
import { logProbs } from '../model/transformer.ts';
import { isPivot, turnStatistics } from '../pivot/filter.ts';
import { packGroups } from '../rollout/pack.ts';
import { uploadScored } from '../rollout/scored.ts';
import type { Codec } from '../text/codec.ts';
import type { Message, Tool } from '../trajectory/record.ts';
import { createAdamW } from '../train/optimizer.ts';
import { demonstrateTurns } from './demonstrated-turns.ts';
import { groupsOf, isInformative, type Group } from './groups.ts';
import { judge, type JudgedRollout, type Verify } from './judge.ts';
import { sampleActions } from './sample.ts';
import type { Turn } from './turns.ts';
import { updatePolicy } from './update.ts';

export interface LessonAttempt {
  text: string;
  reward: number | null;
  reason: string;
  advantage: number;
  /** Natural log of the probability of the whole attempt under the policy that made it, and under it after the update. */
  logProb: number;
  logProbAfter: number;
}

export interface LessonAttempts {
  attempts: LessonAttempt[];
  mean: number;
  variance: number;
}

export type LessonEvent =
  | { type: 'searching'; tried: number }
  | { type: 'pivot'; messages: Message[]; tools: Tool[]; expected: Message; tried: number; prompt: string }
  /** The eight attempts; `logProbAfter` is what one update made of them. */
  | ({ type: 'group' } & LessonAttempts & { learningRate: number })
  /** Mean reward of the fresh group that a further update was made on. */
  | { type: 'update'; update: number; updates: number; mean: number }
  /** Fresh attempts at the same turn by the trained model. */
  | ({ type: 'after' } & LessonAttempts & { updates: number });

export interface LessonParts {
  policy: Policy;
  codec: Codec;
  world: World;
  verify: Verify;
  /** Other seeds give other pivots. */
  seed: string;
}

const SAMPLES = 8;
const UPDATES = 12;
/** Turns tried at once, and at most, before there seems to be no pivot. */
const BATCH = 16;
const MOST_TURNS = 320;

export async function* teach(parts: LessonParts): AsyncGenerator<LessonEvent, void> {
  const { policy, codec, world, seed } = parts;
  const config = parseConfig({ seed, verifier: world.verifier, groupSize: SAMPLES, learningRate: 5e-4 });
  const optimizer = createAdamW(trainedParameters(policy), { weightDecay: 0 });
  const update = (group: Group) =>
    untilFailure(
      updatePolicy({
        policy,
        reference: null,
        optimizer,
        groups: [group],
        config,
        learningRate: config.learningRate,
      }),
    );
  try {
    const found = yield* findPivot(parts, config);
    const { turn } = found;
    let group = found.group;
    yield {
      type: 'pivot',
      messages: turn.prefix,
      tools: turn.tools,
      expected: turn.message,
      tried: found.tried,
      prompt: codec.promptText(turn.prefix, turn.tools),
    };
    const logProbsBefore = await scoreAttempts(policy, group);
    await update(group);
    const logProbsAfter = await scoreAttempts(policy, group);
    yield {
      type: 'group',
      learningRate: config.learningRate,
      ...attemptsOf(group, logProbsBefore, logProbsAfter),
    };

    let updates = 1;
    for (let step = 1; step < UPDATES; step++) {
      group = await sampleGroup(parts, config, turn, `update ${step}`);
      if (isInformative(group)) {
        await update(group);
        updates++;
      }
      const { mean } = turnStatistics(rewardsOf(group.samples));
      yield { type: 'update', update: step + 1, updates: UPDATES, mean };
    }
    const after = await sampleGroup(parts, config, turn, 'after');
    const logProbsNow = await scoreAttempts(policy, after);
    yield { type: 'after', updates, ...attemptsOf(after, logProbsNow, logProbsNow) };
  } finally {
    optimizer.dispose();
    disposePolicy(policy);
  }
}

/** @throws AppError `no-pivot` */
async function* findPivot(
  parts: LessonParts,
  config: RunConfig,
): AsyncGenerator<LessonEvent, { turn: Turn; group: Group; tried: number }> {
  const { world, codec, seed } = parts;
  const random = new Random(seed).fork('lesson', world.name);
  let tried = 0;
  while (tried < MOST_TURNS) {
    yield { type: 'searching', tried };
    const turns: Turn[] = [];
    while (turns.length < BATCH) {
      const index = tried + turns.length;
      const place = { id: `${world.name}-${index}`, index };
      turns.push(...(await demonstrateTurns(world, 'train', random.fork(index), codec, place)));
    }
    const groups = await sampleGroups(parts, config, turns, 'profile');
    tried += turns.length;
    // A demonstrated call shows more than a sentence does, and full rewards among the attempts more than partial ones.
    const pivots = groups.filter(
      ({ turn, samples }) =>
        turn.expected.kind === 'calls' &&
        isPivot(turnStatistics(rewardsOf(samples)), config.maxMean) &&
        samples.some(({ verdict }) => verdict.reward === 1),
    );
    const group = pivots[0];
    if (group) return { turn: group.turn, group, tried };
  }
  throw new AppError(
    'no-pivot',
    `In ${tried} turns of the ${world.title} world this model is never both right and wrong.`,
    'Choose another model: the built-in one is made for this.',
  );
}

async function sampleGroup(
  parts: LessonParts,
  config: RunConfig,
  turn: Turn,
  purpose: string,
): Promise<Group> {
  return (await sampleGroups(parts, config, [turn], purpose))[0]!;
}

async function sampleGroups(
  { policy, codec, verify, seed }: LessonParts,
  config: RunConfig,
  turns: Turn[],
  purpose: string,
): Promise<Group[]> {
  const rollouts = await sampleActions(
    { policy, codec },
    {
      prompts: turns.map((turn) => turn.promptIds),
      promptSeeds: turns.map((_, p) => hash32(seed, purpose, p)),
      samplesPerPrompt: SAMPLES,
    },
    config,
  );
  return groupsOf(turns, await judge(turns, rollouts, codec, config.verifier, verify), config.advantage);
}

const rewardsOf = (samples: readonly JudgedRollout[]) => samples.map(({ verdict }) => verdict.reward);

/** Natural log of the probability of each attempt as a whole under the policy as it is. // [G] */
async function scoreAttempts(policy: Policy, { turn, samples }: Group): Promise<number[]> {
  const completions = samples.map(({ rollout }) => rollout.ids);
  const sums = new Array<number>(completions.length).fill(0);
  for (const packed of packGroups([{ prompt: turn.promptIds, completions }], Infinity)) {
    const batch = uploadBatch(packed.batch);
    const scored = uploadScored(packed);
    const logProb = tf.tidy(() => logProbs(policy, batch, scored).logProb);
    const values = await logProb.data();
    packed.completion.forEach((completion, m) => (sums[completion]! += values[m]!));
    tf.dispose([logProb, scored.at, scored.targets]);
    disposeBatch(batch);
  }
  return sums;
}

function attemptsOf(group: Group, before: readonly number[], after: readonly number[]): LessonAttempts {
  return {
    attempts: group.samples.map(({ attempt, verdict }, g) => ({
      text: attempt.text,
      reward: verdict.reward,
      reason: verdict.reason,
      advantage: group.advantages[g]!,
      logProb: before[g]!,
      logProbAfter: after[g]!,
    })),
    ...turnStatistics(rewardsOf(group.samples)),
  };
}
