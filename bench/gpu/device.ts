/** The GPU under measurement: waiting for it, timing work on it without the waiting, and buffers filled by itself. */
import * as tf from '@tensorflow/tfjs';
import { throwIfFailed } from '../../src/compute/backend.ts';
import { openGpu, type Gpu } from '../../src/compute/webgpu/gpu.ts';
import { elementBlocks, elementwise } from '../../src/compute/webgpu/wgsl.ts';

interface Backend {
  device: GPUDevice;
  commandEncoder: GPUCommandEncoder | null;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

const backend = () => tf.backend() as unknown as Backend;
export const device = () => backend().device;

/** Hands over all commands and waits until the last is done. @throws AppError what the GPU reported */
export async function drain(): Promise<void> {
  const { device, commandEncoder } = backend();
  backend().endComputePassEncoder();
  if (commandEncoder) backend().submitQueue();
  await device.queue.onSubmittedWorkDone();
  throwIfFailed();
}

/**
 * Milliseconds of one run, the least of three samples, of so many runs each that waiting and handing over count little.
 * @param run records commands, and waits for nothing
 */
export async function timeOf(run: () => void, sampleMs: number): Promise<number> {
  const sample = async (runs: number) => {
    const start = performance.now();
    for (let i = 0; i < runs; i++) run();
    await drain();
    return (performance.now() - start) / runs;
  };
  await sample(1);
  const first = await sample(1);
  const runs = Math.max(1, Math.min(200, Math.round(sampleMs / first)));
  let least = first;
  for (let i = 0; i < 3; i++) least = Math.min(least, await sample(runs));
  return least;
}

let filler: Gpu | null = null;

/** Normal-like numbers (a sum of four uniform ones, by a hash of the index), made on the GPU in pieces it can bind. */
export function fillNormal(shape: number[], deviation: number, seed: number): tf.Tensor {
  filler ??= openGpu({ family: 'tiled' });
  const gpu = filler;
  const tensor = gpu.empty(shape);
  const most = Math.min(2 ** 26, Math.floor(gpu.bindingBytes / 256) * 64);
  for (let start = 0; start < tensor.size; start += most) {
    const size = Math.min(most, tensor.size - start);
    gpu.run(
      'fill',
      () =>
        elementwise({
          reads: {},
          writes: { out: 'f32' },
          numbers: { start: 'u32', seed: 'u32', factor: 'f32' },
          declarations: `fn hash(x: u32) -> u32 {
  var h = x;
  h = (h ^ (h >> 16u)) * 0x7feb352du;
  h = (h ^ (h >> 15u)) * 0x846ca68bu;
  return h ^ (h >> 16u);
}`,
          main: `  let bits = vec4<u32>(hash((n.start + i) ^ hash(n.seed)));
  let h = (bits >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(255u);
  out[i] = (dot(vec4<f32>(h), vec4<f32>(1.0)) - 510.0) * n.factor;`,
        }),
      [{ tensor, start, size }],
      // A byte's deviation is 73.9, that of the sum of four twice as much.
      [size, start, seed, deviation / 147.8],
      elementBlocks(size),
    );
  }
  return tensor;
}
