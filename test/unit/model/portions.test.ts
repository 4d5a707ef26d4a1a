/** Proves: large models go through in parts that stay within bounds, small ones at once, and settings are obeyed. */
import { describe, expect, it } from 'vitest';
import { qwen3 } from '../../../bench/gpu/shapes.ts';
import { readModelConfig } from '../../../src/model/config.ts';
import { activationFloats, cacheFloats, roomOf } from '../../../src/model/memory.ts';
import { decodeTokens, trainingPass } from '../../../src/model/portions.ts';

const gibibyte = 2 ** 30;
const mini = readModelConfig({
  model_type: 'qwen3',
  hidden_size: 128,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 4,
  head_dim: 32,
  intermediate_size: 320,
  vocab_size: 1024,
  tie_word_embeddings: true,
});
const auto = { passTokens: 8192, recompute: 'auto' } as const;

describe('portions of work', () => {
  it('leave a model of a million parameters alone', () => {
    expect(decodeTokens(mini, false)).toBeGreaterThanOrEqual(131_072);
    expect(trainingPass(mini, 0, auto, 8192)).toEqual({ tokens: 8192, recompute: false });
  });

  it('hold the caches of a 0.6 B model within 1 GiB, and of eight pivots with eight rollouts in f16 at once', () => {
    for (const isHalved of [true, false]) {
      const bytes = decodeTokens(qwen3, isHalved) * cacheFloats(qwen3) * (isHalved ? 2 : 4);
      expect(bytes).toBeLessThanOrEqual(gibibyte);
      expect(bytes).toBeGreaterThan(0.99 * gibibyte);
    }
    expect(decodeTokens(qwen3, true)).toBeGreaterThanOrEqual(8 * (512 + 8 * roomOf(64)));
  });

  it('run the layers of a 0.6 B model again only for groups that do not fit otherwise', () => {
    const [short, long] = [trainingPass(qwen3, 16, auto, 300), trainingPass(qwen3, 16, auto, 1024)];
    expect(short.recompute).toBe(false);
    expect(long.recompute).toBe(true);
    expect(long.tokens).toBeGreaterThan(1024);
    for (const { tokens, recompute } of [short, long])
      expect(tokens * activationFloats(qwen3, 16, recompute) * 4).toBeLessThanOrEqual(gibibyte);
  });

  it('obey who decided', () => {
    for (const recompute of ['on', 'off'] as const)
      expect(trainingPass(qwen3, 16, { ...auto, recompute }, 4096)).toEqual({
        tokens: 8192,
        recompute: recompute === 'on',
      });
    // Shorter passes than a group were asked for: they need no second run.
    expect(trainingPass(qwen3, 16, { passTokens: 256, recompute: 'auto' }, 4096)).toEqual({
      tokens: 256,
      recompute: false,
    });
  });
});
