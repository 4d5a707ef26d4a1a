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
  asked.forEach(({ skill, accepts }, i) => {
    const { ids, finish } = rollouts[i]![0]!;
    const isRight = finish === 'stop' && accepts(actor.codec.read(ids, true).text);
    outcomes[skill] = (outcomes[skill] ?? '') + (isRight ? '1' : '0');
  });
  return outcomes;
}
