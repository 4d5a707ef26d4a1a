/** The scripted user: what they say first and how they answer a question. Decides nothing about the world. */
import { Random } from '../../base/random.ts';
import type { Voice } from '../environment.ts';
import { fill, PHRASES } from './phrases.ts';
import type { HelpdeskTask } from './task.ts';

/** The user's first message. */
export function opening(task: HelpdeskTask, voice: Voice): string {
  const random = new Random(task.userSeed).fork('opening');
  const phrases = PHRASES[voice];
  const order = task.forgetsId
    ? 'my order'
    : fill(random.pick(phrases.order), { id: task.orderId }).toLowerCase();
  const sentence = fill(random.pick(phrases.opening[task.request]), {
    order,
    city: task.city,
    item: task.item,
  });
  const isVoucher = task.request === 'refund' && task.method === 'voucher';
  return isVoucher ? sentence + random.pick(phrases.voucher) : sentence;
}

/** The answer to any question: all that the agent may ask for is the order's number. Null: the user leaves. */
export function answer(task: HelpdeskTask, voice: Voice, said: string, turn: number): string | null {
  if (!said.includes('?')) return null;
  return fill(new Random(task.userSeed).fork('answer', turn).pick(PHRASES[voice].answer), {
    id: task.orderId,
  });
}
