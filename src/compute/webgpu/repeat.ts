/**
 * Work that is recorded once and then only sent again: its dispatches with their pipelines and bind groups, whether they
 * are ours or tfjs's, so that a repetition costs no JavaScript an operation, no upload and no readback.
 *
 * What differs from turn to turn are step numbers; kernels with turns add `turn`, a number on the GPU that each
 * repetition counts up. Everything that the work allocates comes from a pool of its own, so that nobody else's values
 * lie where a repetition will write.
 */
import * as tf from '@tensorflow/tfjs';
import { assert } from '../../base/errors.ts';
import type { Repetition } from '../operations.ts';
import { type Backend, type BufferManager, countDispatches, createTurn, type Gpu } from './gpu.ts';

interface Dispatch {
  pipeline: GPUComputePipeline;
  group: GPUBindGroup;
  size: [number, number?, number?];
}

export function repeat(gpu: Gpu, work: (turn: number) => void): Repetition {
  const backend = tf.backend() as unknown as Backend;
  const pool = createPool(backend);
  const turn = createTurn(backend.device);
  let dispatches: Dispatch[] | null = null;

  function recordFirst(): Dispatch[] {
    const [outerPool, outerTurn] = [backend.bufferManager, gpu.turn];
    const before = outerPool.numBytesAllocated;
    [backend.bufferManager, gpu.turn] = [pool, turn];
    try {
      return [...record(backend, () => tf.tidy(() => work(0))), countUp(backend.device, turn)];
    } finally {
      [backend.bufferManager, gpu.turn] = [outerPool, outerTurn];
      assert(outerPool.numBytesAllocated === before, 'repeated work allocates from its own pool');
      outerPool.numBytesAllocated += pool.numBytesAllocated;
    }
  }

  return {
    run() {
      if (!dispatches) {
        dispatches = recordFirst();
        send(backend, dispatches.slice(-1));
      } else send(backend, dispatches);
    },
    dispose() {
      // What was recorded must be on its way before its buffers go.
      if (backend.commandEncoder) {
        backend.endComputePassEncoder();
        backend.submitQueue();
      }
      backend.bufferManager.numBytesAllocated -= pool.numBytesAllocated;
      pool.dispose();
      turn.destroy();
    },
  };
}

/** A pool like tfjs's, but what was uploaded into it stays as it is for all repetitions. */
function createPool(backend: Backend): BufferManager {
  const Pool = backend.bufferManager.constructor as new (device: GPUDevice) => BufferManager;
  const pool = new Pool(backend.device);
  const { acquireBuffer, releaseBuffer } = pool;
  const uploaded = new Set<GPUBuffer>();
  pool.acquireBuffer = (size, usage, mapped = false, reuse = true) => {
    const buffer = acquireBuffer.call(pool, size, usage, mapped, reuse && !mapped);
    if (mapped) uploaded.add(buffer);
    return buffer;
  };
  pool.releaseBuffer = (buffer, reuse) => {
    if (!uploaded.has(buffer)) releaseBuffer.call(pool, buffer, reuse);
  };
  return pool;
}

/** Runs the work and notes its dispatches. */
function record(backend: Backend, work: () => void): Dispatch[] {
  const noted: Dispatch[] = [];
  backend.ensureCommandEncoderReady();
  const pass = (backend.computePassEncoder ??= backend.commandEncoder!.beginComputePass());
  const [tensors, uniforms] = [backend.tensorDataPendingDisposal, backend.uniformPendingDisposal];
  const { dispatchCountInPass } = backend;
  const upload = backend.uploadToGPU.bind(backend);
  const firstId = backend.nextDataId();
  let pipeline: GPUComputePipeline;
  let group: GPUBindGroup;
  backend.computePassEncoder = {
    setPipeline: (next: GPUComputePipeline) => pass.setPipeline((pipeline = next)),
    setBindGroup: (_: number, next: GPUBindGroup) => pass.setBindGroup(0, (group = next)),
    dispatchWorkgroups(...size: Dispatch['size']) {
      noted.push({ pipeline, group, size });
      pass.dispatchWorkgroups(...size);
    },
    end: () => assert(false, 'repeated work neither reads back nor writes what was there before'),
  } as unknown as GPUComputePassEncoder;
  backend.uploadToGPU = (dataId) => {
    const isOnGpu = Boolean(backend.tensorMap.get(dataId).resource) || dataId.id > firstId;
    assert(isOnGpu, 'what repeated work finds is on the GPU before, or a repetition would find it gone');
    upload(dataId);
  };
  // All in one pass: a submit would end it.
  backend.dispatchCountInPass = -Infinity;
  [backend.tensorDataPendingDisposal, backend.uniformPendingDisposal] = [[], []];
  try {
    work();
    for (const dataId of backend.tensorDataPendingDisposal) {
      backend.releaseResource(dataId);
      backend.tensorMap.delete(dataId);
    }
  } finally {
    backend.uploadToGPU = upload;
    backend.computePassEncoder = pass;
    backend.dispatchCountInPass = dispatchCountInPass + noted.length;
    [backend.tensorDataPendingDisposal, backend.uniformPendingDisposal] = [tensors, uniforms];
  }
  return noted;
}

function send(backend: Backend, dispatches: readonly Dispatch[]): void {
  for (const { pipeline, group, size } of dispatches) {
    backend.ensureCommandEncoderReady();
    backend.computePassEncoder ??= backend.commandEncoder!.beginComputePass();
    backend.computePassEncoder.setPipeline(pipeline);
    backend.computePassEncoder.setBindGroup(0, group);
    backend.computePassEncoder.dispatchWorkgroups(...size);
    countDispatches(backend);
  }
}

const counters = new WeakMap<GPUDevice, GPUComputePipeline>();

function countUp(device: GPUDevice, turn: GPUBuffer): Dispatch {
  let pipeline = counters.get(device);
  if (!pipeline) {
    const code = `@group(0) @binding(0) var<storage, read_write> turn: u32;
@compute @workgroup_size(1) fn main() { turn++; }`;
    const module = device.createShaderModule({ code });
    pipeline = device.createComputePipeline({ label: 'countUp', layout: 'auto', compute: { module } });
    counters.set(device, pipeline);
  }
  const entries = [{ binding: 0, resource: { buffer: turn } }];
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  return { pipeline, group, size: [1] };
}
