/** What the backend has used so far, and what it can hold. What a model will need is `model/memory.ts`. */
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

export interface BackendLimits {
  /** Bytes of one tensor; infinite where only the sum counts. */
  bufferBytes: number;
  /** Bytes of all; infinite on a GPU, since browsers do not say how much memory it has. */
  totalBytes: number;
}

/** Of the current backend. */
export function backendLimits(): BackendLimits {
  if (tf.getBackend() === 'webgpu') {
    const { device } = tf.backend() as unknown as { device: GPUDevice };
    return { bufferBytes: device.limits.maxBufferSize, totalBytes: Infinity };
  }
  // An address of WASM has 32 bits.
  return { bufferBytes: Infinity, totalBytes: tf.getBackend() === 'wasm' ? 2 ** 32 : Infinity };
}
