/** What a computing worker has besides its service: a backend opened once, verifiers, the site's files. */
import * as tf from '@tensorflow/tfjs';
import { AppError, toPlain } from '../base/errors.ts';
import { onBackendFailure, openBackend, type BackendInfo } from '../compute/backend.ts';
import { initWasmKernels, wasmKernels } from '../compute/wasm/kernels.ts';
import type { RunConfig } from '../config/schema.ts';
import type { DeviceSummary } from './events.ts';
import type { Verify } from './judge.ts';
import type { SiteFile } from './load.ts';
import type { VerifierOptions } from './verifier-pool.ts';

/** What only the worker's entry can give, because bundlers resolve it there. */
export interface Surroundings {
  wasmPaths: Record<string, string>;
  site: SiteFile;
  verify: Verify;
  configureVerifier: (options: VerifierOptions) => void;
}

export interface Thread extends Surroundings {
  open(choice: RunConfig['backend'] | 'cpu'): Promise<BackendInfo>;
  device(): DeviceSummary;
  hasFailed(): boolean;
  /** Lets the backend's threads go; nothing can be computed afterwards. */
  close(): void;
}

export function createThread(surroundings: Surroundings): Thread {
  let opened: { choice: string; info: Promise<BackendInfo> } | null = null;
  let current: BackendInfo | null = null;
  let failed = false;
  onBackendFailure(() => (failed = true));
  /** Without them the stock operations serve: slower, the same numbers. */
  const withKernels = async (backend: BackendInfo): Promise<BackendInfo> => {
    try {
      await initWasmKernels();
      return { ...backend, threads: wasmKernels()!.threads };
    } catch (error) {
      return { ...backend, reasons: [...backend.reasons, `fast WASM kernels: ${toPlain(error).message}`] };
    }
  };
  return {
    ...surroundings,
    async open(choice) {
      if (opened?.choice !== choice) {
        const info = openBackend({
          wasmPaths: surroundings.wasmPaths,
          ...(choice !== 'auto' && { prefer: choice }),
        }).then((backend) => (backend.name === 'wasm' ? withKernels(backend) : backend));
        opened = { choice, info };
      }
      current = await opened.info;
      return current;
    },
    device() {
      if (!current)
        throw new AppError('backend-closed', 'No backend is open yet.', 'This is a fault of Fulcrum.');
      return {
        backend: current.name,
        description: describeBackend(current),
        reason: current.reasons.join('; '),
      };
    },
    hasFailed: () => failed,
    close() {
      wasmKernels()?.dispose();
      if (current?.name === 'wasm') tf.removeBackend('wasm');
    },
  };
}

function describeBackend({ name, adapter, threads }: BackendInfo): string {
  if (name === 'webgpu') return `WebGPU · ${adapter || 'unnamed adapter'}`;
  if (name === 'wasm') return `WASM · ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  return 'plain JavaScript';
}
