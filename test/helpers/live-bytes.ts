/**
 * Bytes that tensors really occupy: each buffer once, however many tensors share it. `tf.memory().numBytes` counts
 * every alias.
 */
import * as tf from '@tensorflow/tfjs';

export interface ByteWatch {
  /** Bytes of buffers made since the watch began and still alive. */
  now(): number;
  /** The most there ever were. */
  peak(): number;
  stop(): void;
}

export function watchBytes(): ByteWatch {
  const engine = tf.engine();
  const { trackTensor, disposeTensor } = engine;
  const tensorsOf = new Map<object, number>();
  let bytes = 0;
  let most = 0;
  engine.trackTensor = (tensor, backend) => {
    const sharing = tensorsOf.get(tensor.dataId) ?? 0;
    if (!sharing) bytes += tensor.size * 4;
    tensorsOf.set(tensor.dataId, sharing + 1);
    most = Math.max(most, bytes);
    trackTensor.call(engine, tensor, backend);
  };
  engine.disposeTensor = (tensor) => {
    const sharing = tensorsOf.get(tensor.dataId);
    if (sharing !== undefined) {
      if (sharing === 1) {
        bytes -= tensor.size * 4;
        tensorsOf.delete(tensor.dataId);
      } else {
        tensorsOf.set(tensor.dataId, sharing - 1);
      }
    }
    disposeTensor.call(engine, tensor);
  };
  return {
    now: () => bytes,
    peak: () => most,
    stop() {
      engine.trackTensor = trackTensor;
      engine.disposeTensor = disposeTensor;
    },
  };
}

export interface AllocatedBytes {
  live: number;
  most: number;
}

/** Bytes of the GPU buffers made from now on, of any device and whoever makes them, pooled ones included. */
export function watchBuffers(): AllocatedBytes {
  const bytes = { live: 0, most: 0 };
  const alive = new WeakSet<GPUBuffer>();
  const { createBuffer } = GPUDevice.prototype;
  const { destroy } = GPUBuffer.prototype;
  GPUDevice.prototype.createBuffer = function (descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    alive.add(buffer);
    bytes.most = Math.max(bytes.most, (bytes.live += buffer.size));
    return buffer;
  };
  GPUBuffer.prototype.destroy = function () {
    if (alive.delete(this)) bytes.live -= this.size;
    return destroy.call(this);
  };
  return bytes;
}
