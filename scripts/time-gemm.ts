/**
 * Times tiles for matrix products on a GPU, through Dawn in Node, and checks a few sums of each: which of them
 * `src/compute/webgpu/gemm.ts` should choose. Prints GFLOP/s by the GPU's own clock.
 *
 *   npx tsx scripts/time-gemm.ts [form] [part of a tile's name]
 */
import { openDawn } from './lib/dawn.ts';
import type { Form, Variant } from '../src/compute/webgpu/gemm-code.ts';
import { tiledSource, type Tile } from '../src/compute/webgpu/gemm-tiled.ts';
import { shader } from '../src/compute/webgpu/gpu.ts';
import { matrixReads, type Stored } from '../src/compute/webgpu/weight.ts';

const tile = (name: string, [rows, columns, depth]: number[], [down, across]: number[], how = '') => ({
  name: `${name}${how && ` ${how}`}`,
  tile: {
    ...{ rows: rows!, columns: columns!, depth: depth!, down: down!, across: across! },
    isPrefetched: how === 'prefetched',
    isDouble: how === 'double',
  } satisfies Tile,
});

const tiles = ['', 'prefetched', 'double'].flatMap((how) => [
  tile('128x128x16/8x8', [128, 128, 16], [8, 8], how),
  tile('128x128x8/8x8', [128, 128, 8], [8, 8], how),
  tile('128x64x16/8x8', [128, 64, 16], [8, 8], how),
  tile('128x64x16/8x4', [128, 64, 16], [8, 4], how),
  tile('64x64x16/8x8', [64, 64, 16], [8, 8], how),
  tile('64x64x16/4x4', [64, 64, 16], [4, 4], how),
  tile('64x64x32/4x8', [64, 64, 32], [4, 8], how),
  tile('64x32x32/4x4', [64, 32, 32], [4, 4], how),
  tile('32x32x32/4x4', [32, 32, 32], [4, 4], how),
  ...(how === 'double' ? [] : [tile('256x128x8/16x8', [256, 128, 8], [16, 8], how)]),
]);

/** [M, N, K] of y = x·wᵀ: layers of Qwen3-0.6B at several numbers of tokens, small models, decoding, LoRA. */
const shapes: [number, number, number][] = [
  [4096, 3072, 1024],
  [4096, 1024, 3072],
  [4096, 1024, 1024],
  [1024, 3072, 1024],
  [512, 1024, 1024],
  [4096, 4096, 4096],
  [6144, 320, 128],
  [1024, 128, 128],
  [64, 3072, 1024],
  [64, 1024, 3072],
  [4096, 16, 1024],
  [4096, 1024, 16],
];

await openDawn();
const adapter = (await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' }))!;
const { maxStorageBufferBindingSize, maxBufferSize, maxComputeWorkgroupStorageSize } = adapter.limits;
const device = await adapter.requestDevice({
  requiredFeatures: adapter.features.has('timestamp-query') ? ['timestamp-query'] : [],
  requiredLimits: { maxStorageBufferBindingSize, maxBufferSize, maxComputeWorkgroupStorageSize },
});
device.addEventListener('uncapturederror', ({ error }) => console.error(error.message));
console.log(`${adapter.info.vendor} ${adapter.info.architecture} ${adapter.info.description}`);
/** Small on a processor, where only the sums are of interest. */
const isGpu = !/swiftshader|llvmpipe/i.test(adapter.info.architecture + adapter.info.description);

const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
const queries = device.createQuerySet({ type: 'timestamp', count: 2 });
const resolved = device.createBuffer({
  size: 16,
  usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
});

async function read(buffer: GPUBuffer, offset: number, size: number): Promise<ArrayBuffer> {
  const staging = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const copy = staging.getMappedRange().slice(0);
  staging.destroy();
  return copy;
}

/** Nanoseconds of so many runs, one after the other. */
async function nanoseconds(
  pipeline: GPUComputePipeline,
  group: GPUBindGroup,
  blocks: number,
  runs: number,
): Promise<number> {
  const encoder = device.createCommandEncoder();
  const timestampWrites = { querySet: queries, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 };
  const pass = encoder.beginComputePass({ timestampWrites });
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  const across = Math.min(blocks, 65_535);
  for (let i = 0; i < runs; i++) pass.dispatchWorkgroups(across, Math.ceil(blocks / across));
  pass.end();
  encoder.resolveQuerySet(queries, 0, 2, resolved, 0);
  device.queue.submit([encoder.finish()]);
  const [start, end] = new BigUint64Array(await read(resolved, 0, 16));
  return Number(end! - start!);
}

function values(size: number, seed: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: size }, (_, i) => (((i * 2_654_435_761 + seed) >>> 7) % 255) / 127 - 1);
}

const pipelines = new Map<string, GPUComputePipeline>();
async function pipelineOf(variant: Variant, chosen: Tile): Promise<GPUComputePipeline> {
  const key = variant.form + JSON.stringify(chosen);
  const known = pipelines.get(key);
  if (known) return known;
  const module = device.createShaderModule({ code: shader(tiledSource(variant, chosen)) });
  const made = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  pipelines.set(key, made);
  return made;
}

/** c = A·B of m × n over depth k, in `splits` parts of the depth. */
async function time(
  form: Form,
  m: number,
  n: number,
  k: number,
  chosen: Tile,
  splits: number,
): Promise<number> {
  const stored: Stored = 'vec4<f32>';
  const variant: Variant = { form, vectors: { a: true, c: true }, b: stored, bias: false, accumulate: false };
  const pipeline = await pipelineOf(variant, chosen);
  const perSplit = Math.ceil(k / splits / 32) * 32;
  const parts = Math.ceil(k / perSplit);
  const blocks = Math.ceil(m / chosen.rows) * Math.ceil(n / chosen.columns) * parts;
  const lda = form === 'TN' ? m : k;
  const ldb = form === 'NT' ? k : n;
  const a = inputs(m * k, 1);
  const b = inputs(n * k, 2);
  const c = output(m * n * parts);
  const uniform = device.createBuffer({ size: 48, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(
    uniform,
    0,
    new Uint32Array([blocks, m, n, k, lda, 0, ldb, n, 0, parts === 1 ? k : perSplit]),
  );
  const resources = [
    { buffer: a, size: m * k * 4 },
    { buffer: b, size: n * k * 4 },
    { buffer: c, size: m * n * parts * 4 },
    { buffer: uniform },
  ];
  if (Object.keys(matrixReads('b', stored)).length !== 1) throw new Error('one buffer a matrix');
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: resources.map((resource, binding) => ({ binding, resource })),
  });
  const one = await nanoseconds(pipeline, group, blocks, 1);
  // Sums of a few elements, in float64.
  const [va, vb] = [hostValues(m * k, 1), hostValues(n * k, 2)];
  for (const [i, j] of [
    [0, 0],
    [m - 1, n - 1],
    [m >> 1, (n >> 1) + 1],
    [m >> 2, n - 3],
  ] as const) {
    let expected = 0;
    for (let p = 0; p < k; p++) {
      expected += va[form === 'TN' ? p * m + i : i * k + p]! * vb[form === 'NT' ? j * k + p : p * n + j]!;
    }
    let found = 0;
    for (let part = 0; part < parts; part++) {
      found += new Float32Array(await read(c, (part * m * n + i * n + j) * 4, 4))[0]!;
    }
    if (!(Math.abs(found - expected) < 1e-5 * k))
      throw new Error(`[${i}, ${j}] is ${found}, not ${expected}`);
  }
  if (!isGpu) return one;
  const runs = Math.max(3, Math.min(400, Math.ceil(4e6 / one)));
  let least = Infinity;
  for (let i = 0; i < 3; i++)
    least = Math.min(least, (await nanoseconds(pipeline, group, blocks, runs)) / runs);
  uniform.destroy();
  return least;
}

const kept = new Map<string, GPUBuffer>();
const host = new Map<string, Float32Array<ArrayBuffer>>();
function hostValues(size: number, seed: number): Float32Array<ArrayBuffer> {
  const key = `${size} ${seed}`;
  if (!host.has(key)) host.set(key, values(size, seed));
  return host.get(key)!;
}
function inputs(size: number, seed: number): GPUBuffer {
  const key = `${size} ${seed}`;
  if (!kept.has(key)) {
    const buffer = device.createBuffer({ size: size * 4, usage });
    device.queue.writeBuffer(buffer, 0, hostValues(size, seed));
    kept.set(key, buffer);
  }
  return kept.get(key)!;
}
function output(size: number): GPUBuffer {
  const key = `output ${size}`;
  if (!kept.has(key)) kept.set(key, device.createBuffer({ size: size * 4, usage }));
  return kept.get(key)!;
}

const [onlyForm = '', onlyTile = ''] = process.argv.slice(2);
const began = performance.now();
for (const [m, n, k] of isGpu ? shapes : [[192, 68, 100] as const]) {
  for (const form of ['NT', 'NN', 'TN'] as const) {
    if (!form.includes(onlyForm)) continue;
    // The gradients' products: dx [M, K] over depth N, dw [N, K] over depth M.
    const [rows, columns, depth] = form === 'NT' ? [m, n, k] : form === 'NN' ? [m, k, n] : [n, k, m];
    const rate = (ns: number) => ((2 * m * n * k) / ns).toFixed(0);
    const lines: { ns: number; text: string }[] = [];
    for (const { name, tile: chosen } of tiles) {
      if (!name.includes(onlyTile)) continue;
      const count = Math.ceil(rows / chosen.rows) * Math.ceil(columns / chosen.columns);
      for (const splits of count < 300 ? [1, 2, 4, 8, 16] : [1]) {
        if (splits > 1 && depth / splits < 2 * chosen.depth) continue;
        if (performance.now() - began > 240_000) continue;
        try {
          const ns = await time(form, rows, columns, depth, chosen, splits);
          lines.push({
            ns,
            text: `${name} split ${splits}: ${rate(ns)} GFLOP/s, ${(ns / 1000).toFixed(1)} µs`,
          });
        } catch (error) {
          console.log(`${form} ${name}: ${String(error)}`);
        }
      }
    }
    lines.sort((a, b) => a.ns - b.ns);
    console.log(
      `${form} M${m} N${n} K${k}\n${lines
        .slice(0, isGpu ? 14 : 100)
        .map(({ text }) => `  ${text}`)
        .join('\n')}`,
    );
  }
  for (const buffer of kept.values()) buffer.destroy();
  kept.clear();
  host.clear();
}
process.exit(0);
