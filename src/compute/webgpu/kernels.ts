/**
 * The operations of the WebGPU path: WGSL of our own on the buffers of tfjs-backend-webgpu. What each one does says
 * `operations.ts`; nothing here waits for the GPU.
 */
import { backend, getBackend } from '@tensorflow/tfjs';
import { isSoftware } from '../backend.ts';
import type { Kernels } from '../operations.ts';
import { attention } from './attention.ts';
import { decode } from './decode.ts';
import { elements } from './elements.ts';
import { linear } from './gemm.ts';
import { openGpu, type GpuOptions } from './gpu.ts';
import { logProb } from './log-prob.ts';
import { norm } from './norm.ts';
import { optimizer } from './optimizer.ts';
import { repeat } from './repeat.ts';
import { rows } from './rows.ts';
import { sample } from './sample.ts';

let current: { backend: object; kernels: Kernels } | null = null;

/** Kernels on the current backend, which must be `webgpu`; with options only where those are tested. */
export function openWebgpuKernels(options: Partial<GpuOptions> = {}): Kernels {
  const { device } = backend() as unknown as { device: GPUDevice };
  const family = isSoftware(device.adapterInfo) ? 'registers' : 'tiled';
  const gpu = openGpu({ family, ...options });
  return {
    ...linear(gpu),
    ...norm(gpu),
    ...elements(gpu),
    ...rows(gpu),
    ...optimizer(gpu),
    ...logProb(gpu),
    ...sample(gpu),
    ...attention(gpu),
    ...decode(gpu),
    repeat: (work) => repeat(gpu, work),
  };
}

let isServing = true;

/** False leaves the backend to its stock operations, for whoever compares. */
export function serveWebgpuKernels(serving: boolean): void {
  isServing = serving;
}

/** The kernels of the current backend, made when first asked for; null when it is another one. */
export function webgpuKernels(): Kernels | null {
  if (!isServing || getBackend() !== 'webgpu') return null;
  const now = backend();
  if (current?.backend !== now) current = { backend: now, kernels: openWebgpuKernels() };
  return current.kernels;
}
