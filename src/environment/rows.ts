/** Demonstrations as rows of OpenAI chat JSON Lines. Which tasks they are of is the script's affair. */
import type { Json, JsonObject } from '../base/json.ts';
import { Random } from '../base/random.ts';
import type { Message, Tool } from '../trajectory/record.ts';
import { demonstrate } from './demonstrations.ts';
import type { Split, World } from './environment.ts';

function openAiMessage({ role, content, calls, callId }: Message): JsonObject {
  if (role === 'tool') return { role, tool_call_id: callId ?? '', content };
  if (!calls) return { role, content };
  const toolCalls = calls.map(({ id, name, argumentsText }) => ({
    id: id ?? '',
    type: 'function',
    function: { name, arguments: argumentsText },
  }));
  return { role, content: null, tool_calls: toolCalls };
}

const openAiTool = ({ name, description, parameters }: Tool): JsonObject => ({
  type: 'function',
  function: { name, ...(description === undefined ? {} : { description }), parameters },
});

/** `count` successful expert trajectories of a split; the same arguments give the same rows. */
export async function demonstrationRows(
  world: World,
  seed: number,
  split: Split,
  count: number,
): Promise<Json[]> {
  const rows: Json[] = [];
  for (let index = 0; index < count; index++) {
    const random = new Random(seed).fork(world.name, split, index);
    const { episode, isSuccess } = await demonstrate(world, world.drawTask(random, split), random);
    rows.push({
      id: `${world.name}-${split}-${String(index).padStart(3, '0')}`,
      split,
      domain: world.name,
      reward: isSuccess ? 1 : 0,
      messages: episode.messages.map(openAiMessage),
      tools: episode.tools.map(openAiTool),
    });
  }
  return rows;
}
