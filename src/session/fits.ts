/**
 * Refuses a model that certainly cannot be held, before any of it is loaded: what does not depend on the lengths of
 * prompts and replies is too large already. What a run will need at most is `estimate.ts`.
 */
import { AppError } from '../base/errors.ts';
import type { BackendLimits } from '../compute/usage.ts';
import type { ModelConfig } from '../model/config.ts';
import { countAdapterParameters } from '../model/lora.ts';
import { countParameters, weightBytes } from '../model/memory.ts';
import type { BaseFormat } from '../model/weights.ts';
import type { Training } from './load.ts';

const mebibytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;

/** @throws AppError `memory-too-small` with both numbers and what to change */
export function refuseTooLarge(
  config: ModelConfig,
  { kind, rank }: Training,
  base: BaseFormat,
  { bufferBytes, totalBytes }: BackendLimits,
): void {
  const { all, largest } = weightBytes(config, base);
  if (largest > bufferBytes)
    throw new AppError(
      'memory-too-small',
      `The model's largest tensor takes ${mebibytes(largest)} in ${base}, and this GPU's largest buffer is ${mebibytes(bufferBytes)}, so the model cannot be loaded.`,
      'Choose LoRA with packed base weights (f16, int8 or int4), a smaller model, or WASM.',
    );
  const adapter = kind === 'lora' ? countAdapterParameters(config, rank) : 0;
  const trained = kind === 'full' ? countParameters(config) : adapter;
  // Besides the weights: the adapter, and gradient and two moments of each trained number.
  const fixed = all + 4 * (adapter + 3 * trained);
  if (fixed > totalBytes)
    throw new AppError(
      'memory-too-small',
      `Weights in ${base}, gradients and the optimizer take ${mebibytes(fixed)}, and WASM can address ${mebibytes(totalBytes)}, so the run cannot start.`,
      'Choose LoRA, packed base weights (f16, int8 or int4), a smaller model, or WebGPU.',
    );
}
