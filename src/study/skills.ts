/** Asks a model the questions of skills that no world teaches, and says which it answered. */
import { hash32, Random } from '../base/random.ts';
import { skills } from '../environment/skills/skills.ts';
import { sampleActions, type Actor } from '../session/sample.ts';
import type { Message } from '../trajectory/record.ts';
import type { Outcomes } from './results.ts';

/** Longest answer, in tokens. */
const maxNewTokens = 24;

/** `count` held-out exercises of each skill, always the same ones. */
export async function askSkills(
  actor: Actor,
  count: number,
  temperature: number,
): Promise<Record<string, Outcomes>> {
  const asked = skills.flatMap(({ name, draw }) =>
    Array.from({ length: count }, (_, index) => ({
      skill: name,
      index,
      ...draw(new Random('study skills').fork(name, index), 'heldout'),
    })),
  );
  const answers = await answersTo(
    actor,
    asked.map(({ question }) => question),
    asked.map(({ skill, index }) => hash32('study skills', skill, index)),
    { temperature, maxNewTokens },
  );
  const outcomes: Record<string, Outcomes> = {};
  asked.forEach(({ skill, accepts }, i) => {
    const { text, isWhole } = answers[i]!;
    const isRight = isWhole && accepts(text);
    outcomes[skill] = (outcomes[skill] ?? '') + (isRight ? '1' : '0');
  });
  return outcomes;
}

/** One answer to each question, and whether it came to its end within the limit. */
export async function answersTo(
  actor: Actor,
  questions: readonly string[],
  promptSeeds: readonly number[],
  sampling: Parameters<typeof sampleActions>[2],
): Promise<{ text: string; isWhole: boolean }[]> {
  const prompts = questions.map((content) => {
    const message: Message = { role: 'user', content, isTrainable: false };
    return Int32Array.from(actor.codec.promptIds([message], []));
  });
  const rollouts = await sampleActions(actor, { prompts, promptSeeds, samplesPerPrompt: 1 }, sampling);
  return rollouts.map(([rollout]) => ({
    text: actor.codec.read(rollout!.ids, true).text,
    isWhole: rollout!.finish === 'stop',
  }));
}
