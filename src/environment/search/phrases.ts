/**
 * The questions of the search world in three disjoint sets: one for the base model's pretraining, one for training
 * trajectories, one held out. Each names the start and the relations in the order in which they are followed.
 */
import { Random } from '../../base/random.ts';
import type { Voice } from '../environment.ts';
import type { SearchTask } from './task.ts';

interface Phrase {
  /** Slots: {start} the first name, {path} the relations. */
  sentence: string;
  /** Stands between two relations. */
  joint: string;
}

export const PHRASES: Record<Voice, readonly Phrase[]> = {
  base: [
    { sentence: 'Start at {start}: {path}. What is it?', joint: ', ' },
    { sentence: "What is {start}'s {path}?", joint: "'s " },
    { sentence: 'Go from {start} to the {path}.', joint: ' to the ' },
    { sentence: 'Take {start}, then {path}.', joint: ', then ' },
  ],
  train: [
    { sentence: 'Begin with {start}, then {path}. What is last?', joint: ', then ' },
    { sentence: "Tell me {start}'s {path}.", joint: "'s " },
    { sentence: 'Please go to {start}: {path}. Who or what is it?', joint: ', ' },
    { sentence: 'I start with {start} and go to the {path}. What do I find?', joint: ' to the ' },
    { sentence: 'Who or what is the {path}? Start at {start}.', joint: ', its ' },
  ],
  heldout: [
    { sentence: 'With {start} first, find the {path}.', joint: ', its ' },
    { sentence: "Please find {start}'s {path}.", joint: "'s " },
    { sentence: 'Find {start}, then {path}. Tell me the last.', joint: ', then ' },
    { sentence: 'Who is at the end? From {start}: {path}.', joint: ', ' },
  ],
};

/** The question of a task; the same task and voice give the same one. */
export function questionOf({ chain, phraseSeed }: SearchTask, voice: Voice): string {
  const { sentence, joint } = new Random(phraseSeed).pick(PHRASES[voice]);
  const path = chain.map(({ relation }) => relation).join(joint);
  return sentence.replace('{start}', chain[0]!.subject).replace('{path}', path);
}
