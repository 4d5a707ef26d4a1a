/** What the backend has used so far, for whoever watches a run. What a model will need is `model/memory.ts`. */
import * as tf from '@tensorflow/tfjs';
import { dispatchesSoFar } from './webgpu/gpu.ts';

export interface BackendUsage {
  /** Bytes allocated: on a GPU with what its pool holds back, elsewhere the tensors alone. */
  allocatedBytes: number;
  /** Kernels of our own sent to a GPU since the start; 0 elsewhere. */
  dispatches: number;
}

export function backendUsage(): BackendUsage {
  const { numBytes, numBytesAllocatedInGPU } = tf.memory() as tf.MemoryInfo & {
    numBytesAllocatedInGPU?: number;
  };
  return { allocatedBytes: numBytesAllocatedInGPU ?? numBytes, dispatches: dispatchesSoFar() };
}
