/**
 * End-to-end RL: GRPO over whole episodes played in the world. The reward is success; the advantage of an episode, among
 * those of the same task, belongs to every token of every action in it. Tasks are endless, so there is no pool to use up.
 */
import type { PlayedEpisode } from '../../session/episodes.ts';
import { playEpisodes } from '../../session/episodes.ts';
import type { ScoredGroup } from '../../session/groups.ts';
import { updatePolicy } from '../../session/update.ts';
import { deviation, mean } from '../../base/statistics.ts';
import { groupAdvantages } from '../../train/advantage.ts';
import { learningRateAt } from '../../train/schedule.ts';
import { drawTasks } from '../data.ts';
import type { Method } from './method.ts';

export const endToEnd: Method = {
  name: 'end-to-end',
  usesProfile: false,
  start({ lab, world, budgets, config, optimizer, reference }) {
    const { tasksPerStep, episodesPerTask, steps, validateEvery } = budgets.endToEnd;
    let updates = 0;
    return {
      pool: tasksPerStep * steps,
      steps,
      epochAfter: (done) => done / steps,
      isDue: (done) => done % validateEvery === 0 || done === steps,
      async step(index) {
        const name = `end-to-end ${config.seed} ${index}`;
        const tasks = drawTasks(world, 'train', name, tasksPerStep);
        const repeated = tasks.flatMap((task) => Array.from({ length: episodesPerTask }, () => task));
        const played = await playEpisodes(lab, world, repeated, name, config);
        const byTask = tasks.map((_, t) => played.slice(t * episodesPerTask, (t + 1) * episodesPerTask));
        const rewards = byTask.map((episodes) => episodes.map(({ isSuccess }) => (isSuccess ? 1 : 0)));
        const learningRate = learningRateAt(updates, config.learningRate, config.warmupSteps);
        const update = await updatePolicy({
          policy: lab.policy,
          reference,
          optimizer,
          groups: byTask.flatMap((episodes) => episodeGroups(episodes)),
          config,
          learningRate,
        });
        updates += update.updates;
        const deviations = rewards.map(deviation);
        return {
          reward: mean(rewards.flat()),
          rewardDeviation: mean(deviations),
          mixedShare: mean(deviations.map((value) => (value > 0 ? 1 : 0))),
          loss: null,
          rolloutTurns: played.reduce((sum, { turns }) => sum + turns.length, 0),
          trainedTokens: update.tokens,
        };
      },
      isSpent: () => false,
    };
  },
};

/**
 * The turns of one task's episodes as groups for an update. Turns with the same prompt, such as all first ones, share a
 * group, so that the prompt goes through the network once.
 */
export function episodeGroups(episodes: readonly PlayedEpisode[]): ScoredGroup[] {
  const advantages = groupAdvantages(episodes.map(({ isSuccess }) => (isSuccess ? 1 : 0)));
  const groups = new Map<string, { promptIds: Int32Array; samples: ScoredGroup['samples']; own: number[] }>();
  episodes.forEach(({ turns }, index) => {
    for (const { promptIds, rollout } of turns) {
      const key = promptIds.join();
      const group = groups.get(key) ?? { promptIds, samples: [], own: [] };
      groups.set(key, group);
      group.samples.push({ rollout });
      group.own.push(advantages[index]!);
    }
  });
  return [...groups.values()].map(({ promptIds, samples, own }) => ({
    turn: { promptIds },
    samples,
    advantages: Float64Array.from(own),
  }));
}
