/** The bench's GGUF file, read back by the format's description; that llama.cpp takes it shows `npm run bench`. */
import { describe, expect, it } from 'vitest';
import { alignmentBytes, ggufModel, idsOf, textOf } from '../../../bench/gguf.ts';
import { weightsOf, type ModelSize } from '../../../bench/work.ts';

const size: ModelSize = { layers: 2, width: 12, heads: 3, feedForward: 20, vocabulary: 10 };

interface Tensor {
  axes: number[];
  type: number;
  offset: number;
}

/** Reads what the file says about itself, with no regard to how it was written. */
function read(file: Uint8Array) {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let at = 0;
  const next = <T>(bytes: number, value: T): T => ((at += bytes), value);
  const uint32 = () => next(4, view.getUint32(at, true));
  const uint64 = () => next(8, Number(view.getBigUint64(at, true)));
  const string = () => {
    const length = uint64();
    return next(length, new TextDecoder('utf-8', { fatal: true }).decode(file.subarray(at, at + length)));
  };
  const value = (type: number): unknown => {
    if (type === 4) return uint32();
    if (type === 5) return next(4, view.getInt32(at, true));
    if (type === 6) return next(4, view.getFloat32(at, true));
    if (type === 7) return next(1, view.getUint8(at) === 1);
    if (type === 8) return string();
    if (type !== 9) throw new Error(`type ${type} is not known`);
    const each = uint32();
    return Array.from({ length: uint64() }, () => value(each));
  };
  const magic = next(4, new TextDecoder().decode(file.subarray(0, 4)));
  const version = uint32();
  const [tensorCount, entryCount] = [uint64(), uint64()];
  const metadata = new Map<string, unknown>();
  for (let i = 0; i < entryCount; i++) metadata.set(string(), value(uint32()));
  const tensors = new Map<string, Tensor>();
  for (let i = 0; i < tensorCount; i++) {
    const name = string();
    const axes = Array.from({ length: uint32() }, uint64);
    tensors.set(name, { axes, type: uint32(), offset: uint64() });
  }
  const data = Math.ceil(at / alignmentBytes) * alignmentBytes;
  const values = (name: string) => {
    const { axes, offset } = tensors.get(name)!;
    const count = axes.reduce((product, n) => product * n, 1);
    return Array.from({ length: count }, (_, i) => view.getFloat32(data + offset + 4 * i, true));
  };
  return { magic, version, metadata, tensors, data, values, bytes: file.length };
}

const weights = weightsOf(size, 0.1);
const gguf = read(ggufModel(size, weights));

describe('the GGUF writer of the bench', () => {
  it('begins with magic and version and says alignment and shape of the model', () => {
    expect([gguf.magic, gguf.version]).toEqual(['GGUF', 3]);
    expect(Object.fromEntries(gguf.metadata)).toMatchObject({
      'general.architecture': 'llama',
      'general.alignment': alignmentBytes,
      'llama.embedding_length': 12,
      'llama.block_count': 2,
      'llama.feed_forward_length': 20,
      'llama.attention.head_count': 3,
      'llama.rope.dimension_count': 4,
      'llama.rope.freq_base': 10_000,
    });
  });

  it('aligns every tensor, lets none overlap, and ends where the last one does', () => {
    const sorted = [...gguf.tensors.values()].sort((a, b) => a.offset - b.offset);
    let end = 0;
    for (const { axes, type, offset } of sorted) {
      expect(type).toBe(0);
      expect(offset % alignmentBytes).toBe(0);
      expect(offset).toBeGreaterThanOrEqual(end);
      expect(offset - end).toBeLessThan(alignmentBytes);
      end = offset + 4 * axes.reduce((product, n) => product * n, 1);
    }
    expect(gguf.tensors.size).toBe(weights.size);
    expect(gguf.bytes).toBe(gguf.data + Math.ceil(end / alignmentBytes) * alignmentBytes);
  });

  it('gives linear layers unchanged and with the inner axis first', () => {
    const down = weights.get('model.layers.1.mlp.down_proj.weight')!;
    expect(gguf.tensors.get('blk.1.ffn_down.weight')!.axes).toEqual([20, 12]);
    expect(gguf.values('blk.1.ffn_down.weight')).toEqual([...down.values]);
    expect(gguf.values('blk.0.attn_v.weight')).toEqual([
      ...weights.get('model.layers.0.self_attn.v_proj.weight')!.values,
    ]);
  });

  it('brings the halves that are turned together next to each other in queries and keys', () => {
    const { values } = weights.get('model.layers.0.self_attn.q_proj.weight')!;
    const row = (i: number) => [...values.subarray(12 * i, 12 * (i + 1))];
    // Heads of 4: 0 turns with 2 and 1 with 3.
    const order = [0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11];
    expect(gguf.values('blk.0.attn_q.weight')).toEqual(order.flatMap(row));
  });

  it('has one character for each token and one more token, with zeros, that ends a text', () => {
    const texts = gguf.metadata.get('tokenizer.ggml.tokens') as string[];
    expect(texts).toHaveLength(11);
    expect(texts.slice(0, 10).join('')).toBe(textOf([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    expect(idsOf(texts.slice(0, 10).join(''))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(new Set(texts).size).toBe(11);
    expect(gguf.metadata.get('tokenizer.ggml.eos_token_id')).toBe(10);
    const embedding = gguf.values('token_embd.weight');
    expect(embedding.slice(0, 120)).toEqual([...weights.get('model.embed_tokens.weight')!.values]);
    expect(embedding.slice(120)).toEqual(new Array(12).fill(0));
  });
});
