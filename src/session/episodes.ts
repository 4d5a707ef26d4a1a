/** Plays whole tasks of a simulated world with a policy, many side by side, and says how many it solved. */
import { hash32, Random } from '../base/random.ts';
import { untilFailure } from '../compute/backend.ts';
import type { RunConfig } from '../config/schema.ts';
import type { Episode, World } from '../environment/environment.ts';
import { worldNamed } from '../environment/worlds.ts';
import type { Policy } from '../model/policy.ts';
import { generate } from '../rollout/generate.ts';
import { getDataset } from '../store/datasets.ts';
import type { Codec } from '../text/codec.ts';

/** The world that a built-in dataset was made in; null for everything else. */
export async function worldOf(datasetId: string): Promise<World | null> {
  const dataset = await getDataset(datasetId);
  return (dataset?.isBuiltIn && worldNamed(dataset.name)) || null;
}

/**
 * Share of `count` held-out tasks solved, sampled at the run's temperature; always the same tasks and seeds.
 * An episode whose prompt outgrows the run's limit counts as not solved.
 */
export async function solveTasks(
  policy: Policy,
  codec: Codec,
  world: World,
  count: number,
  config: RunConfig,
): Promise<number> {
  const random = new Random('held-out tasks');
  const episodes: Episode[] = [];
  for (let i = 0; i < count; i++)
    episodes.push((await world.reset(world.drawTask(random.fork(i), 'heldout'))) as Episode);
  for (let turn = 0; ; turn++) {
    const acting = episodes
      .map((episode, index) => ({ episode, index, prompt: codec.promptIds(episode.messages, episode.tools) }))
      .filter(({ episode, prompt }) => !episode.isOver && prompt.length <= config.maxPromptTokens);
    if (!acting.length) break;
    const rollouts = await untilFailure(
      generate({
        policy,
        prompts: acting.map(({ prompt }) => Int32Array.from(prompt)),
        promptSeeds: acting.map(({ index }) => hash32('episode', index, turn)),
        samplesPerPrompt: 1,
        sampling: { temperature: config.temperature, topP: 1, topK: 0, minP: 0 },
        maxNewTokens: config.maxNewTokens,
        stopIds: codec.stopIds,
      }),
    );
    for (const [i, { episode }] of acting.entries()) {
      const { ids, finish } = rollouts[i]![0]!;
      await world.step(episode, codec.read(ids, finish === 'stop', episode.tools).action);
    }
  }
  let solved = 0;
  for (const episode of episodes) if (episode.isOver && (await world.isSuccess(episode))) solved++;
  return solved / count;
}
