/** The models that the GPU is measured with, and policies of their shape with random weights made on the GPU. */
import * as tf from '@tensorflow/tfjs';
import { createAdapter } from '../../src/model/lora.ts';
import type { Weight } from '../../src/compute/packed.ts';
import { readModelConfig, type ModelConfig } from '../../src/model/config.ts';
import type { Policy } from '../../src/model/policy.ts';
import { expectedTensors, formatOf, type BaseFormat } from '../../src/model/weights.ts';
import { fillNormal, fillPacked } from './device.ts';

const llama = (layers: number, width: number, heads: number, feedForward: number, vocabulary: number) =>
  readModelConfig({
    model_type: 'llama',
    hidden_size: width,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    intermediate_size: feedForward,
    vocab_size: vocabulary,
    max_position_embeddings: 2048,
    tie_word_embeddings: true,
  });

export const qwen3 = readModelConfig({
  model_type: 'qwen3',
  hidden_size: 1024,
  num_hidden_layers: 28,
  num_attention_heads: 16,
  num_key_value_heads: 8,
  head_dim: 128,
  intermediate_size: 3072,
  vocab_size: 151_936,
  max_position_embeddings: 40_960,
  rms_norm_eps: 1e-6,
  rope_theta: 1_000_000,
  tie_word_embeddings: true,
});

/** Qwen3's dialect in miniature, for a run that only proves that everything works. */
export const tiny = readModelConfig({
  model_type: 'qwen3',
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 16,
  intermediate_size: 64,
  vocab_size: 300,
  max_position_embeddings: 2048,
  tie_word_embeddings: true,
});

/** The curve of `npm run bench`: layers, width, heads, feed-forward, vocabulary, and rows of 128 tokens. */
export const curve: { label: string; config: ModelConfig; rows: number }[] = [
  { label: '0.1 M', config: llama(2, 64, 4, 192, 256), rows: 8 },
  { label: '0.9 M', config: llama(4, 128, 4, 384, 512), rows: 8 },
  { label: '6 M', config: llama(6, 256, 8, 768, 2048), rows: 8 },
  { label: '25 M', config: llama(8, 512, 8, 1152, 4096), rows: 8 },
];

/**
 * Norms are 1, matrices random with deviation 0.02.
 * @param training all weights, an adapter of rank 16, or nothing
 * @param base how matrices are kept that are not trained
 */
export function policyOf(
  config: ModelConfig,
  training: 'full' | 'lora' | 'none',
  base: BaseFormat = 'f32',
): Policy {
  const weights = new Map<string, Weight>();
  for (const [name, shape] of expectedTensors(config)) {
    const format = training === 'full' ? 'f32' : formatOf(name, shape, base);
    if (format !== 'f32') {
      weights.set(name, fillPacked(shape as [number, number], format, 0.02, weights.size));
      continue;
    }
    const tensor = shape.length === 1 ? tf.ones(shape) : fillNormal(shape, 0.02, weights.size);
    weights.set(name, training === 'full' ? tf.variable(tensor) : tensor);
    if (training === 'full') tensor.dispose();
  }
  const adapter = training === 'lora' ? createAdapter(config, { rank: 16, alpha: 32, seed: 1 }) : null;
  return { config, weights, adapter, rotary: { reach: 0, tables: null } };
}
