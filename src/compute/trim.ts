/** Between the phases of a run (rollouts, update, evaluation): what one needed does not weigh on the next. */
import * as tf from '@tensorflow/tfjs';
import { dropStaging } from './transfer.ts';
import { emptyPool } from './webgpu/pool.ts';

/** Gives back the GPU buffers that are kept for reuse; costs nothing where there are none. */
export function trimMemory(): void {
  if (tf.getBackend() !== 'webgpu') return;
  emptyPool();
  dropStaging();
}
