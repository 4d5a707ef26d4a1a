/**
 * What a dispatch costs JavaScript through Dawn in Node: recorded by an operation, and replayed as `repeat` does. Commands
 * are encoded and thrown away, never submitted, so no GPU's time is in it.
 *
 *   npx tsx bench/javascript-cost.ts [--software]
 */
import * as tf from '@tensorflow/tfjs';
import { openDawn, softwareAdapters } from '../scripts/lib/dawn.ts';
import { median } from '../src/base/statistics.ts';
import { openBackend } from '../src/compute/backend.ts';
import { openGpu, type Backend } from '../src/compute/webgpu/gpu.ts';
import { repeat } from '../src/compute/webgpu/repeat.ts';
import { elementBlocks, elementwise } from '../src/compute/webgpu/wgsl.ts';

const isSoftware = process.argv.includes('--software');
await openDawn(isSoftware ? softwareAdapters()[0]?.environment : {});
const { adapter } = await openBackend({ prefer: 'webgpu' });
const backend = tf.backend() as unknown as Backend;
const gpu = openGpu({ family: 'tiled' });
const size = 64;
const tensors = Array.from({ length: 64 }, () => gpu.empty([size]));
const source = () =>
  elementwise({
    reads: { x: 'f32' },
    writes: { out: 'f32' },
    numbers: { factor: 'f32' },
    main: '  out[i] = x[i] * n.factor;',
  });

/** Neighbours change from call to call, as an operation's inputs do. A factor not seen before needs a new bind group. */
function record(i: number, factor: number): void {
  const [from, to] = [tensors[i % 64]!, tensors[(i + 1) % 64]!];
  gpu.run('javascript-cost', source, [from, to], [size, factor], elementBlocks(size));
}

const dispatches = 2000;
/** The first ones run before the compiler has seen the loop. */
const [warmUps, samples] = [5, 15];

/** Prints the microseconds of each, with the encoder dropped after. */
function cost(encode: () => void): void {
  const times: number[] = [];
  for (let sample = 0; sample < warmUps + samples; sample++) {
    backend.ensureCommandEncoderReady();
    backend.computePassEncoder = backend.commandEncoder!.beginComputePass();
    // So many below the number at which commands are handed over.
    backend.dispatchCountInPass = -Infinity;
    const start = performance.now();
    encode();
    times.push(performance.now() - start);
    backend.computePassEncoder.end();
    [backend.computePassEncoder, backend.commandEncoder] = [null, null];
  }
  const kept = times.slice(warmUps).map((ms) => (1000 * ms) / dispatches);
  // The least as well: other work on the machine only adds.
  say(`    median ${median(kept).toFixed(2)} µs, least ${Math.min(...kept).toFixed(2)} µs`);
}

const say = (text: string) => process.stdout.write(`${text}\n`);
const recordAll = (factorOf: (i: number) => number) => {
  for (let i = 0; i < dispatches; i++) record(i, factorOf(i));
};
say(`${adapter}, Node ${process.version}, ${dispatches} dispatches, ${samples} samples`);
say('recorded by an operation, its bind group found again:');
cost(() => recordAll(() => 2));
say('recorded with new uniforms and a new bind group:');
let unseen = 3;
cost(() => recordAll(() => unseen++));
say('a bind group alone, of the same buffers:');
const { device } = backend;
const make = device.createBindGroup.bind(device);
let bindGroup!: GPUBindGroupDescriptor;
device.createBindGroup = (descriptor) => make((bindGroup = descriptor));
record(0, unseen++);
cost(() => {
  for (let i = 0; i < dispatches; i++) make(bindGroup);
});
say('replayed:');
const repetition = repeat(gpu, () => recordAll(() => 2));
repetition.run();
cost(() => repetition.run());
process.exit(0);
