/** Proves: a model that cannot be held is refused with both numbers before it is loaded, one that can is not. */
import { describe, expect, it } from 'vitest';
import { refuseTooLarge } from '../../../src/session/fits.ts';
import type { Training } from '../../../src/session/load.ts';
import { randomConfig } from '../../helpers/random-policy.ts';

/** Qwen3-0.6B: 596,049,920 parameters, a table of 151,936 × 1,024. */
const config = randomConfig({
  family: 'qwen3',
  vocabulary: 151936,
  sizes: {
    hidden_size: 1024,
    num_hidden_layers: 28,
    num_attention_heads: 16,
    num_key_value_heads: 8,
    head_dim: 128,
    intermediate_size: 3072,
  },
});
const full: Training = { kind: 'full', rank: 0, alpha: 0, seed: '', base: 'auto' };
const lora: Training = { ...full, kind: 'lora', rank: 16, alpha: 32 };
const wasm = { bufferBytes: Infinity, totalBytes: 2 ** 32 };
const gpu = (bufferBytes: number) => ({ bufferBytes, totalBytes: Infinity });

describe('a model of Qwen3-0.6B\u2019s shape', () => {
  it('does not fit WASM when all its weights are trained', () => {
    // Four numbers a parameter: 596,049,920 × 16 bytes.
    expect(() => refuseTooLarge(config, full, 'f32', wasm)).toThrow(/take 9095 MiB.*4096 MiB/);
    expect(() => refuseTooLarge(config, full, 'f32', wasm)).toThrow(
      expect.objectContaining({ code: 'memory-too-small' }),
    );
  });

  it('fits WASM with LoRA, on whatever base', () => {
    for (const base of ['f32', 'f16', 'int8', 'int4'] as const)
      expect(() => refuseTooLarge(config, lora, base, wasm)).not.toThrow();
  });

  it('needs packed weights where buffers end at the guaranteed 256 MiB', () => {
    // 151,936 × 1,024 × 4 bytes in f32, half of that in f16.
    expect(() => refuseTooLarge(config, lora, 'f32', gpu(2 ** 28))).toThrow(/takes 594 MiB.*256 MiB/);
    expect(() => refuseTooLarge(config, lora, 'f16', gpu(2 ** 28))).toThrow(/takes 297 MiB.*256 MiB/);
    expect(() => refuseTooLarge(config, lora, 'int8', gpu(2 ** 28))).not.toThrow();
    expect(() => refuseTooLarge(config, full, 'f32', gpu(2 ** 30))).not.toThrow();
  });
});
