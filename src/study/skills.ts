/** Asks a model the questions of skills that no world teaches, and says which it answered. */
import { hash32, Random } from '../base/random.ts';
import { exercise, SKILLS } from '../environment/pretraining/skills.ts';
import { sampleActions, type Actor } from '../session/sample.ts';
import type { Message } from '../trajectory/record.ts';
import type { Outcomes } from './results.ts';

/** Longest answer, in tokens. */
const maxNewTokens = 48;

/** The paper's benchmark that a skill stands for. */
export const standsFor = (_skill: string): string => '';

/** `count` questions of each skill, always the same ones. */
export async function askSkills(
  actor: Actor,
  count: number,
  temperature: number,
): Promise<Record<string, Outcomes>> {
  const asked = SKILLS.flatMap((skill) =>
    Array.from({ length: count }, (_, index) => ({
      skill,
      index,
      ...exercise(skill, new Random('study skills').fork(skill, index)),
    })),
  );
  const rollouts = await sampleActions(
    actor,
    {
      prompts: asked.map(({ question }) => {
        const message: Message = { role: 'user', content: question, isTrainable: false };
        return Int32Array.from(actor.codec.promptIds([message], []));
      }),
      promptSeeds: asked.map(({ skill, index }) => hash32('study skills', skill, index)),
      samplesPerPrompt: 1,
    },
    { temperature, maxNewTokens },
  );
  const outcomes: Record<string, Outcomes> = {};
  asked.forEach(({ skill, answer }, i) => {
    const { ids, finish } = rollouts[i]![0]!;
    const isRight = actor.codec.read(ids, finish === 'stop').text === answer;
    outcomes[skill] = (outcomes[skill] ?? '') + (isRight ? '1' : '0');
  });
  return outcomes;
}
