/** An episode of the helpdesk and what its task allows. Nothing happens here. */
import type { Episode, Voice } from '../environment.ts';
import { isAllowed } from './policy.ts';
import type { HelpdeskTask } from './task.ts';
import type { Database, Order } from './world.ts';
import { findOrder } from './world.ts';

export interface HelpdeskEpisode extends Episode {
  task: HelpdeskTask;
  voice: Voice;
  database: Database;
  turns: number;
  toolCalls: number;
  /** What the conversation has shown the agent so far. */
  seen: {
    id: boolean;
    order: { item: string; status: Order['status'] } | null;
    count: number | null;
    acted: boolean;
    isBusy: boolean;
  };
}

/** Whether policy and stock allow what the user wants. */
export function isFulfillable(task: HelpdeskTask): boolean {
  const isInStock = task.request !== 'swap' || (task.database.stock[task.item] ?? 0) > 0;
  return isAllowed(task.request, findOrder(task.database, task.orderId)!) && isInStock;
}
