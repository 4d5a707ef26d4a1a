/** Short ways to draw tasks and write actions in the tests of the search world. */
import { Random } from '../../../../src/base/random.ts';
import type { Split } from '../../../../src/environment/environment.ts';
import { search } from '../../../../src/environment/search/search.ts';
import type { SearchEpisode, Step } from '../../../../src/environment/search/episode.ts';
import { nextStep } from '../../../../src/environment/search/episode.ts';
import type { SearchTask } from '../../../../src/environment/search/task.ts';
import type { Action, ToolCall } from '../../../../src/trajectory/record.ts';
import { presetNamed } from '../../../../src/verifier/presets.ts';
import type { Verdict } from '../../../../src/verifier/verdict.ts';

export const taskNumber = (index: number, split: Split = 'train'): SearchTask =>
  search.drawTask(new Random('search-test').fork(index), split);

/** Of forty tasks all turns of the expert's episodes, each with a generator of its own. */
export function onEveryTurn(look: (episode: SearchEpisode, step: Step, random: Random) => void): void {
  for (let index = 0; index < 40; index++) {
    const random = new Random('turns').fork(index);
    const episode = search.reset(taskNumber(index, index % 2 ? 'train' : 'heldout'));
    while (!episode.isOver) {
      look(episode, nextStep(episode), random.fork(episode.turns));
      search.step(episode, search.expert(episode, random));
    }
  }
}

const { verify } = presetNamed(search.verifier);

/** What the world's verifier says to an action where another one was demonstrated. */
export function judge(episode: SearchEpisode, expected: Action, action: Action): Verdict {
  const attempt = { text: '', action, faults: [], isComplete: true };
  return verify({ expected, attempt, tools: episode.tools, world: search.worldOf(episode) }) as Verdict;
}

/** A turn of calls, arguments as text. */
export const calling = (...calls: [name: string, argumentsText: string][]): Action => ({
  kind: 'calls',
  content: '',
  calls: calls.map(([name, argumentsText]): ToolCall => {
    const given = JSON.parse(argumentsText) as ToolCall['arguments'];
    return { name, arguments: given, argumentsText };
  }),
});
