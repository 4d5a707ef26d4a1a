/** Which members of a pool take part in a step. Plain arithmetic; a resumed run draws as one that never stopped. */
import { Random } from '../base/random.ts';

/** The members of a step, counted from 0: every epoch is a fresh shuffle by the seed, cut into steps. */
export function membersOfStep<T>(pool: readonly T[], step: number, count: number, seed: string): T[] {
  const size = Math.min(count, pool.length);
  const orders = new Map<number, T[]>();
  return Array.from({ length: size }, (_, offset) => {
    const at = step * size + offset;
    const epoch = Math.floor(at / pool.length);
    if (!orders.has(epoch)) orders.set(epoch, new Random(seed).fork('epoch', epoch).shuffle(pool));
    return orders.get(epoch)![at % pool.length]!;
  });
}
