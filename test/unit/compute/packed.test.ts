/** Proves: packing rounds as each format says, in pieces or at once, and takes the bytes that were announced. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, describe, it } from 'vitest';
import { Random } from '../../../src/base/random.ts';
import {
  pack,
  packedBytes,
  Packer,
  tensorsOf,
  unpack,
  type PackedFormat,
} from '../../../src/compute/packed.ts';
import { readSafetensorsHeader, readTensor, writeSafetensors } from '../../../src/model/safetensors.ts';
import { openInNode } from '../../helpers/backends.ts';
import { bytesSource } from '../../helpers/model-files.ts';

const formats: PackedFormat[] = ['f16', 'int8', 'int4'];
/** One value; less than a group; a group and a bit; whole groups. */
const shapes: [number, number][] = [
  [1, 1],
  [3, 7],
  [5, 33],
  [4, 128],
];

const random = new Random('packed');
const normals = (size: number, scale = 1) =>
  Float32Array.from({ length: size }, () => scale * random.normal());

async function packed(values: Float32Array, shape: [number, number], format: PackedFormat) {
  const matrix = pack(values, shape, format);
  const found = await unpack(matrix);
  tf.dispose(tensorsOf(matrix));
  return found;
}

describe('packing', () => {
  beforeAll(() => openInNode('cpu'));

  it.each(shapes)('[%i, %i] in f16 rounds as a safetensors file does', async (rows, columns) => {
    const special = [
      0,
      -0,
      65504,
      -65504,
      2 ** -14,
      2 ** -24,
      1.5 * 2 ** -24,
      2 ** -26,
      1 + 2 ** -11,
      1 + 3 * 2 ** -11,
    ];
    const values = normals(rows * columns, 2 ** random.integer(20) * 2 ** -18);
    special.slice(0, values.length).forEach((value, i) => (values[i] = value));
    const file = writeSafetensors([{ name: 'w', shape: [rows, columns], values }], 'F16');
    const entries = await readSafetensorsHeader(bytesSource('w.safetensors', file));
    expect(await packed(values, [rows, columns], 'f16')).toEqual(await readTensor(entries.get('w')!));
  });

  it('saturates in f16, and keeps bfloat16 of magnitude 2⁻¹⁴ or more as it is', async () => {
    expect([...(await packed(Float32Array.of(1e5, -1e9), [1, 2], 'f16'))]).toEqual([65504, -65504]);
    const bfloats = new Float32Array(
      new Uint32Array(normals(64).buffer).map((bits) => bits & 0xffff0000).buffer,
    );
    expect(await packed(bfloats, [2, 32], 'f16')).toEqual(bfloats);
  });

  it.each(shapes)(
    '[%i, %i] in integers is off by half a step at most, a whole one at the far end',
    async (rows, columns) => {
      const values = normals(rows * columns);
      for (const [format, levels] of [
        ['int8', 127],
        ['int4', 8],
      ] as const) {
        const found = await packed(values, [rows, columns], format);
        for (let row = 0; row < rows; row++) {
          for (let start = 0; start < columns; start += 32) {
            const at = row * columns + start;
            const group = values.subarray(at, row * columns + Math.min(columns, start + 32));
            const extreme = group.reduce((top, value) => (Math.abs(value) > Math.abs(top) ? value : top), 0);
            const step = Math.abs(extreme) / levels;
            group.forEach((value, i) => {
              // int4 reaches from −8 to 7, the 8 being on the side of the extreme.
              const isClipped = format === 'int4' && -Math.sign(extreme) * value > 7 * step;
              const error = Math.abs(found[at + i]! - value);
              expect(error).toBeLessThanOrEqual((isClipped ? 1 : 0.5) * step * 1.00001);
            });
            const kept = found.subarray(at, at + group.length);
            expect(Math.max(...kept.map(Math.abs))).toBeCloseTo(Math.abs(extreme), 5);
          }
        }
      }
    },
  );

  it.each(formats)('in %s is the same in pieces, and takes the announced bytes', async (format) => {
    const values = normals(6 * 45);
    const packer = new Packer(format, [6, 45]);
    for (const [from, to] of [
      [0, 1],
      [1, 4],
      [4, 6],
    ] as const)
      packer.add(values.subarray(from * 45, to * 45));
    const matrix = packer.finish();
    expect(await unpack(matrix)).toEqual(await packed(values, [6, 45], format));
    const size = tensorsOf(matrix).reduce((bytes, tensor) => bytes + tensor.size * 4, 0);
    expect(size).toBe(packedBytes([6, 45], format));
    tf.dispose(tensorsOf(matrix));
  });

  it.each(formats)('in %s keeps zeros', async (format) => {
    expect([...(await packed(new Float32Array(40), [1, 40], format))]).toEqual(Array(40).fill(0));
  });
});
