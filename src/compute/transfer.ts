/**
 * Moves values between host and backend. On WebGPU all reads that are asked for before the caller's next turn travel
 * together: one submit and one wait, however many tensors.
 *
 * TensorFlow.js's own reading keeps a staging buffer for every size it ever met, and leaves the values on the host too.
 */
import * as tf from '@tensorflow/tfjs';
import { assert } from '../base/errors.ts';

/** What crosses at once; larger tensors are read in pieces, so that no second copy of a model exists on the GPU. */
const stagingBytes = 4 << 20;

interface Backend {
  device: GPUDevice;
  tensorMap: { get(dataId: object): { values: Float32Array | Int32Array | null; resource?: GPUBuffer } };
  commandEncoder: GPUCommandEncoder | null;
  uploadToGPU(dataId: object): void;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

interface Staging {
  buffer: GPUBuffer;
  usedBytes: number;
  readers: number;
  /** Resolves when the values have arrived. */
  arrived: Promise<void>;
}

/** Takes more reads until its turn is over. */
let loading: Staging | null = null;
const idle = new WeakMap<GPUDevice, GPUBuffer[]>();

/**
 * The tensor's values. One of more than 4 MiB must live until they have arrived; any other may be disposed of at once.
 * @returns Float32Array or, for an int32 tensor, Int32Array
 */
export async function readValues<T extends Float32Array | Int32Array = Float32Array>(
  tensor: tf.Tensor,
): Promise<T> {
  if (tf.getBackend() !== 'webgpu') return (await tensor.data()) as unknown as T;
  const backend = tf.backend() as unknown as Backend;
  const known = backend.tensorMap.get(tensor.dataId).values;
  if (known) return known.slice() as T;
  const values = tensor.dtype === 'int32' ? new Int32Array(tensor.size) : new Float32Array(tensor.size);
  const bytes = new Uint8Array(values.buffer);
  for (let start = 0; start < bytes.length; start += stagingBytes)
    await readPiece(backend, tensor, start, bytes.subarray(start, start + stagingBytes));
  return values as T;
}

async function readPiece(backend: Backend, tensor: tf.Tensor, start: number, to: Uint8Array): Promise<void> {
  const { resource } = backend.tensorMap.get(tensor.dataId);
  assert(resource, 'a tensor without values on the host has them on the GPU');
  if (loading && loading.usedBytes + to.length > stagingBytes) send(backend, loading);
  const staging = (loading ??= openStaging(backend));
  const at = staging.usedBytes;
  // Offsets into mapped memory are multiples of 8.
  staging.usedBytes += Math.ceil(to.length / 8) * 8;
  staging.readers++;
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.commandEncoder!.copyBufferToBuffer(resource, start, staging.buffer, at, to.length);
  await staging.arrived;
  to.set(new Uint8Array(staging.buffer.getMappedRange(at, to.length)));
  if (--staging.readers > 0) return;
  staging.buffer.unmap();
  idle.get(backend.device)!.push(staging.buffer);
}

function openStaging(backend: Backend): Staging {
  const { device } = backend;
  if (!idle.has(device)) idle.set(device, []);
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const buffer = idle.get(device)!.pop() ?? device.createBuffer({ size: stagingBytes, usage });
  const staging: Staging = { buffer, usedBytes: 0, readers: 0, arrived: Promise.resolve() };
  staging.arrived = Promise.resolve().then(() => {
    if (loading === staging) send(backend, staging);
    return buffer.mapAsync(GPUMapMode.READ, 0, staging.usedBytes);
  });
  return staging;
}

function send(backend: Backend, staging: Staging): void {
  if (loading === staging) loading = null;
  // Null when the copies were handed over meanwhile, because many commands came after them.
  if (!backend.commandEncoder) return;
  backend.endComputePassEncoder();
  backend.submitQueue();
}

/** Gives back the buffers that wait for the next read. */
export function dropStaging(): void {
  const { device } = tf.backend() as unknown as Backend;
  for (const buffer of idle.get(device)?.splice(0) ?? []) buffer.destroy();
}

/** Puts the values on the device now. TensorFlow.js would keep them on the host until the tensor is first used. */
export function upload(tensor: tf.Tensor): void {
  const backend = tf.backend() as { uploadToGPU?: (dataId: object) => void };
  backend.uploadToGPU?.(tensor.dataId);
}
