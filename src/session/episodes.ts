/** Plays whole tasks of a simulated world with a policy, many side by side. */
import { drained } from '../base/drained.ts';
import { hash32, Random } from '../base/random.ts';
import type { RunConfig } from '../config/schema.ts';
import type { Episode, World } from '../environment/environment.ts';
import type { Rollout } from '../rollout/generate.ts';
import { sampleActions, type Actor } from './sample.ts';

/** What the policy saw and did in one turn of an episode. */
export interface PlayedTurn {
  promptIds: Int32Array; // [T]
  rollout: Rollout;
}

export interface PlayedEpisode {
  isSuccess: boolean;
  turns: PlayedTurn[];
}

/**
 * One episode for each task. One whose prompt outgrows the run's limit ends there and is no success.
 * @param label names the episodes' chance: the same label, tasks and weights give the same episodes
 */
export const playEpisodes = <Task>(...given: Parameters<typeof playing<Task>>): Promise<PlayedEpisode[]> =>
  drained(playing(...given));

/** The same, saying before each turn how far it is. */
async function* playing<Task>(
  actor: Actor,
  world: World,
  tasks: readonly Task[],
  label: string,
  config: Pick<RunConfig, 'temperature' | 'maxNewTokens' | 'maxPromptTokens'>,
): AsyncGenerator<string, PlayedEpisode[]> {
  const { codec } = actor;
  const episodes: { state: Episode; turns: PlayedTurn[] }[] = [];
  for (const task of tasks) episodes.push({ state: (await world.reset(task)) as Episode, turns: [] });
  for (let turn = 0; ; turn++) {
    const acting = episodes
      .map((episode, index) => ({ ...episode, index }))
      .filter(({ state }) => !state.isOver)
      .map((episode) => ({
        ...episode,
        promptIds: Int32Array.from(codec.promptIds(episode.state.messages, episode.state.tools)),
      }))
      .filter(({ promptIds }) => promptIds.length <= config.maxPromptTokens);
    if (!acting.length) break;
    yield `turn ${turn + 1} of ${acting.length} tasks`;
    const rollouts = await sampleActions(
      actor,
      {
        prompts: acting.map(({ promptIds }) => promptIds),
        promptSeeds: acting.map(({ index }) => hash32(label, index, turn)),
        samplesPerPrompt: 1,
      },
      config,
    );
    for (const [i, { state, turns, promptIds }] of acting.entries()) {
      const rollout = rollouts[i]![0]!;
      turns.push({ promptIds, rollout });
      await world.step(state, codec.read(rollout.ids, rollout.finish === 'stop', state.tools).action);
    }
  }
  const played: PlayedEpisode[] = [];
  for (const { state, turns } of episodes)
    played.push({ isSuccess: state.isOver && (await world.isSuccess(state)), turns });
  return played;
}

/** Share of `count` held-out tasks solved, sampled at the run's temperature; always the same tasks and seeds. */
export async function* solveTasks(
  actor: Actor,
  world: World,
  count: number,
  config: RunConfig,
): AsyncGenerator<string, number> {
  const random = new Random('held-out tasks');
  const tasks = Array.from({ length: count }, (_, index) => world.drawTask(random.fork(index), 'heldout'));
  const played = yield* playing(actor, world, tasks, 'episode', config);
  return played.filter(({ isSuccess }) => isSuccess).length / count;
}
