/**
 * Reads and writes safetensors files (F32, F16, BF16) without holding a file in memory: the header first, then each
 * tensor by its byte range. Which tensors a model needs is `weights.ts`.
 *
 * Format: https://github.com/huggingface/safetensors#format — u64 header length, JSON header, tensor bytes.
 */
import { AppError } from '../base/errors.ts';
import { isObject, tryParse, type Json } from '../base/json.ts';

/** Random access to a file: a Blob, an OPFS handle, a Node file, an HTTP range. */
export interface ByteSource {
  /** The file's name, for messages. */
  name: string;
  size: number;
  /** Bytes [start, end). */
  read(start: number, end: number): Promise<Uint8Array>;
}

export type TensorType = 'F32' | 'F16' | 'BF16';

export interface TensorEntry {
  name: string;
  type: TensorType;
  shape: number[];
  /** Bytes of the file, absolute. */
  start: number;
  end: number;
  source: ByteSource;
}

const bytesPerValue: Record<TensorType, number> = { F32: 4, F16: 2, BF16: 2 };
/** As in the reference implementation; keeps a broken length from allocating the machine's memory. */
const headerLimit = 100_000_000;

/**
 * The tensors of one file by name, in file order.
 * @throws AppError `safetensors-invalid`, naming file, place and remedy
 */
export async function readSafetensorsHeader(source: ByteSource): Promise<Map<string, TensorEntry>> {
  const { name: file, size } = source;
  if (size < 8)
    throw invalid(file, `is ${size} bytes long, too short for a header`, 'header length', truncatedHint);
  const length = await readExactly(source, 0, 8);
  const headerLength = Number(new DataView(length.buffer, length.byteOffset).getBigUint64(0, true));
  if (headerLength > headerLimit || headerLength > size - 8) {
    const claim = `announces a header of ${headerLength} bytes but has ${size - 8} after the length`;
    throw invalid(
      file,
      claim,
      'header length',
      `${truncatedHint} If its name does not end in .safetensors, it is another kind of file.`,
    );
  }
  const header = tryParse(new TextDecoder().decode(await readExactly(source, 8, 8 + headerLength)));
  if (!isObject(header)) throw invalid(file, 'has a header that is no JSON object', 'header', truncatedHint);

  const entries = new Map<string, TensorEntry>();
  const dataStart = 8 + headerLength;
  for (const [name, value] of Object.entries(header)) {
    if (name !== '__metadata__') entries.set(name, readEntry(source, name, value!, dataStart));
  }
  let covered = dataStart;
  let previous = 'the header';
  for (const entry of [...entries.values()].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (entry.start < covered) {
      throw invalid(
        file,
        `lets ${entry.name} overlap ${previous}`,
        `header, ${entry.name}.data_offsets`,
        damagedHint,
      );
    }
    covered = entry.end;
    previous = entry.name;
  }
  return entries;
}

function readEntry(source: ByteSource, name: string, value: Json, dataStart: number): TensorEntry {
  const file = source.name;
  const place = `header, ${name}`;
  if (!isObject(value)) throw invalid(file, `describes ${name} by no object`, place, damagedHint);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !(dtype in bytesPerValue)) {
    throw new AppError(
      'safetensors-type-unsupported',
      `${file} stores ${name} as ${JSON.stringify(dtype) ?? 'nothing'}, which Fulcrum cannot read.`,
      'Use weights stored as F32, F16 or BF16, not a quantised version.',
      { file, field: `${name}.dtype`, found: String(dtype), expected: 'F32, F16 or BF16' },
    );
  }
  if (!isCountList(shape))
    throw invalid(file, `gives ${name} the shape ${JSON.stringify(shape)}`, place, damagedHint);
  if (!isCountList(offsets) || offsets.length !== 2) {
    throw invalid(file, `gives ${name} the offsets ${JSON.stringify(offsets)}`, place, damagedHint);
  }
  const type = dtype as TensorType;
  const [from, to] = offsets as [number, number];
  const needed = shape.reduce((product, size) => product * size, bytesPerValue[type]);
  if (to - from !== needed) {
    const claim = `gives ${name} ${to - from} bytes, but its shape [${shape.join(', ')}] in ${type} needs ${needed}`;
    throw invalid(file, claim, `${place}.data_offsets`, damagedHint);
  }
  if (dataStart + to > source.size) {
    const claim = `ends at byte ${source.size}, but ${name} reaches to byte ${dataStart + to}`;
    throw invalid(file, claim, `${place}.data_offsets`, truncatedHint);
  }
  return { name, type, shape, start: dataStart + from, end: dataStart + to, source };
}

/** The values of one tensor, widened to f32. */
export function readTensor(entry: TensorEntry): Promise<Float32Array> {
  return readValues(entry, entry.start, entry.end);
}

/** A piece of whole rows: 4 Mi values. */
const pieceValues = 1 << 22;

/** The same in pieces of whole rows, for a tensor that shall not exist in f32 as a whole. */
export async function* readRows(entry: TensorEntry): AsyncGenerator<Float32Array> {
  const { start, end, shape } = entry;
  const width = shape.at(-1) ?? 1;
  const step = Math.max(1, Math.floor(pieceValues / width)) * width * bytesPerValue[entry.type];
  for (let at = start; at < end; at += step) yield readValues(entry, at, Math.min(end, at + step));
}

/** Bytes [start, end) of the file as values of the entry's type. */
async function readValues(entry: TensorEntry, start: number, end: number): Promise<Float32Array> {
  const bytes = await readExactly(entry.source, start, end);
  const count = bytes.byteLength / bytesPerValue[entry.type];
  // Offsets need not be aligned, views must be.
  const aligned = bytes.byteOffset % 4 ? bytes.slice() : bytes;
  if (entry.type === 'F32') return new Float32Array(aligned.buffer, aligned.byteOffset, count);
  const halves = new Uint16Array(aligned.buffer, aligned.byteOffset, count);
  return entry.type === 'BF16' ? widenBfloat16(halves) : widenFloat16(halves);
}

async function readExactly(source: ByteSource, start: number, end: number): Promise<Uint8Array> {
  const bytes = await source.read(start, end);
  if (bytes.byteLength !== end - start) {
    const claim = `gave ${bytes.byteLength} bytes where bytes ${start} to ${end} were asked for`;
    throw invalid(source.name, claim, `byte ${start}`, truncatedHint);
  }
  return bytes;
}

function widenBfloat16(halves: Uint16Array): Float32Array {
  const out = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) out[i] = halves[i]! << 16;
  return new Float32Array(out.buffer);
}

function widenFloat16(halves: Uint16Array): Float32Array {
  const out = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    if (exponent === 0) out[i] = sign * fraction * 2 ** -24;
    else if (exponent === 31) out[i] = fraction ? NaN : sign * Infinity;
    else out[i] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return out;
}

export interface NamedTensor {
  name: string;
  shape: number[];
  values: Float32Array;
}

/**
 * A whole file. Tensors are written in the given order; F16 and BF16 round to nearest, ties to even.
 * @param metadata texts for the header's `__metadata__`; Hugging Face expects `{ format: 'pt' }`
 */
export function writeSafetensors(
  tensors: readonly NamedTensor[],
  type: TensorType = 'F32',
  metadata: Record<string, string> = { format: 'pt' },
): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const { name, shape, values } of tensors) {
    const end = offset + values.length * bytesPerValue[type];
    header[name] = { dtype: type, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  // The format wants data aligned to 8 bytes; spaces are allowed after the JSON.
  const headerLength = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + headerLength + offset);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.fill(0x20, 8, 8 + headerLength);
  file.set(json, 8);
  let at = 8 + headerLength;
  for (const { values } of tensors) {
    if (type === 'F32') {
      file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    } else {
      const narrow = type === 'BF16' ? narrowBfloat16(values) : narrowFloat16(values);
      file.set(new Uint8Array(narrow.buffer), at);
    }
    at += values.length * bytesPerValue[type];
  }
  return file;
}

function narrowBfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const b = bits[i]!;
    const isNaN = (b & 0x7fffffff) > 0x7f800000;
    out[i] = isNaN ? (b >>> 16) | 0x40 : (b + 0x7fff + ((b >>> 16) & 1)) >>> 16;
  }
  return out;
}

function narrowFloat16(values: Float32Array): Uint16Array {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = float16Bits(values[i]!);
  return out;
}

function float16Bits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (Number.isNaN(magnitude)) return 0x7e00;
  if (magnitude >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(magnitude)));
  const steps = roundToEven(magnitude / 2 ** (exponent - 10));
  if (magnitude < 2 ** -14) return sign | steps;
  // A carry out of the fraction runs into the exponent, as it should.
  return sign | (((exponent + 15) << 10) + (steps - 1024));
}

function roundToEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}

const truncatedHint = 'The file is damaged or was not downloaded to its end: download it again.';
const damagedHint = 'The file is damaged or was written by a faulty program: download it again.';

function isCountList(value: Json | undefined): value is number[] {
  return (
    Array.isArray(value) && value.every((n) => typeof n === 'number' && Number.isSafeInteger(n) && n >= 0)
  );
}

function invalid(file: string, what: string, field: string, hint: string): AppError {
  return new AppError('safetensors-invalid', `${file} ${what}, so its weights cannot be read.`, hint, {
    file,
    field,
  });
}
