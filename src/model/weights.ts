/**
 * Which tensors a configuration implies, by their Hugging Face names, and loading them from safetensors files with
 * every missing, unexpected or mis-shaped one named. What is done with them is `policy.ts`.
 */
import * as tf from '@tensorflow/tfjs';
import { AppError } from '../base/errors.ts';
import { isObject, tryParse } from '../base/json.ts';
import { Packer, type PackedFormat, type Weight } from '../compute/packed.ts';
import { upload } from '../compute/transfer.ts';
import type { ModelConfig } from './config.ts';
import {
  readRows,
  readSafetensorsHeader,
  readTensor,
  type ByteSource,
  type TensorEntry,
} from './safetensors.ts';

export const embeddingName = 'model.embed_tokens.weight';
export const headName = 'lm_head.weight';
export const finalNormName = 'model.norm.weight';

/** The linear layers of one block by their part of the name, with [out, in]. These are what LoRA adapts. */
export function linearLayers(config: ModelConfig): Record<string, [number, number]> {
  const { width, heads, kvHeads, headWidth, feedForward } = config;
  const attention: Record<string, [number, number]> = {
    'self_attn.q_proj': [heads * headWidth, width],
    'self_attn.k_proj': [kvHeads * headWidth, width],
    'self_attn.v_proj': [kvHeads * headWidth, width],
    'self_attn.o_proj': [width, heads * headWidth],
  };
  if (config.fusedGate) {
    return {
      ...attention,
      'shared_mlp.input_linear': [2 * feedForward, width],
      'shared_mlp.output_linear': [width, feedForward],
    };
  }
  return {
    ...attention,
    'mlp.gate_proj': [feedForward, width],
    'mlp.up_proj': [feedForward, width],
    'mlp.down_proj': [width, feedForward],
  };
}

/** Every tensor of the model with its shape. */
export function expectedTensors(config: ModelConfig): Map<string, number[]> {
  const { width, vocabulary, headWidth, biases } = config;
  const expected = new Map<string, number[]>([[embeddingName, [vocabulary, width]]]);
  for (let layer = 0; layer < config.layers; layer++) {
    const prefix = `model.layers.${layer}`;
    expected.set(`${prefix}.input_layernorm.weight`, [width]);
    for (const [part, shape] of Object.entries(linearLayers(config))) {
      expected.set(`${prefix}.${part}.weight`, shape);
      const biased = part.includes('mlp')
        ? biases.feedForward
        : part.endsWith('o_proj')
          ? biases.output
          : biases.queryKeyValue;
      if (biased) expected.set(`${prefix}.${part}.bias`, [shape[0]]);
    }
    if (config.queryKeyNorm) {
      expected.set(`${prefix}.self_attn.q_norm.weight`, [headWidth]);
      expected.set(`${prefix}.self_attn.k_norm.weight`, [headWidth]);
    }
    expected.set(`${prefix}.post_attention_layernorm.weight`, [width]);
  }
  expected.set(finalNormName, [width]);
  if (!config.tied) expected.set(headName, [vocabulary, width]);
  return expected;
}

/**
 * The tensors of a model folder: one file, or the shards that `model.safetensors.index.json` lists.
 * @param files every .safetensors file of the folder by name
 * @param index the parsed text of the index file, if there is one
 */
export async function openWeights(
  files: ReadonlyMap<string, ByteSource>,
  index: string | null = null,
): Promise<Map<string, TensorEntry>> {
  const names =
    index === null ? [...files.keys()].filter((name) => name.endsWith('.safetensors')) : shardNames(index);
  if (!names.length) {
    throw new AppError(
      'weights-missing',
      'The folder has no .safetensors file, so there are no weights to load.',
      'Add model.safetensors (or the shards and model.safetensors.index.json) from the Hugging Face model folder. Files called .bin, .pt or .gguf are not read.',
    );
  }
  const entries = new Map<string, TensorEntry>();
  for (const name of names) {
    const source = files.get(name);
    if (!source) {
      throw new AppError(
        'weights-missing',
        `model.safetensors.index.json names the shard ${name}, which is not among the files.`,
        `Add ${name} from the same model folder.`,
        { file: name },
      );
    }
    for (const [tensor, entry] of await readSafetensorsHeader(source)) entries.set(tensor, entry);
  }
  return entries;
}

function shardNames(index: string): string[] {
  const file = 'model.safetensors.index.json';
  const parsed = tryParse(index);
  const map = isObject(parsed) && isObject(parsed.weight_map) ? Object.values(parsed.weight_map) : [];
  if (!map.length || map.some((name) => typeof name !== 'string')) {
    throw new AppError(
      'weights-index-invalid',
      `${file} has no weight_map from tensor names to file names, so the shards cannot be found.`,
      'Download the index file again, together with the shards.',
      { file, field: 'weight_map' },
    );
  }
  return [...new Set(map as string[])];
}

/**
 * Checks names and shapes against the configuration before a single tensor is read.
 * Tensors that transformers also ignores (`rotary_emb.inv_freq`, a stored copy of a tied head) are dropped.
 * @throws AppError `weights-mismatch`, naming the tensors
 */
export function checkWeights(config: ModelConfig, entries: ReadonlyMap<string, TensorEntry>): void {
  const expected = expectedTensors(config);
  const missing = [...expected.keys()].filter((name) => !entries.has(name));
  const unexpected = [...entries.keys()].filter((name) => !expected.has(name) && !isIgnored(name));
  const misshaped = [...expected].filter(([name, shape]) => {
    const found = entries.get(name)?.shape;
    return found && (found.length !== shape.length || found.some((size, axis) => size !== shape[axis]));
  });
  if (!missing.length && !unexpected.length && !misshaped.length) return;
  const some = (names: string[]) =>
    names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');
  const first = misshaped[0];
  const problems = [
    missing.length && `${missing.length} missing (${some(missing)})`,
    unexpected.length && `${unexpected.length} unexpected (${some(unexpected)})`,
    first &&
      `${misshaped.length} of another shape (${first[0]} is [${entries.get(first[0])!.shape.join(', ')}], config.json implies [${first[1].join(', ')}])`,
  ].filter(Boolean);
  const any = first?.[0] ?? missing[0] ?? unexpected[0]!;
  const file = (entries.get(any) ?? entries.values().next().value)?.source.name;
  throw new AppError(
    'weights-mismatch',
    `The weights do not fit config.json: tensors ${problems.join('; ')}.`,
    'Use config.json and the .safetensors files of one and the same model folder.',
    { ...(file && { file }), field: any },
  );
}

function isIgnored(name: string): boolean {
  return name === headName || name.endsWith('rotary_emb.inv_freq');
}

/** How the matrices of a frozen base are kept. */
export type BaseFormat = 'f32' | PackedFormat;

/**
 * The format of one tensor of a base. Vectors (norms, biases) stay f32, being small. With int4 the embedding and the
 * vocabulary projection take int8: errors there reach the logits directly (llama.cpp's Q4 mixtures do likewise).
 */
export function formatOf(name: string, shape: readonly number[], base: BaseFormat): BaseFormat {
  if (shape.length !== 2) return 'f32';
  return base === 'int4' && (name === embeddingName || name === headName) ? 'int8' : base;
}

/**
 * Reads what the configuration needs, in its order, one tensor at a time, onto the current backend. A tensor that is
 * packed is read in pieces, so that it never exists in f32 as a whole.
 */
export async function* readWeights(
  config: ModelConfig,
  entries: ReadonlyMap<string, TensorEntry>,
  base: BaseFormat = 'f32',
): AsyncGenerator<{ name: string; weight: Weight }> {
  checkWeights(config, entries);
  for (const [name, shape] of expectedTensors(config)) {
    const entry = entries.get(name)!;
    const format = formatOf(name, shape, base);
    if (format === 'f32') {
      const weight = tf.tensor(await readTensor(entry), shape, 'float32');
      upload(weight);
      yield { name, weight };
    } else {
      const packer = new Packer(format, shape as [number, number]);
      for await (const values of readRows(entry)) packer.add(values);
      yield { name, weight: packer.finish() };
    }
  }
}
