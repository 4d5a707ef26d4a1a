/** How well a policy does the eight out-of-domain skills, greedy and sampled, always on the same exercises. */
import { hash32, Random } from '../base/random.ts';
import { untilFailure } from '../compute/backend.ts';
import { skills } from '../environment/skills/skills.ts';
import type { Policy } from '../model/policy.ts';
import { generate } from '../rollout/generate.ts';
import type { Codec } from '../text/codec.ts';

/** Exercises answered at once. */
const CHUNK = 128;
/** No answer is longer. */
export const MAX_ANSWER_TOKENS = 24;

/** Shares of right answers. */
export interface SkillAccuracy {
  greedy: number;
  /** At temperature 1. */
  sampled: number;
}

/** By skill, on `count` held-out exercises each; `seed` names the samples, not the exercises. */
export async function measureSkills(
  policy: Policy,
  codec: Codec,
  count: number,
  seed = 0,
): Promise<Record<string, SkillAccuracy>> {
  const asked = skills.flatMap(({ name, draw }) =>
    Array.from({ length: count }, (_, index) => ({
      name,
      index,
      exercise: draw(new Random('skill exercises').fork(name, index), 'heldout'),
    })),
  );
  const right = Object.fromEntries(skills.map(({ name }) => [name, { greedy: 0, sampled: 0 }]));
  for (const [manner, temperature] of [
    ['greedy', 0],
    ['sampled', 1],
  ] as const) {
    for (let at = 0; at < asked.length; at += CHUNK) {
      const chunk = asked.slice(at, at + CHUNK);
      const rollouts = await untilFailure(
        generate({
          policy,
          prompts: chunk.map(({ exercise }) =>
            codec.promptIds([{ role: 'user', content: exercise.question, isTrainable: false }], []),
          ),
          promptSeeds: chunk.map(({ name, index }) => hash32(seed, name, index)),
          samplesPerPrompt: 1,
          sampling: { temperature, topP: 1, topK: 0, minP: 0 },
          maxNewTokens: MAX_ANSWER_TOKENS,
          stopIds: codec.stopIds,
        }),
      );
      for (const [i, { name, exercise }] of chunk.entries()) {
        const { ids, finish } = rollouts[i]![0]!;
        const { text } = codec.read(ids, finish === 'stop', []);
        if (finish === 'stop' && exercise.accepts(text)) right[name]![manner] += 1 / count;
      }
    }
  }
  return right;
}
