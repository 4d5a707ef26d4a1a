/** Whole episodes by those who know a world: the expert's for training, the novice's for pretraining. */
import type { Random } from '../base/random.ts';
import type { Message, Tool } from '../trajectory/record.ts';
import { messageOf, type Episode, type World } from './environment.ts';

/** The expert acts from start to end. */
export async function demonstrate<Task>(
  world: World,
  task: Task,
  random: Random,
): Promise<{ episode: Episode; isSuccess: boolean }> {
  const episode = (await world.reset(task)) as Episode;
  while (!episode.isOver) await world.step(episode, world.expert(episode, random));
  return { episode, isSuccess: await world.isSuccess(episode) };
}

/** A conversation to learn from. */
export interface Document {
  tools: Tool[];
  messages: Message[];
}

/**
 * One task of the training split in the base voice, up to its end or its first error, so that nothing is learned about
 * life after an error.
 */
export async function noviceDocument(world: World, random: Random): Promise<Document> {
  const episode = (await world.reset(world.drawTask(random, 'train'), 'base')) as Episode;
  for (let turn = 0; !episode.isOver; turn++) {
    const { action, isWrong } = world.novice(episode, random);
    if (isWrong) {
      episode.messages.push(messageOf(action, turn));
      break;
    }
    await world.step(episode, action);
  }
  return { tools: episode.tools, messages: episode.messages };
}
