/**
 * Every sentence that a user of the helpdesk can say, in three disjoint sets: one for the base model's pretraining,
 * one for training trajectories, one held out. Sentences only; when they are said is `user.ts`.
 *
 * Slots: {order} the order ("my order" when the number is forgotten), {city}, {item}, {id} the bare number.
 */
import type { Voice } from '../environment.ts';
import type { Request } from './policy.ts';

interface Phrases {
  opening: Record<Request, readonly string[]>;
  voucher: readonly string[];
  order: readonly string[];
  answer: readonly string[];
}

export const PHRASES: Record<Voice, Phrases> = {
  base: {
    opening: {
      status: [
        'Where is {order}?',
        'What is the status of {order}?',
        'I want the status of {order} please.',
        'Can you tell me the status of {order}?',
        'Please tell me where {order} is.',
      ],
      refund: [
        'Refund {order} please.',
        'I want a refund for {order}.',
        'Can you refund {order}?',
        'Please give me my money back for {order}.',
        'Is a refund for {order} possible?',
      ],
      cancel: [
        'Cancel {order} please.',
        'I want to cancel {order}.',
        'Can you cancel {order}?',
        'Please stop {order}.',
        'I do not want {order}, can you cancel it?',
      ],
      move: [
        'Send {order} to {city} please.',
        'I want {order} in {city}.',
        'Can you send {order} to {city}?',
        'The new address for {order} is {city}.',
        'Please move {order} to {city}.',
      ],
      swap: [
        'Swap {order} for a {item} please.',
        'I want to swap {order} for a {item}.',
        'Can you swap {order} for a {item}?',
        'Please give me a {item} for {order}.',
        'I want a {item}, can you swap {order}?',
      ],
    },
    voucher: [' I want a voucher.', ' By voucher please.'],
    order: ['order {id}', 'order #{id}', 'my order {id}'],
    answer: ['It is {id}.', 'It is order {id}.', 'The number is {id}.'],
  },
  train: {
    opening: {
      status: [
        'Hi, can you tell me where {order} is now?',
        'Hi, I want to know the status of {order}.',
        'Where is {order} now, please?',
        'Is {order} on its way? Tell me the status.',
      ],
      refund: [
        'Hi, I want my money back for {order}.',
        'Can I have a refund for {order} please?',
        'I do not like it, please refund {order}.',
        'Hi, give me a refund, it is for {order}.',
      ],
      cancel: [
        'Hi, please cancel {order} for me.',
        'I do not need {order} now, cancel it please.',
        'Can I cancel {order}?',
        'Hi, stop {order}, I do not need it.',
      ],
      move: [
        'Hi, I live in {city} now, please send {order} to me.',
        'Can {order} go to {city} please?',
        'My new address is {city}, it is for {order}.',
        'Hi, please send {order} to my new address in {city}.',
      ],
      swap: [
        'Hi, I like a {item} more, can you swap {order}?',
        'Can I swap {order} for a {item} please?',
        'Please swap {order}, I want a {item} now.',
        'Hi, I need a {item} for {order}, swap it please.',
      ],
    },
    voucher: [' A voucher is fine.', ' Give me a voucher please.'],
    order: ['order {id}', 'my order {id}', 'order no. {id}'],
    answer: ['My order is {id}.', 'Order {id} please.', 'Hi, it is number {id}.'],
  },
  heldout: {
    opening: {
      status: [
        'Hello, where is {order}, can you tell me?',
        'Hello, please give me the status of {order}.',
        'I need to know where {order} is.',
      ],
      refund: [
        'Hello, can you give me my money back for {order}?',
        'I need a refund please, it is {order}.',
        'Hello, a refund for {order} please.',
      ],
      cancel: [
        'Hello, I want {order} stopped, please cancel it.',
        'Cancel it for me please, it is {order}.',
        'Hello, can you please cancel {order} for me?',
      ],
      move: [
        'Hello, please send {order} to {city} now.',
        'I need {order} in {city}, can you move it?',
        'Hello, for {order} I have a new address in {city}.',
      ],
      swap: [
        'Hello, can I have a {item} for {order}? Swap it please.',
        'I like a {item}, please swap {order} for it.',
        'Hello, swap {order} please, I need a {item}.',
      ],
    },
    voucher: [' Please give me a voucher for it.', ' I like a voucher.'],
    order: ['order {id}', 'my order #{id}', 'order number {id}'],
    answer: ['Hello, my order number is {id}.', 'Order number {id}.', 'Please take {id}.'],
  },
};

/** Fills the slots of a sentence and starts it with a capital letter. */
export function fill(sentence: string, slots: Record<string, string | number>): string {
  const text = sentence.replace(/\{(\w+)\}/g, (_, slot: string) => String(slots[slot]));
  return text.charAt(0).toUpperCase() + text.slice(1);
}
