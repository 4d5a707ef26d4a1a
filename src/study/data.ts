/** What a study learns from and is tested on: expert turns and tasks of a world, drawn by name, so that all methods share them. */
import { Random } from '../base/random.ts';
import type { Split, World } from '../environment/environment.ts';
import { demonstrateTurns } from '../session/demonstrated-turns.ts';
import type { Turn } from '../session/turns.ts';
import type { Codec } from '../text/codec.ts';

/** Tasks of a split; the same name gives the same tasks, and more of them begin with the fewer. */
export function drawTasks(world: World, split: Split, name: string, count: number): unknown[] {
  const random = new Random(`${world.name} ${name}`);
  return Array.from({ length: count }, (_, index) => world.drawTask(random.fork(index), split));
}

/**
 * The first `count` turns of successful expert trajectories. Turns with longer prompts are left out.
 * @param name names the trajectories: the same name gives the same ones
 */
export async function demonstratedTurns(
  world: World,
  split: Split,
  name: string,
  count: number,
  codec: Codec,
  maxPromptTokens: number,
): Promise<Turn[]> {
  const turns: Turn[] = [];
  const tasks = new Random(`${world.name} ${name}`);
  for (let index = 0; turns.length < count; index++) {
    const id = `${world.name}-${name}-${index}`;
    const own = await demonstrateTurns(world, split, tasks.fork(index), codec, { id, index });
    turns.push(...own.filter(({ promptIds }) => promptIds.length <= maxPromptTokens));
  }
  return turns.slice(0, count);
}
