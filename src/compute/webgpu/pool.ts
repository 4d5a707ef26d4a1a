/**
 * The pool from which TensorFlow.js takes GPU buffers, kept in bounds: it reuses a buffer only for exactly its size and
 * would give none back, so that each new length would leave its buffers behind for good.
 */
import * as tf from '@tensorflow/tfjs';
import type { Backend, BufferManager } from './gpu.ts';

/** Smaller buffers are not worth the search for others that could go. */
const smallBytes = 4 << 10;
/**
 * What the pool may hold, as a multiple of the most that was ever needed at once, so that sizes that take turns stay. With
 * less, a training step of the usual shapes is handed over in parts, because buffers go only behind their commands.
 */
export const poolSlack = 1.17;

const kept = new WeakSet<BufferManager>();

/**
 * Two rules for the backend's pool. The oldest free buffer is taken first, so that the same work finds the same buffers,
 * and the bind groups made for them, each time; TensorFlow.js takes the one given back last, which changes from step to
 * step. And where a new buffer would make the whole more than was ever needed, free ones go first.
 *
 * @param idOf a number that is the greater, the younger the buffer
 */
export function keepPool(backend: Backend, idOf: (buffer: GPUBuffer) => number): void {
  const pool = backend.bufferManager;
  if (kept.has(pool)) return;
  kept.add(pool);
  const [acquire, release] = [pool.acquireBuffer.bind(pool), pool.releaseBuffer.bind(pool)];
  let mostNeeded = 0;
  pool.acquireBuffer = (size, usage, mapped, reuse = true) => {
    const isNew = !reuse || !pool.freeBuffers.get(`${size}_${usage}`)?.length;
    if (isNew && size >= smallBytes) {
      const free = freeBytes(pool);
      mostNeeded = Math.max(mostNeeded, pool.numBytesAllocated - free + size);
      const excess = pool.numBytesAllocated + size - poolSlack * mostNeeded;
      if (free && excess > 0) destroyFree(backend, excess);
    }
    return acquire(size, usage, mapped, reuse);
  };
  pool.releaseBuffer = (buffer, reuse = true) => {
    release(buffer, reuse);
    if (!reuse) return;
    // The pool takes from the end.
    const free = pool.freeBuffers.get(`${buffer.size}_${buffer.usage}`)!;
    for (let at = free.length - 1; at > 0 && idOf(free[at - 1]!) < idOf(buffer); at--)
      [free[at - 1], free[at]] = [buffer, free[at - 1]!];
  };
}

/** Gives back to the GPU all that the pool holds unused. */
export function emptyPool(): void {
  const backend = tf.backend() as unknown as Backend;
  if (backend.tensorDataPendingDisposal.length || freeBytes(backend.bufferManager))
    destroyFree(backend, Infinity);
}

function freeBytes({ freeBuffers }: BufferManager): number {
  let bytes = 0;
  for (const free of freeBuffers.values()) if (free.length) bytes += free.length * free[0]!.size;
  return bytes;
}

/** Destroys free buffers, the largest first, until `bytes` are gone. */
function destroyFree(backend: Backend, bytes: number): void {
  // Commands that use them must be on their way before buffers go.
  if (backend.commandEncoder) {
    backend.endComputePassEncoder();
    backend.submitQueue();
  }
  const pool = backend.bufferManager;
  const bySize = [...pool.freeBuffers.values()].filter((free) => free.length);
  for (const free of bySize.sort((a, b) => b[0]!.size - a[0]!.size)) {
    while (free.length && bytes > 0) {
      const buffer = free.pop()!;
      buffer.destroy();
      bytes -= buffer.size;
      pool.numFreeBuffers--;
      pool.numBytesAllocated -= buffer.size;
    }
  }
}
