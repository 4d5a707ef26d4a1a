/**
 * Writes the bench's model as GGUF for llama.cpp: metadata, a vocabulary of one character a token, and f32 tensors. It
 * leaves out quantised types and real tokenizers. Running it is `engines/wllama.worker.ts`.
 *
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
import { normEpsilon, rotaryBase, type ModelSize, type Weight } from './work.ts';

export const alignmentBytes = 32;

/** Every token is one character, so that text stands for ids in both directions. These are CJK ideographs. */
const firstCharacter = 0x4e00;

export function textOf(ids: ArrayLike<number>): string {
  return String.fromCodePoint(...Array.from(ids, (id) => firstCharacter + id));
}

export function idsOf(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0)! - firstCharacter);
}

// Values are little-endian; a string is its length in bytes and its bytes.

const Type = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const;
/** Kinds of tokens in llama.cpp. */
const NORMAL = 1;
const CONTROL = 3;

const encoder = new TextEncoder();
type Bytes = Uint8Array<ArrayBuffer>;

function written(byteLength: number, write: (view: DataView) => void): Bytes {
  const view = new DataView(new ArrayBuffer(byteLength));
  write(view);
  return new Uint8Array(view.buffer);
}
const uint32 = (value: number) => written(4, (view) => view.setUint32(0, value, true));
const int32 = (value: number) => written(4, (view) => view.setInt32(0, value, true));
const uint64 = (value: number) => written(8, (view) => view.setBigUint64(0, BigInt(value), true));
const float32 = (value: number) => written(4, (view) => view.setFloat32(0, value, true));

function joined(parts: Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function string(value: string): Bytes {
  const bytes = encoder.encode(value);
  return joined([uint64(bytes.length), bytes]);
}

function list(type: number, values: Bytes[]): Bytes {
  return joined([uint32(type), uint64(values.length), ...values]);
}

function metadata(size: ModelSize): Bytes[] {
  const { layers, width, heads, feedForward, vocabulary } = size;
  const entry = (key: string, type: number, value: Bytes) => joined([string(key), uint32(type), value]);
  const integer = (key: string, value: number) => entry(key, Type.uint32, uint32(value));
  const each = (type: number, of: (id: number) => Bytes) =>
    list(
      type,
      Array.from({ length: vocabulary + 1 }, (_, id) => of(id)),
    );
  return [
    entry('general.architecture', Type.string, string('llama')),
    integer('general.alignment', alignmentBytes),
    integer('llama.context_length', 2048),
    integer('llama.embedding_length', width),
    integer('llama.block_count', layers),
    integer('llama.feed_forward_length', feedForward),
    integer('llama.attention.head_count', heads),
    integer('llama.attention.head_count_kv', heads),
    integer('llama.rope.dimension_count', width / heads),
    entry('llama.rope.freq_base', Type.float32, float32(rotaryBase)),
    entry('llama.attention.layer_norm_rms_epsilon', Type.float32, float32(normEpsilon)),
    entry('tokenizer.ggml.model', Type.string, string('llama')),
    entry(
      'tokenizer.ggml.tokens',
      Type.array,
      each(Type.string, (id) => string(id < vocabulary ? textOf([id]) : '</s>')),
    ),
    entry(
      'tokenizer.ggml.scores',
      Type.array,
      each(Type.float32, () => float32(0)),
    ),
    entry(
      'tokenizer.ggml.token_type',
      Type.array,
      each(Type.int32, (id) => int32(id < vocabulary ? NORMAL : CONTROL)),
    ),
    ...['bos', 'eos', 'unknown', 'padding'].map((role) =>
      integer(`tokenizer.ggml.${role}_token_id`, vocabulary),
    ),
    ...['add_bos_token', 'add_eos_token', 'add_space_prefix'].map((flag) =>
      entry(`tokenizer.ggml.${flag}`, Type.bool, Uint8Array.of(0)),
    ),
  ];
}

/** llama.cpp turns neighbouring pairs where Hugging Face turns halves: row 2j + s of a head is its row s·D/2 + j. */
function pairsInsteadOfHalves({ shape, values }: Weight, heads: number): Float32Array {
  const [rows, columns] = shape as [number, number];
  const headWidth = rows / heads;
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const within = row % headWidth;
    const from = row - within + (within % 2) * (headWidth / 2) + Math.floor(within / 2);
    result.set(values.subarray(from * columns, (from + 1) * columns), row * columns);
  }
  return result;
}

const places: [pattern: RegExp, place: string][] = [
  [/^model\.embed_tokens/, 'token_embd'],
  [/^model\.norm/, 'output_norm'],
  [/^model\.layers\.(\d+)\.input_layernorm/, 'blk.$1.attn_norm'],
  [/^model\.layers\.(\d+)\.self_attn\.([qkv])_proj/, 'blk.$1.attn_$2'],
  [/^model\.layers\.(\d+)\.self_attn\.o_proj/, 'blk.$1.attn_output'],
  [/^model\.layers\.(\d+)\.post_attention_layernorm/, 'blk.$1.ffn_norm'],
  [/^model\.layers\.(\d+)\.mlp\.(gate|up|down)_proj/, 'blk.$1.ffn_$2'],
];

function tensorOf(name: string, weight: Weight, { heads, width }: ModelSize): Weight & { name: string } {
  const [pattern, place] = places.find(([pattern]) => pattern.test(name))!;
  const renamed = { ...weight, name: name.replace(pattern, place) };
  if (/attn_[qk]\./.test(renamed.name)) return { ...renamed, values: pairsInsteadOfHalves(weight, heads) };
  if (!renamed.name.startsWith('token_embd')) return renamed;
  // A row of zeros for the token that stands for beginning, end and unknown: its logit is 0, which is never the greatest.
  const values = new Float32Array(weight.values.length + width);
  values.set(weight.values);
  return { ...renamed, values, shape: [weight.shape[0]! + 1, width] };
}

/** The vocabulary is one token larger than the model's: greedy decoding never meets the one that ends a text. */
export function ggufModel(size: ModelSize, weights: ReadonlyMap<string, Weight>): Bytes {
  const padded = (byteLength: number) => Math.ceil(byteLength / alignmentBytes) * alignmentBytes;
  const tensors = [...weights].map(([name, weight]) => tensorOf(name, weight, size));
  let dataBytes = 0;
  const descriptions = tensors.map(({ name, shape, values }) => {
    const offset = dataBytes;
    dataBytes += padded(values.byteLength);
    // The innermost axis comes first; type 0 is f32; offsets count from the start of the data.
    const axes = shape.toReversed().map(uint64);
    return joined([string(name), uint32(shape.length), ...axes, uint32(0), uint64(offset)]);
  });
  const entries = metadata(size);
  const head = joined([
    encoder.encode('GGUF'),
    uint32(3),
    uint64(tensors.length),
    uint64(entries.length),
    ...entries,
    ...descriptions,
  ]);
  const file = new Uint8Array(padded(head.length) + dataBytes);
  file.set(head);
  let at = padded(head.length);
  for (const { values } of tensors) {
    file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += padded(values.byteLength);
  }
  return file;
}
