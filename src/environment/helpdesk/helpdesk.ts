/**
 * The helpdesk world: reset, step and success, joining database, tools and user. Who acts in it are
 * `expert.ts`, `novice.ts`, and a policy through `step`.
 */
import type { Action } from '../../trajectory/record.ts';
import type { Environment, Voice } from '../environment.ts';
import { messageOf } from '../environment.ts';
import type { HelpdeskEpisode } from './episode.ts';
import { isFulfillable } from './episode.ts';
import { expertAction } from './expert.ts';
import { noviceAction } from './novice.ts';
import { POLICY } from './policy.ts';
import { drawTask } from './task.ts';
import type { HelpdeskTask } from './task.ts';
import { functionOf, runTool, toolNamed } from './tools.ts';
import { answer, opening } from './user.ts';
import type { Database } from './world.ts';
import { CITIES, findOrder, ITEMS, STATUSES } from './world.ts';

const MAX_TURNS = 10;

export function resetHelpdesk(task: HelpdeskTask, voice: Voice = task.split): HelpdeskEpisode {
  return {
    task,
    voice,
    database: structuredClone(task.database),
    tools: task.toolNames.map(toolNamed),
    messages: [
      { role: 'system', content: POLICY, isTrainable: false },
      { role: 'user', content: opening(task, voice), isTrainable: false },
    ],
    isOver: false,
    turns: 0,
    toolCalls: 0,
    seen: { id: !task.forgetsId, order: null, count: null, acted: false, isBusy: false },
  };
}

function step(episode: HelpdeskEpisode, action: Action): void {
  const { task, messages, seen } = episode;
  const message = messageOf(action, episode.turns);
  messages.push(message);
  episode.turns++;
  episode.isOver = episode.turns >= MAX_TURNS;
  seen.isBusy = false;
  if (action.kind === 'message') {
    const reply = answer(task, episode.voice, action.content, episode.turns);
    if (reply === null) episode.isOver = true;
    else messages.push({ role: 'user', content: reply, isTrainable: false });
    seen.id ||= reply !== null;
    return;
  }
  for (const call of message.calls!) {
    const isBusy = episode.toolCalls++ === task.busyCall;
    const result = isBusy ? { error: 'busy' } : runTool(episode.database, episode.tools, call);
    messages.push({
      role: 'tool',
      content: JSON.stringify(result).replace(/([:,])/g, '$1 '),
      ...(call.id === undefined ? {} : { callId: call.id }),
      name: call.name,
      isTrainable: false,
    });
    seen.isBusy ||= isBusy;
    if ('error' in result) continue;
    const key = functionOf(call.name);
    if (key === 'look') seen.order = result as unknown as NonNullable<typeof seen.order>;
    else if (key === 'stock') seen.count = Number(result.count);
    else seen.acted = true;
  }
}

/** The database as it should be at the end. */
function wantedDatabase(task: HelpdeskTask): Database {
  const database = structuredClone(task.database);
  if (!isFulfillable(task)) return database;
  const order = findOrder(database, task.orderId)!;
  if (task.request === 'refund') order.refund = task.method;
  if (task.request === 'cancel') order.isCancelled = true;
  if (task.request === 'move') order.city = task.city;
  if (task.request === 'swap') order.item = task.item;
  return database;
}

/** The words that tell an outcome; numbers do so anyway. */
const FACTS = [...STATUSES, 'refunded', 'cancelled', 'swapped', ...ITEMS, ...CITIES];

const DONE = { refund: /refunded/, cancel: /cancelled/, move: /goes to/, swap: /swapped/ };

/** Whether the text tells the user how it ended, in whatever words. */
function tellsOutcome(task: HelpdeskTask, text: string): boolean {
  if (task.request === 'status') return text.includes(findOrder(task.database, task.orderId)!.status);
  const isRefusal = /sorry|cannot/i.test(text);
  return isFulfillable(task) ? !isRefusal && DONE[task.request].test(text) : isRefusal;
}

function isSuccess(episode: HelpdeskEpisode): boolean {
  const last = episode.messages.at(-1)!;
  const isRight = JSON.stringify(episode.database) === JSON.stringify(wantedDatabase(episode.task));
  return episode.isOver && isRight && last.role === 'assistant' && tellsOutcome(episode.task, last.content);
}

export const helpdesk = {
  name: 'helpdesk',
  title: 'Helpdesk',
  standsFor: 'τ²-Bench',
  verifier: 'guarded-told',
  drawTask,
  reset: resetHelpdesk,
  step,
  isSuccess,
  worldOf: () => ({ facts: FACTS }),
  expert: expertAction,
  novice: noviceAction,
} satisfies Environment<HelpdeskTask, HelpdeskEpisode>;
