/**
 * The expert: the right next step of an episode, and its wording with a free choice among equivalent actions
 * (either name of a tool that is listed twice, order of arguments, default of an optional argument given or left
 * out, one of several sentences). It never errs; erring is `novice.ts`.
 */
import type { JsonObject } from '../../base/json.ts';
import type { Random } from '../../base/random.ts';
import type { Action, ToolCall } from '../../trajectory/record.ts';
import type { HelpdeskEpisode } from './episode.ts';
import { isFulfillable } from './episode.ts';
import { fill } from './phrases.ts';
import { isAllowed } from './policy.ts';
import type { HelpdeskTask } from './task.ts';
import type { ToolFunction } from './tools.ts';
import { functionOf, FUNCTIONS } from './tools.ts';
import { findOrder } from './world.ts';

export type Step = 'ask' | 'look' | 'stock' | 'act' | 'tell' | 'refuse' | 'done';

/** What has to be done now, seen from what the conversation has shown. */
export function nextStep({ task, seen }: HelpdeskEpisode): Step {
  if (!seen.id) return 'ask';
  if (!seen.order) return 'look';
  if (task.request === 'status') return 'tell';
  if (seen.acted) return 'done';
  if (!isAllowed(task.request, findOrder(task.database, task.orderId)!)) return 'refuse';
  if (task.request === 'swap' && seen.count === null) return 'stock';
  return isFulfillable(task) ? 'act' : 'refuse';
}

/** The function that a step calls; undefined for steps that speak. */
export function functionOfStep(step: Step, task: HelpdeskTask): ToolFunction | undefined {
  if (step === 'look' || step === 'stock') return step;
  return step === 'act' ? (task.request as ToolFunction) : undefined;
}

/** The arguments that a function needs for this task, defaults of optional ones included. */
export function fullArguments(key: ToolFunction, task: HelpdeskTask): JsonObject {
  const { orderId, city, item, method } = task;
  if (key === 'stock') return { item };
  const extra: Record<typeof key, JsonObject> = {
    look: {},
    refund: { method },
    cancel: { notify: true },
    move: { city },
    swap: { item },
  };
  return { order_id: orderId, ...extra[key] };
}

/** Whether an optional argument stands at its default, so that leaving it out means the same. */
export function isDefault(key: ToolFunction, name: string, value: unknown): boolean {
  return FUNCTIONS[key].properties[name]!.default === value;
}

export function callOf(name: string, given: JsonObject): ToolCall {
  return { name, arguments: given, argumentsText: JSON.stringify(given) };
}

const SENTENCES: Record<string, readonly string[]> = {
  ask: ['What is the order number?', 'Sure, what is the order number?', 'What is the order number please?'],
  tell: ['Order {id} is {status}.', 'Your order {id} is {status}.', 'Order {id} is {status} now.'],
  refuse: ['Sorry, order {id} is {status}.', 'Sorry, I cannot do it, order {id} is {status}.'],
  'no stock': ['Sorry, there is no {item} now.', 'Sorry, I have no {item}.'],
  refund: ['Order {id} is refunded.', 'Your order {id} is refunded now.'],
  cancel: ['Order {id} is cancelled.', 'Your order {id} is cancelled now.'],
  move: ['Order {id} goes to {city}.', 'Your order {id} goes to {city} now.'],
  swap: ['Order {id} is swapped for a {item}.', 'Your order {id} is swapped for a {item} now.'],
};

/** The sentences that say a speaking step, filled in; the first is the plainest. */
export function sentencesOf(step: Step, episode: HelpdeskEpisode): string[] {
  const { task, seen } = episode;
  const isStock = step === 'refuse' && seen.count === 0;
  const key = step === 'done' ? task.request : isStock ? 'no stock' : step;
  const slots = { id: task.orderId, item: task.item, city: task.city, status: seen.order?.status ?? '' };
  return SENTENCES[key]!.map((sentence) => fill(sentence, slots));
}

/** The expert's action at this point of the episode. */
export function expertAction(episode: HelpdeskEpisode, random: Random): Action {
  const step = nextStep(episode);
  const key = functionOfStep(step, episode.task);
  if (!key) return { kind: 'message', content: random.pick(sentencesOf(step, episode)) };
  const name = random.pick(episode.tools.filter((tool) => functionOf(tool.name) === key)).name;
  const entries = Object.entries(fullArguments(key, episode.task)).filter(
    ([argument, value]) => !isDefault(key, argument, value) || random.bool(),
  );
  return { kind: 'calls', content: '', calls: [callOf(name, Object.fromEntries(random.shuffle(entries)))] };
}
