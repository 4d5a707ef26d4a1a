/** The memory that the run in preparation will need, and whether this device offers it. */
import { library } from '../client/library.ts';
import type { RunConfig } from '../config/schema.ts';
import type { MemoryEstimate } from '../model/memory.ts';
import { device } from './device.svelte.ts';

/** WebAssembly's address space; tfjs-backend-wasm cannot grow beyond it. */
const WASM_LIMIT_BYTES = 4 * 2 ** 30;

const mebibytes = (size: number) => `${Math.ceil(size / 2 ** 20)} MiB`;

class Estimate {
  parts = $state.raw<MemoryEstimate | null>(null);
  /** Of the GPU adapter; null where there is none. */
  limits = $state.raw<{ buffer: number; binding: number } | null>(null);
  private asked = 0;

  async read(modelId: string, config: RunConfig): Promise<void> {
    const ask = ++this.asked;
    const [parts, adapter] = await Promise.all([
      library.estimateMemory(modelId, config, device.summary?.backend ?? 'wasm').catch(() => null),
      navigator.gpu?.requestAdapter().catch(() => null),
    ]);
    if (ask !== this.asked) return;
    this.parts = parts;
    const { maxBufferSize, maxStorageBufferBindingSize } = adapter?.limits ?? {};
    this.limits = adapter ? { buffer: maxBufferSize!, binding: maxStorageBufferBindingSize! } : null;
  }

  /** The sentence about fitting, and whether it is bad news. */
  get verdict(): { text: string; isBad: boolean } {
    const { parts } = this;
    if (!parts) return { text: '', isBad: false };
    if (device.summary?.backend === 'webgpu') {
      const { limits } = this;
      const [buffer, binding] = [parts.largestBuffer, parts.largestBinding];
      if (limits && buffer > limits.buffer)
        return {
          text: `does not fit: one tensor takes ${mebibytes(buffer)}, this GPU's largest buffer is ${mebibytes(limits.buffer)}; choose packed base weights, fewer tokens a pass, or WASM`,
          isBad: true,
        };
      if (limits && binding > limits.binding)
        return {
          text: `does not fit: one tensor takes ${mebibytes(binding)}, a kernel of this GPU sees ${mebibytes(limits.binding)}; use fewer tokens a pass or fewer rollouts a step, or WASM`,
          isBad: true,
        };
      return {
        text: 'every tensor fits this GPU; browsers do not say how much memory is free',
        isBad: false,
      };
    }
    if (parts.peak > WASM_LIMIT_BYTES)
      return {
        text: 'does not fit: WASM can address 4 GiB; choose LoRA, packed base weights, checkpointing or fewer tokens',
        isBad: true,
      };
    return parts.peak > 0.7 * WASM_LIMIT_BYTES
      ? { text: 'tight: WASM can address 4 GiB', isBad: true }
      : { text: 'fits', isBad: false };
  }
}

export const estimate = new Estimate();
