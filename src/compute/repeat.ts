/** The same work again and again, as cheaply as the backend can: recorded once and sent again where there is a GPU. */
import * as tf from '@tensorflow/tfjs';
import { fastKernels } from './kernels.ts';
import type { Repetition } from './operations.ts';

/** @param work see `repeat` in `operations.ts`; runs in a tidy and returns nothing */
export function repeat(work: (turn: number) => void): Repetition {
  const recorded = fastKernels()?.repeat?.(work);
  if (recorded) return recorded;
  let turn = 0;
  return { run: () => tf.tidy(() => work(turn++)), dispose() {} };
}
