/** Every lane of a workgroup gets the sum, maximum and minimum of all, whichever way the device combines them. */
import * as tf from '@tensorflow/tfjs';
import { openGpu, type Backend, type GpuOptions } from '../../src/compute/webgpu/gpu.ts';
import { floats, ints, sumBound, type Context } from './webgpu-ops.checks.ts';
import { normals } from './webgpu-ops.reference.ts';

const blocks = 3;

export async function reductions({ random, check, options }: Context): Promise<void> {
  const { device } = tf.backend() as unknown as Backend;
  const isBySubgroups = options.subgroups ?? device.features.has('subgroups');
  const gpu = openGpu({ family: 'tiled', ...options } satisfies GpuOptions);
  // Subgroups bear any number of lanes: the last one has few, whatever their size is.
  for (const lanes of isBySubgroups ? [1, 3, 37, 64, 101, 256] : [2, 64, 256]) {
    const x = normals(random, blocks * lanes * 4);
    const y = gpu.empty([blocks * lanes, 4]);
    const [greatest, least] = [gpu.empty([blocks * lanes]), gpu.empty([blocks * lanes], 'int32')];
    const whole = Array.from({ length: blocks * lanes }, () => random.integer(2 ** 31));
    gpu.run(
      `reductions ${lanes}`,
      () => ({
        reads: { x: 'vec4<f32>', whole: 'u32' },
        writes: { y: 'vec4<f32>', greatest: 'f32', least: 'u32' },
        numbers: {},
        threads: lanes,
        reductions: { sumOver: 'sum vec4<f32>', maxOver: 'max f32', minOver: 'min u32' },
        main: `  let i = block * ${lanes}u + lane;
  // Twice in a row, as kernels use them.
  y[i] = sumOver(x[i], lane) + sumOver(x[i], lane);
  greatest[i] = maxOver(x[i].x, lane);
  least[i] = minOver(whole[i], lane);`,
      }),
      [floats(x, [blocks * lanes, 4]), ints(whole), y, greatest, least],
      [],
      blocks,
    );
    const ofBlock = <T>(fold: (block: number) => T) =>
      Array.from({ length: blocks * lanes }, (_, i) => fold(Math.floor(i / lanes)));
    const numbers = Array.from({ length: lanes }, (_, lane) => lane);
    const at = (block: number, lane: number) => (block * lanes + lane) * 4;
    const sums = ofBlock((block) =>
      [0, 1, 2, 3].map((c) => numbers.reduce((sum, lane) => sum + 2 * x[at(block, lane) + c]!, 0)),
    ).flat();
    await check(`sums of ${lanes} lanes`, y, sums, sumBound(lanes));
    const highest = ofBlock((block) => Math.max(...numbers.map((lane) => Math.fround(x[at(block, lane)]!))));
    await check(`maximum of ${lanes} lanes`, greatest, highest, 0);
    const lowest = ofBlock((block) => Math.min(...whole.slice(block * lanes, (block + 1) * lanes)));
    await check(`minimum of ${lanes} lanes`, least, lowest, 0);
  }
}
