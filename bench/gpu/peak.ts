/**
 * What the device can do at most, as WGSL reaches it: multiply-adds on registers alone, and bytes copied. Measured, not
 * looked up, so that a share of it means the same on every device.
 */
import { device } from './device.ts';

export interface Peak {
  /** FLOP/s of the best of several numbers of independent sums; a multiply-add is two. */
  f32: number;
  /** The same in f16, null without shader-f16. */
  f16: number | null;
  /** Bytes/s, read and written both counted. */
  copy: number;
}

const threads = 256;

function sums(type: string, count: number, rounds: number): string {
  const names = Array.from({ length: count }, (_, i) => `s${i}`);
  const vector = `vec4<${type}>`;
  // Factors that the compiler cannot know, and a result that it cannot leave out.
  return `${type === 'f16' ? 'enable f16;\n' : ''}@group(0) @binding(0) var<storage, read_write> out: array<f32>;
@compute @workgroup_size(${threads})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = ${vector}(${type}(out[0])) + ${vector}(${type}(id.x & 7u)) * ${type}(0.001);
  let y = ${vector}(${type}(out[1])) + ${vector}(${type}(1));
${names.map((name, i) => `  var ${name} = ${vector}(${type}(${i}));`).join('\n')}
  for (var i = 0u; i < ${rounds}u; i++) {
${Array.from({ length: 4 }, () => names.map((name) => `    ${name} = fma(${name}, x, y);`).join('\n')).join('\n')}
  }
  let sum = ${names.join(' + ')};
  if (sum.x == ${type}(123.456)) { out[2] = f32(sum.y); }
}`;
}

const copying = `@group(0) @binding(0) var<storage, read> from_: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> to_: array<vec4<f32>>;
@compute @workgroup_size(${threads})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let stride = groups.x * ${threads}u;
  for (var i = id.x; i < arrayLength(&to_); i += stride) { to_[i] = from_[i]; }
}`;

function pipelineOf(code: string): GPUComputePipeline {
  return device().createComputePipeline({
    layout: 'auto',
    compute: { module: device().createShaderModule({ code }) },
  });
}

/** Least milliseconds of one dispatch in a few submits of several. */
async function dispatchMs(
  pipeline: GPUComputePipeline,
  buffers: GPUBuffer[],
  blocks: number,
  sampleMs: number,
): Promise<number> {
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const group = device().createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  const sample = async (runs: number) => {
    const start = performance.now();
    const encoder = device().createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let i = 0; i < runs; i++) pass.dispatchWorkgroups(blocks);
    pass.end();
    device().queue.submit([encoder.finish()]);
    await device().queue.onSubmittedWorkDone();
    return (performance.now() - start) / runs;
  };
  await sample(1);
  const runs = Math.max(1, Math.min(500, Math.round(sampleMs / (await sample(1)))));
  let least = Infinity;
  for (let i = 0; i < 4; i++) least = Math.min(least, await sample(runs));
  return least;
}

async function peakOf(type: 'f32' | 'f16', effort: number, sampleMs: number): Promise<number> {
  const blocks = Math.ceil(4096 * effort);
  const rounds = Math.ceil(512 * effort);
  const out = device().createBuffer({ size: 256, usage: GPUBufferUsage.STORAGE });
  let best = 0;
  for (const count of [2, 4, 8]) {
    const ms = await dispatchMs(pipelineOf(sums(type, count, rounds)), [out], blocks, sampleMs);
    const operations = blocks * threads * rounds * 4 * count * 4 * 2;
    best = Math.max(best, (operations * 1000) / ms);
  }
  out.destroy();
  return best;
}

/** @param effort 1 on a GPU; a small part of it where a processor does the work */
export async function measurePeak(effort: number, sampleMs: number): Promise<Peak> {
  const bytes =
    Math.min(device().limits.maxStorageBufferBindingSize, Math.ceil(2 ** 20 * effort) * 512) & ~255;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const [from, to] = [0, 1].map(() => device().createBuffer({ size: bytes, usage })) as [
    GPUBuffer,
    GPUBuffer,
  ];
  const ms = Math.min(
    await dispatchMs(pipelineOf(copying), [from, to], 4096, sampleMs),
    await dispatchMs(pipelineOf(copying), [from, to], 65_535, sampleMs),
  );
  from.destroy();
  to.destroy();
  return {
    f32: await peakOf('f32', effort, sampleMs),
    f16: device().features.has('shader-f16') ? await peakOf('f16', effort, sampleMs) : null,
    copy: (2 * bytes * 1000) / ms,
  };
}
