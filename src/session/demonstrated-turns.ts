/** An expert's episode in a miniature world as turns to work on, each with the state of the world before it. */
import type { Random } from '../base/random.ts';
import type { Episode, Split, World } from '../environment/environment.ts';
import type { Codec } from '../text/codec.ts';
import { actionOf } from '../trajectory/record.ts';
import type { Turn } from './turns.ts';

/**
 * One trajectory of a split; all its chance comes from `random`.
 * @param id of the trajectory
 * @returns its turns; none where the expert did not succeed
 */
export async function demonstrateTurns(
  world: World,
  split: Split,
  random: Random,
  codec: Codec,
  { id, index }: { id: string; index: number },
): Promise<Turn[]> {
  const episode = (await world.reset(world.drawTask(random, split))) as Episode;
  const turns: Turn[] = [];
  while (!episode.isOver) {
    const prefix = episode.messages.slice();
    const state = world.worldOf(episode);
    await world.step(episode, world.expert(episode, random));
    const message = episode.messages[prefix.length]!;
    turns.push({
      candidateId: `${id}:${prefix.length}`,
      trajectoryId: id,
      trajectoryIndex: index,
      messageIndex: prefix.length,
      expected: actionOf(message),
      message,
      prefix,
      tools: episode.tools,
      world: state,
      promptIds: Int32Array.from(codec.promptIds(prefix, episode.tools)),
    });
  }
  return (await world.isSuccess(episode)) ? turns : [];
}
