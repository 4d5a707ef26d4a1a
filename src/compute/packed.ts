/**
 * Frozen matrices in 16, 8 or 4 bits a value: what they look like in memory, and packing values into them. Products
 * with them are the kernels' (`wasm/`, `webgpu/`), which unpack as they read and sum in f32.
 *
 * One layout for all formats: each row is padded with zeros to a multiple of 32 values, and value i of the padded matrix
 * lies in bits i·b … of a list of 32-bit words, lowest bits first (this is written on little-endian machines, as all
 * that have WebAssembly are). In int8 and int4, 32 neighbours along the input share
 * one f32 scale, scales[⌊i / 32⌋]. So a flat index is all that a kernel needs, rows begin on whole vectors, and a tile
 * of depth 32 or less never crosses a group. Groups of 32 are those of llama.cpp's Q8_0 and Q4_0, whose rounding this
 * is: int8 by max|w| / 127, int4 by the value of largest magnitude / −8. f16 rounds to nearest, ties to even, and
 * saturates; a bfloat16 weight of magnitude 2⁻¹⁴ or more is kept exactly.
 */
import * as tf from '@tensorflow/tfjs';
import { assert } from '../base/errors.ts';
import { upload } from './transfer.ts';

export type PackedFormat = 'f16' | 'int8' | 'int4';

export type PackedMatrix = {
  readonly format: PackedFormat;
  readonly shape: [number, number]; // [rows, columns], without padding
  /** rows · columns */
  readonly size: number;
  readonly values: tf.Tensor; // int32 [rows, words of a row]
  readonly scales: tf.Tensor | null; // [rows, groups of a row]; none in f16
};

/** What the operations take as a weight; only a tensor can be trained. */
export type Weight = tf.Tensor | PackedMatrix;

/** Values that share a scale. */
export const groupSize = 32;

export const bitsOf: Record<PackedFormat, number> = { f16: 16, int8: 8, int4: 4 };

export function isPacked(weight: Weight): weight is PackedMatrix {
  return 'format' in weight;
}

/** What holds the values of a weight. */
export function tensorsOf(weight: Weight): tf.Tensor[] {
  if (!isPacked(weight)) return [weight];
  return weight.scales ? [weight.values, weight.scales] : [weight.values];
}

/** Values of a row with its padding. */
export function paddedColumns(columns: number): number {
  return Math.ceil(columns / groupSize) * groupSize;
}

export function packedBytes([rows, columns]: readonly [number, number], format: PackedFormat): number {
  const padded = paddedColumns(columns);
  const scales = format === 'f16' ? 0 : padded / groupSize;
  return rows * ((padded * bitsOf[format]) / 8 + scales * 4);
}

/** Packs a matrix that comes in pieces of whole rows, so that it never exists in f32 as a whole. */
export class Packer {
  private readonly format: PackedFormat;
  private readonly shape: [number, number];
  private readonly words: Int32Array;
  private readonly scales: Float32Array | null;
  private rows = 0;

  constructor(format: PackedFormat, [rows, columns]: readonly [number, number]) {
    const padded = paddedColumns(columns);
    this.format = format;
    this.shape = [rows, columns];
    this.words = new Int32Array((rows * padded * bitsOf[format]) / 32);
    this.scales = format === 'f16' ? null : new Float32Array((rows * padded) / groupSize);
  }

  /** The next rows. */
  add(values: Float32Array): void {
    const columns = this.shape[1];
    const groups = paddedColumns(columns) / groupSize;
    for (let start = 0; start < values.length; start += columns, this.rows++) {
      for (let group = 0; group < groups; group++) {
        const from = start + group * groupSize;
        const to = Math.min(from + groupSize, start + columns);
        this.packGroup(values, from, to, this.rows * groups + group);
      }
    }
  }

  /** On the current backend. */
  finish(): PackedMatrix {
    const { format, shape, words, scales } = this;
    const [rows, columns] = shape;
    assert(this.rows === rows, `${rows} rows were packed, not ${this.rows}`);
    const tensors = {
      values: tf.tensor(words, [rows, words.length / rows], 'int32'),
      scales: scales && tf.tensor(scales, [rows, scales.length / rows], 'float32'),
    };
    upload(tensors.values);
    if (tensors.scales) upload(tensors.scales);
    return { format, shape, size: rows * columns, ...tensors };
  }

  private packGroup(values: Float32Array, from: number, to: number, group: number): void {
    const { format, words, scales } = this;
    const at = group * groupSize;
    if (!scales) {
      const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
      const halves = new Uint16Array(words.buffer);
      for (let i = from; i < to; i++) halves[at + i - from] = float16Bits(bits[i]!);
      return;
    }
    let extreme = 0;
    for (let i = from; i < to; i++) if (Math.abs(values[i]!) > Math.abs(extreme)) extreme = values[i]!;
    const scale = Math.fround(format === 'int8' ? Math.abs(extreme) / 127 : extreme / -8);
    if (scale === 0) return;
    scales[group] = scale;
    if (format === 'int8') {
      const bytes = new Int8Array(words.buffer);
      for (let i = from; i < to; i++) bytes[at + i - from] = Math.round(values[i]! / scale);
      return;
    }
    const pairs = new Uint8Array(words.buffer);
    for (let i = from; i < to; i++) {
      const value = at + i - from;
      const nibble = Math.min(7, Math.round(values[i]! / scale)) & 15;
      pairs[value >> 1]! |= nibble << ((value & 1) * 4);
    }
  }
}

export function pack(
  values: Float32Array,
  shape: readonly [number, number],
  format: PackedFormat,
): PackedMatrix {
  const packer = new Packer(format, shape);
  packer.add(values);
  return packer.finish();
}

/** The values that the kernels compute with, as f32: for stock operations, merging, and whoever compares. */
export async function unpack(matrix: PackedMatrix): Promise<Float32Array> {
  const [words, scales] = await Promise.all([matrix.values.data(), matrix.scales?.data()]);
  return unpackValues(matrix, words as Int32Array, (scales as Float32Array | undefined) ?? null);
}

/** The same as a tensor, on backends that can be read at once. */
export function dense(weight: Weight): tf.Tensor {
  if (!isPacked(weight)) return weight;
  const words = weight.values.dataSync<'int32'>();
  return tf.tensor(
    unpackValues(weight, words, weight.scales?.dataSync() as Float32Array | null),
    weight.shape,
  );
}

function unpackValues(
  { format, shape: [rows, columns] }: PackedMatrix,
  words: Int32Array,
  scales: Float32Array | null,
): Float32Array {
  const padded = paddedColumns(columns);
  const values = new Float32Array(rows * columns);
  const halves = new Uint16Array(words.buffer, words.byteOffset, words.length * 2);
  const bytes = new Int8Array(words.buffer, words.byteOffset, words.length * 4);
  for (let row = 0, to = 0; row < rows; row++) {
    for (let at = row * padded; at < row * padded + columns; at++, to++) {
      if (format === 'f16') values[to] = float16Value(halves[at]!);
      else {
        // Shifted to the top and back, the highest bit of a nibble becomes its sign.
        const level = format === 'int8' ? bytes[at]! : (bytes[at >> 1]! << (at & 1 ? 24 : 28)) >> 28;
        values[to] = level * scales![at >> 5]!;
      }
    }
  }
  return values;
}

const float = new Float32Array(1);
const floatBits = new Uint32Array(float.buffer);

/**
 * From the bits of an f32: rounds to nearest, ties to even; beyond the largest half to it (F. Giesen's
 * float_to_half_fast3_rtne).
 */
function float16Bits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x477ff000) return sign | 0x7bff;
  if (magnitude >= 0x38800000)
    return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >> 13) & 1)) >> 13);
  // Added to ½, the last bits of the sum are the subnormal half.
  floatBits[0] = magnitude;
  float[0]! += 0.5;
  return sign | (floatBits[0] - 0x3f000000);
}

function float16Value(half: number): number {
  // As f32 bits, exponent and fraction of a half mean 2⁻¹¹² times its value, subnormal or not.
  floatBits[0] = (half & 0x7fff) << 13;
  const magnitude = float[0]! * 2 ** 112;
  return half & 0x8000 ? -magnitude : magnitude;
}
