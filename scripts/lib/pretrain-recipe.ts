/**
 * The recipe of the built-in models: sizes, tokens, learning rates, and where what is made meanwhile lies. Making the
 * text is `scripts/pretrain-tokens.ts`, training on it `scripts/pretrain.ts`.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../src/base/json.ts';
import { END_OF_TEXT, TURN_END } from '../../src/environment/pretraining/chat-format.ts';
import type { PretrainPlan } from '../../src/session/pretrain.ts';
import type { Tokenizer } from '../../src/text/tokenizer.ts';

export const SEED = 1;
export const VOCABULARY = 1024;
/** Text that merges are counted on. */
export const TOKENIZER_CHARACTERS = 2_000_000;
/** Size of the token file; training passes over it more than once. */
export const STREAM_TOKENS = 20_000_000;
/** Documents made at a time. */
export const PART_DOCUMENTS = 256;
/** No row is longer; neither is any prompt with its reply in the worlds. */
export const ROW_TOKENS = 768;

export const CACHE = join(process.cwd(), '.cache/pretrain');
export const TOKENIZER_FILE = join(CACHE, 'tokenizer.json');
export const TOKENS_FILE = join(CACHE, 'tokens.bin.gz');
export const SUMMARY_FILE = join(CACHE, 'tokens.json');

/** What the token file holds; written beside it. */
export interface TokensSummary {
  /** Changes with the text. */
  key: string;
  documents: number;
  tokens: number;
  /** Of them written by the assistant. */
  actionTokens: number;
  /** Longer than a row, so that training cuts them. */
  cutDocuments: number;
  sources: Record<string, { documents: number; tokens: number; longestTokens: number }>;
  seconds: number;
}

interface Size {
  width: number;
  layers: number;
  heads: number;
  feedForward: number;
  /** Tokens seen in training, repeats included. */
  tokens: number;
  learningRate: number;
  /** Many small batches teach copying sooner than few large ones, and keep a GPU less busy. */
  rowsPerStep: number;
}

export const SIZES = {
  mini: {
    width: 128,
    layers: 4,
    heads: 4,
    feedForward: 320,
    tokens: 12_000_000,
    learningRate: 3e-3,
    rowsPerStep: 4,
  },
  small: {
    width: 256,
    layers: 4,
    heads: 8,
    feedForward: 576,
    tokens: 7_500_000,
    learningRate: 2e-3,
    rowsPerStep: 4,
  },
} satisfies Record<string, Size>;

export type ModelSize = keyof typeof SIZES;

export function planOf(size: ModelSize, rowsPerStep = SIZES[size].rowsPerStep): PretrainPlan {
  const { tokens, learningRate } = SIZES[size];
  return {
    seed: SEED,
    steps: Math.round(tokens / (rowsPerStep * ROW_TOKENS)),
    rowsPerStep,
    rowTokens: ROW_TOKENS,
    learningRate,
    warmupSteps: 50,
    weightDecay: 0.05,
    maxGradNorm: 1,
    promptWeight: 0.1,
    reportEverySteps: 20,
  };
}

/** `config.json` in the layout of Qwen3. */
export function configJson(size: ModelSize, tokenizer: Tokenizer): JsonObject {
  const { width, layers, heads, feedForward } = SIZES[size];
  return {
    architectures: ['Qwen3ForCausalLM'],
    model_type: 'qwen3',
    attention_bias: false,
    attention_dropout: 0,
    bos_token_id: null,
    eos_token_id: tokenizer.idOf(TURN_END)!,
    pad_token_id: tokenizer.idOf(END_OF_TEXT)!,
    head_dim: width / heads,
    hidden_act: 'silu',
    hidden_size: width,
    initializer_range: 0.02,
    intermediate_size: feedForward,
    max_position_embeddings: 2048,
    num_attention_heads: heads,
    num_hidden_layers: layers,
    num_key_value_heads: heads,
    rms_norm_eps: 1e-6,
    rope_theta: 10000,
    tie_word_embeddings: true,
    dtype: 'float16',
    use_cache: true,
    vocab_size: tokenizer.vocabSize,
  };
}

/** A file that is there as a whole or not at all. */
export function writeWhole(path: string, content: string | Uint8Array): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}
