/** The GPU under measurement: waiting for it, timing work on it without the waiting, and buffers filled by itself. */
import * as tf from '@tensorflow/tfjs';
import { throwIfFailed } from '../../src/compute/backend.ts';
import { bitsOf, groupSize, type PackedFormat, type PackedMatrix } from '../../src/compute/packed.ts';
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

/** Numbers by a hash of the index, made on the GPU in pieces that it can bind. @param main what is stored at `out[i]` */
function filled(shape: number[], isWords: boolean, key: string, main: string, numbers: [number, number]) {
  filler ??= openGpu({ family: 'tiled' });
  const tensor = filler.empty(shape, isWords ? 'int32' : 'float32');
  const most = Math.min(2 ** 26, Math.floor(filler.bindingBytes / 256) * 64);
  for (let start = 0; start < tensor.size; start += most) {
    const size = Math.min(most, tensor.size - start);
    const source = () =>
      elementwise({
        reads: {},
        writes: { out: isWords ? 'u32' : 'f32' },
        numbers: { start: 'u32', seed: 'u32', factor: 'f32' },
        declarations: `fn hash(x: u32) -> u32 {
  var h = x;
  h = (h ^ (h >> 16u)) * 0x7feb352du;
  h = (h ^ (h >> 15u)) * 0x846ca68bu;
  return h ^ (h >> 16u);
}
fn normal(index: u32) -> f32 {
  let bits = vec4<u32>(hash(index ^ hash(n.seed)));
  let bytes = (bits >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(255u);
  return (dot(vec4<f32>(bytes), vec4<f32>(1.0)) - 510.0) * n.factor;
}`,
        main: `  let index = n.start + i;\n  out[i] = ${main};`,
      });
    filler.run(
      `fill ${key}`,
      source,
      [{ tensor, start, size }],
      [size, start, ...numbers],
      elementBlocks(size),
    );
  }
  return tensor;
}

/** A byte's deviation is 73.9, that of the sum of four twice as much. */
const normalFactor = (deviation: number) => deviation / 147.8;

/** Like normal numbers: sums of four uniform ones. */
export function fillNormal(shape: number[], deviation: number, seed: number): tf.Tensor {
  return filled(shape, false, 'f32', 'normal(index)', [seed, normalFactor(deviation)]);
}

/** A packed matrix of random values; in int8 and int4 they are uniform. Columns are a multiple of 32. */
export function fillPacked(
  [rows, columns]: [number, number],
  format: PackedFormat,
  deviation: number,
  seed: number,
): PackedMatrix {
  const words = [rows, (columns * bitsOf[format]) / 32];
  const main =
    format === 'f16'
      ? 'pack2x16float(vec2<f32>(normal(2u * index), normal(2u * index + 1u)))'
      : 'hash(index ^ hash(n.seed))';
  const values = filled(words, true, format, main, [seed, normalFactor(deviation)]);
  const uniform = { int8: 73.9, int4: 4.6 };
  const scales = format === 'f16' ? null : tf.fill([rows, columns / groupSize], deviation / uniform[format]);
  return { format, shape: [rows, columns], size: rows * columns, values, scales };
}
