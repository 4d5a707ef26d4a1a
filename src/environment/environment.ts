/**
 * The interface of every miniature world: draw a task, reset, step, success, and the two who know it, expert and
 * novice. Holds no world and no verifier.
 *
 * An episode is a conversation that grows by `step`: the policy's action is appended, then what the tools and the
 * scripted user answer. A world is a pure function of its task: the same task and actions give the same episode.
 */
import type { Json } from '../base/json.ts';
import type { Random } from '../base/random.ts';
import type { Action, Message, Tool } from '../trajectory/record.ts';
import type { PresetName } from '../verifier/preset-names.ts';

/** Held out: entities and phrasings that never occur in the training split. */
export type Split = 'train' | 'heldout';

/** Whose wording a task is told in: three disjoint sets of phrases, `base` only in pretraining. */
export type Voice = 'base' | Split;

export interface Episode {
  tools: Tool[];
  messages: Message[];
  /** True once the user has left or the turn limit is reached; `step` must not be called any more. */
  isOver: boolean;
}

/** Worlds that run code in a sandbox answer later. */
type Soon<T> = T | Promise<T>;

export interface Environment<Task, State extends Episode> {
  /** Folder, dataset and key of results. */
  name: string;
  /** For people, e.g. "Helpdesk". */
  title: string;
  /** The paper's benchmark that it stands for. */
  standsFor: string;
  /** The preset that judges single turns, as the paper does in this domain. */
  verifier: PresetName;
  /** Draws one of endlessly many tasks; all its chance comes from `random`. */
  drawTask(random: Random, split: Split): Task;
  /** The episode at its first decision of the policy; without a voice, in that of the task's split. */
  reset(task: Task, voice?: Voice): Soon<State>;
  /** Appends the policy's action and the world's answer to `episode` (in place). */
  step(episode: State, action: Action): Soon<void>;
  /** Whether the finished episode did what the task wanted: state of the world and what the user was told. */
  isSuccess(episode: State): Soon<boolean>;
  /** What an executing verifier needs to judge the next turn, as a copy; undefined where it needs nothing. */
  worldOf(episode: State): Json | undefined;
  /** The right next action, with a free choice among equivalent ones. */
  expert(episode: State, random: Random): Action;
  /**
   * The next action of whom the base model learns from: right and plain, or, with a set probability for each kind of
   * step, a plausible mistake. This is what leaves the base model's turns mixed.
   */
  novice(episode: State, random: Random): { action: Action; isWrong: boolean };
}

/** Any world, where its task and state do not matter. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a state goes back only to the world it came from
export type World = Environment<any, any>;

/** The message that an action becomes in the conversation; calls get ids that are unique in the episode. */
export function messageOf(action: Action, turn: number): Message {
  if (action.kind === 'message') return { role: 'assistant', content: action.content, isTrainable: true };
  const calls = action.calls.map((call, index) => ({ ...call, id: `call_${turn}_${index}` }));
  return { role: 'assistant', content: action.content, calls, isTrainable: true };
}
