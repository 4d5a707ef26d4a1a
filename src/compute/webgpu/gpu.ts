/**
 * Runs WGSL of our own on tfjs tensors: pipelines, uniforms and bind groups made once and kept, dispatches recorded into
 * the command encoder that tfjs-backend-webgpu 4.22 has open, so that its operations and ours are one stream in order.
 * What is computed is in the other files of this folder.
 *
 * Outputs come from tfjs's buffer pool. A buffer given back to the pool may be handed out again before the commands
 * that read it are submitted; that is safe, because everything that writes to such buffers, uploads included, is
 * recorded into the same encoder, and dispatches take effect in order.
 */
import * as tf from '@tensorflow/tfjs';
import { assert } from '../../base/errors.ts';
import { keepPool } from './pool.ts';
import { bySubgroups, throughMemory, type Reduction } from './reduction.ts';

/** Which tiles suit the adapter: workgroup memory and barriers on a GPU, registers alone on a software adapter. */
export type Family = 'tiled' | 'registers';

/** A tensor, or some of its values: `start` in values, a multiple of 64. */
export type Binding = tf.Tensor | { tensor: tf.Tensor; start: number; size: number };

export interface Source {
  /** Buffers that are only read, in the order in which they are passed: name → type of an element. */
  reads: Record<string, string>;
  /** Buffers that are written, possibly read too, after the others. */
  writes: Record<string, string>;
  /** Numbers that differ from call to call, as `n.<name>`. `n.blocks` is always there. */
  numbers: Record<string, 'u32' | 'i32' | 'f32'>;
  /** Whether the work counts steps, so that `turn` must be added to its step number: see `repeat.ts`. */
  hasTurns?: boolean;
  /** Invocations of a workgroup. */
  threads: number;
  /** Functions `name(value, lane)` that combine a value of each invocation. */
  reductions?: Record<string, Reduction>;
  /** Functions, constants, workgroup memory. */
  declarations?: string;
  /** What one workgroup does; `block` is its number, `lane` the invocation's number in it. */
  main: string;
}

export interface Gpu {
  readonly family: Family;
  /** Bytes of a buffer that one kernel can see. */
  readonly bindingBytes: number;
  /** Buffers that one kernel can see. */
  readonly storageBuffers: number;
  /** What kernels with turns add to their step number: one u32 in a uniform buffer. */
  turn: GPUBuffer;
  /** A list of integers on the GPU. */
  upload(values: Int32Array): tf.Tensor;
  /** A tensor of this shape with whatever values its memory has. */
  empty(shape: number[], dtype?: 'float32' | 'int32'): tf.Tensor;
  /**
   * Records one kernel. `key` names the code: the same key must always come with the same source.
   * @param buffers reads then writes, in the order of the source; none that is written may be passed twice
   */
  run(key: string, source: () => Source, buffers: Binding[], numbers: number[], blocks: number): void;
}

/** tfjs's buffers by size and use. */
export interface BufferManager {
  numBytesAllocated: number;
  numFreeBuffers: number;
  freeBuffers: Map<string, GPUBuffer[]>;
  acquireBuffer(size: number, usage: number, mapped?: boolean, reuse?: boolean): GPUBuffer;
  releaseBuffer(buffer: GPUBuffer, reuse?: boolean): void;
  dispose(): void;
}

interface TensorData {
  resource: GPUBuffer;
  values: unknown;
}

export interface Backend {
  device: GPUDevice;
  bufferManager: BufferManager;
  tensorDataPendingDisposal: object[];
  uniformPendingDisposal: GPUBuffer[];
  releaseResource(dataId: object): void;
  tensorMap: { get(dataId: object): TensorData; delete(dataId: object): void };
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  dispatchCountInPass: number;
  makeTensorInfo(shape: number[], dtype: string): { dataId: object; shape: number[]; dtype: tf.DataType };
  nextDataId(): number;
  uploadToGPU(dataId: { id: number }): void;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

interface Pipeline {
  id: number;
  pipeline: GPUComputePipeline;
  layout: GPUBindGroupLayout;
  kinds: ('u32' | 'i32' | 'f32')[];
  reads: number;
  hasTurns: boolean;
}

export interface GpuOptions {
  family: Family;
  /** Below the device's own limits only in tests. */
  bindingBytes?: number;
  storageBuffers?: number;
  subgroups?: false;
}

/** Commands recorded before they are handed to the GPU. */
export const commandsPerSubmit = 256;
/** Uniforms and bind groups that are kept; with more, all are forgotten, since some differ at every step. */
const keptAtMost = 8192;

let dispatches = 0;

/** On all devices of this thread, repetitions included. */
export function dispatchesSoFar(): number {
  return dispatches;
}

/** Counts commands that were recorded, and hands them over when they are many. */
export function countDispatches(backend: Backend): void {
  dispatches++;
  if (++backend.dispatchCountInPass < commandsPerSubmit) return;
  backend.endComputePassEncoder();
  backend.submitQueue();
}

/** On the current backend, which must be `webgpu`. */
export function openGpu({ family, bindingBytes, storageBuffers, subgroups }: GpuOptions): Gpu {
  assert(tf.getBackend() === 'webgpu', `WebGPU kernels run on the backend webgpu, not on ${tf.getBackend()}`);
  tf.env().set('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE', commandsPerSubmit);
  const backend = tf.backend() as unknown as Backend;
  const { device } = backend;
  const pipelines = new Map<string, Pipeline>();
  const uniforms = new Map<string, { id: number; buffer: GPUBuffer }>();
  const groups = new Map<string, GPUBindGroup>();
  const bufferIds = new WeakMap<GPUBuffer, number>();
  keepPool(backend, idOf);
  const widest = device.limits.maxComputeWorkgroupsPerDimension;
  const hasSubgroups = subgroups ?? device.features.has('subgroups');
  let nextId = 0;

  function pipelineOf(key: string, source: () => Source): Pipeline {
    const known = pipelines.get(key);
    if (known) return known;
    const described = source();
    const { reads, writes, numbers, hasTurns = false } = described;
    const types: GPUBufferBindingType[] = [
      ...Object.keys(reads).map(() => 'read-only-storage' as const),
      ...Object.keys(writes).map(() => 'storage' as const),
      'uniform',
      ...(hasTurns ? (['uniform'] as const) : []),
    ];
    const layout = device.createBindGroupLayout({
      entries: types.map((type, binding) => ({ binding, visibility: 4, buffer: { type } })),
    });
    const made: Pipeline = {
      id: nextId++,
      layout,
      kinds: Object.values(numbers),
      reads: Object.keys(reads).length,
      hasTurns,
      pipeline: device.createComputePipeline({
        label: key,
        layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module: device.createShaderModule({ label: key, code: shader(described, hasSubgroups) }) },
      }),
    };
    pipelines.set(key, made);
    return made;
  }

  function uniformOf(kinds: Pipeline['kinds'], numbers: number[]): { id: number; buffer: GPUBuffer } {
    const key = `${kinds.join()}:${numbers.join()}`;
    const known = uniforms.get(key);
    if (known) return known;
    const size = Math.ceil((kinds.length + 1) / 4) * 16;
    const buffer = device.createBuffer({ size, usage: 64, mappedAtCreation: true }); // 64 = UNIFORM
    const view = new DataView(buffer.getMappedRange());
    view.setUint32(0, numbers[0]!, true);
    kinds.forEach((kind, i) => {
      const value = numbers[i + 1]!;
      if (kind === 'f32') view.setFloat32(4 * i + 4, value, true);
      else view.setInt32(4 * i + 4, value, true);
    });
    buffer.unmap();
    const made = { id: nextId++, buffer };
    if (uniforms.size >= keptAtMost) uniforms.clear();
    uniforms.set(key, made);
    return made;
  }

  function idOf(buffer: GPUBuffer): number {
    let id = bufferIds.get(buffer);
    if (id === undefined) bufferIds.set(buffer, (id = nextId++));
    return id;
  }

  function bufferOf(tensor: tf.Tensor, isWritten: boolean): GPUBuffer {
    backend.uploadToGPU(tensor.dataId as { id: number });
    const data = backend.tensorMap.get(tensor.dataId);
    // What was read back earlier is out of date now.
    if (isWritten) data.values = null;
    return data.resource;
  }

  const gpu: Gpu = {
    family,
    turn: createTurn(device),
    bindingBytes: Math.min(bindingBytes ?? Infinity, device.limits.maxStorageBufferBindingSize),
    storageBuffers: Math.min(storageBuffers ?? Infinity, device.limits.maxStorageBuffersPerShaderStage),
    upload: (values) => tf.tensor1d(values, 'int32'),
    empty(shape, dtype = 'float32') {
      const info = backend.makeTensorInfo(shape, dtype);
      return tf.engine().makeTensorFromTensorInfo(info as never);
    },
    run(key, source, buffers, numbers, blocks) {
      if (blocks === 0) return;
      const { id, pipeline, layout, kinds, reads, hasTurns } = pipelineOf(key, source);
      assert(kinds.length === numbers.length, `${key} takes ${kinds.length} numbers, not ${numbers.length}`);
      const uniform = uniformOf(kinds, [blocks, ...numbers]);
      let name = `${id}|${uniform.id}`;
      const resources = buffers.map((binding, i) => {
        const part = 'tensor' in binding ? binding : { tensor: binding, start: 0, size: binding.size };
        const buffer = bufferOf(part.tensor, i >= reads);
        const resource = { buffer, offset: part.start * 4, size: part.size * 4 };
        name += `|${idOf(buffer)},${resource.offset},${resource.size}`;
        return resource;
      });
      const uniformBuffers = hasTurns ? [uniform.buffer, gpu.turn] : [uniform.buffer];
      if (hasTurns) name += `|${idOf(gpu.turn)}`;
      let group = groups.get(name);
      if (!group) {
        const entries = [...resources, ...uniformBuffers.map((buffer) => ({ buffer }))].map(
          (resource, binding) => ({
            binding,
            resource,
          }),
        );
        group = device.createBindGroup({ layout, entries });
        if (groups.size >= keptAtMost) groups.clear();
        groups.set(name, group);
      }
      backend.ensureCommandEncoderReady();
      backend.computePassEncoder ??= backend.commandEncoder!.beginComputePass();
      backend.computePassEncoder.setPipeline(pipeline);
      backend.computePassEncoder.setBindGroup(0, group);
      const across = blocks <= widest ? blocks : Math.ceil(Math.sqrt(blocks));
      backend.computePassEncoder.dispatchWorkgroups(across, Math.ceil(blocks / across));
      countDispatches(backend);
    },
  };
  return gpu;
}

/** Zero, and kernels can count it up. */
export function createTurn(device: GPUDevice): GPUBuffer {
  return device.createBuffer({ size: 16, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.STORAGE });
}

/** The whole code of a kernel. */
export function shader(source: Source, hasSubgroups = false): string {
  const { reads, writes, numbers, threads, hasTurns, declarations = '', main } = source;
  const reductions = Object.entries(source.reductions ?? {});
  const reduce = hasSubgroups ? bySubgroups : throughMemory;
  const buffer = (access: string) => (entry: [string, string]) =>
    `var<storage, ${access}> ${entry[0]}: array<${entry[1]}>;`;
  const variables = [
    ...Object.entries(reads).map(buffer('read')),
    ...Object.entries(writes).map(buffer('read_write')),
    'var<uniform> n: Numbers;',
    ...(hasTurns ? ['var<uniform> turn: u32;'] : []),
  ];
  const fields = Object.entries({ blocks: 'u32', ...numbers }).map(([name, type]) => `  ${name}: ${type},`);
  return `${hasSubgroups && reductions.length ? 'enable subgroups;\n' : ''}struct Numbers {
${fields.join('\n')}
}
${variables.map((variable, binding) => `@group(0) @binding(${binding}) ${variable}`).join('\n')}
${reductions.map(([name, reduction]) => reduce(name, reduction, threads)).join('\n')}
${declarations}
@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = group.y * groups.x + group.x;
  if (block >= n.blocks) { return; }
${main}
}`;
}
