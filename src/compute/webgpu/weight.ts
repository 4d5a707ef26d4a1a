/**
 * Weights as kernels read them, packed or not: the buffers of some of their rows, and WGSL that unpacks four neighbours
 * of a row as it reads them. The layout is that of `packed.ts`.
 */
import { bitsOf, groupSize, isPacked, paddedColumns, type PackedFormat, type Weight } from '../packed.ts';
import type { Binding, Gpu } from './gpu.ts';
import { elementFor, fourOf, type Element } from './wgsl.ts';

export type Stored = Element | PackedFormat;

/** Some rows of a matrix. */
export interface MatrixRows {
  stored: Stored;
  /** Values from one row to the next, padding included. */
  stride: number;
  /** In the order of `matrixReads`. */
  buffers: Binding[];
}

/** A matrix without padding that one binding holds. */
export function plainRows(binding: Binding, columns: number): MatrixRows {
  return { stored: elementFor(columns), stride: columns, buffers: [binding] };
}

/** Parts of a matrix's rows that a kernel can see, each beginning on a multiple of 64 rows. */
export function* rowParts(
  gpu: Gpu,
  rows: number,
  rowBytes: number,
  atMost = Infinity,
): Generator<{ first: number; count: number }> {
  const most = Math.min(atMost, Math.max(64, Math.floor(gpu.bindingBytes / rowBytes / 64) * 64));
  for (let first = 0; first < rows; first += most) yield { first, count: Math.min(most, rows - first) };
}

/** The same with the buffers of a weight. */
export function* weightParts(
  gpu: Gpu,
  weight: Weight,
  atMost = Infinity,
): Generator<{ first: number; count: number; part: MatrixRows }> {
  const [rows, columns] = weight.shape as [number, number];
  if (!isPacked(weight)) {
    for (const { first, count } of rowParts(gpu, rows, columns * 4, atMost)) {
      const binding = { tensor: weight, start: first * columns, size: count * columns };
      yield { first, count, part: plainRows(binding, columns) };
    }
    return;
  }
  const { format, values, scales } = weight;
  const stride = paddedColumns(columns);
  const words = (stride * bitsOf[format]) / 32;
  const groups = stride / groupSize;
  for (const { first, count } of rowParts(gpu, rows, words * 4, atMost)) {
    const buffers: Binding[] = [{ tensor: values, start: first * words, size: count * words }];
    if (scales) buffers.push({ tensor: scales, start: first * groups, size: count * groups });
    yield { first, count, part: { stored: format, stride, buffers } };
  }
}

/** The buffers of such rows: name → type of an element. */
export function matrixReads(name: string, stored: Stored): Record<string, string> {
  if (stored === 'f16') return { [name]: 'vec2<u32>' };
  if (stored === 'int8' || stored === 'int4') return { [name]: 'u32', [`${name}Scales`]: 'f32' };
  return { [name]: stored };
}

/**
 * A function that reads four neighbouring values of a row as a vector, zeros beyond its end.
 * `start` is where the row begins, in values, `at` a multiple of four, `width` that of a row without padding.
 */
export function matrixFour(name: string, buffer: string, stored: Stored): string {
  if (stored === 'f32' || stored === 'vec4<f32>') return fourOf(name, buffer, stored);
  // Shifted left and back, the top bit of each field becomes its sign.
  const signed = (word: string, bits: number) => {
    const left = [1, 2, 3, 4].map((field) => `${32 - field * bits}u`).join(', ');
    return `vec4<f32>((vec4<i32>(bitcast<i32>(${word})) << vec4<u32>(${left})) >> vec4<u32>(${32 - bits}u))`;
  };
  const value = {
    f16: `let halves = ${buffer}[i / 4u];
  return vec4<f32>(unpack2x16float(halves.x), unpack2x16float(halves.y));`,
    int8: `return ${signed(`${buffer}[i / 4u]`, 8)} * ${buffer}Scales[i / ${groupSize}u];`,
    int4: `let word = ${buffer}[i / 8u] >> ((i & 4u) * 4u);
  return ${signed('word', 4)} * ${buffer}Scales[i / ${groupSize}u];`,
  }[stored];
  return `fn ${name}(start: u32, at: u32, width: u32) -> vec4<f32> {
  if (at >= width) { return vec4<f32>(); }
  let i = start + at;
  ${value}
}`;
}
