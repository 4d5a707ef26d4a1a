/**
 * Attention of one new token a row to its prompt's keys and values and to its own, with online softmax. On GPUs a
 * workgroup has one head of one row: keys side by side for the scores, columns side by side for the mix.
 */
import { assert } from '../../base/errors.ts';
import type { Kernels } from '../operations.ts';
import type { Gpu, Source } from './gpu.ts';
import { matrixFour, matrixReads, type Stored } from './weight.ts';
import { type Element, elementBlocks, elementFor, elementwise, fourOf } from './wgsl.ts';

const lanes = 64;
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

const numbers: Source['numbers'] = {
  heads: 'u32',
  kvHeads: 'u32',
  width: 'u32',
  scale: 'f32',
  prefixCapacity: 'u32',
  suffixCapacity: 'u32',
  suffixLength: 'u32',
};

/** Readers of four values of token `t`, whose keys lie in the prompt's cache or in the row's own. */
function declarations(element: Element, stored: Stored): string {
  const of = (name: 'K' | 'V') => `${matrixFour(`prefix${name}Four`, `prefix${name}`, stored)}
${matrixFour(`suffix${name}Four`, `suffix${name}`, stored)}
fn load${name}(row: u32, pivot: u32, prefixLength: u32, kv: u32, t: u32, at: u32) -> vec4<f32> {
  if (t < prefixLength) {
    return prefix${name}Four(((pivot * n.prefixCapacity + t) * n.kvHeads + kv) * n.width, at, n.width);
  }
  let own = row * n.suffixCapacity + t - prefixLength;
  return suffix${name}Four((own * n.kvHeads + kv) * n.width, at, n.width);
}`;
  const lane = (k: number) => `  if (at + ${k}u < n.width) { out[start + at + ${k}u] = value[${k}]; }`;
  return `${fourOf('queryFour', 'q', element)}
${of('K')}
${of('V')}
fn put(start: u32, at: u32, value: vec4<f32>) {
${element === 'f32' ? range(4).map(lane).join('\n') : '  if (at < n.width) { out[(start + at) / 4u] = value; }'}
}`;
}

function buffers(element: Element, stored: Stored): Pick<Source, 'reads' | 'writes'> {
  const caches = ['prefixK', 'prefixV', 'suffixK', 'suffixV'].map((name) => matrixReads(name, stored));
  return {
    reads: Object.assign({ q: element }, ...caches, { prefixLengths: 'i32', pivotOfRow: 'i32' }),
    writes: { out: element },
  };
}

const place = `  let row = i / n.heads;
  let head = i % n.heads;
  let kv = head / (n.heads / n.kvHeads);
  let pivot = u32(pivotOfRow[row]);
  let prefixLength = u32(prefixLengths[pivot]);
  let suffixLength = n.suffixLength + turn;
  let length = prefixLength + suffixLength;`;

function inRegisters(element: Element, stored: Stored, headWidth: number): Source {
  const fours = range(Math.ceil(headWidth / 4));
  const lines = (line: (d: number) => string) => fours.map(line).join('\n');
  // One loop a cache: a choice between them at each load would cost more than the load.
  const pass = (cache: string, first: string, length: string) => `  for (var t = 0u; t < ${length}; t++) {
    let start = ((${first} + t) * n.kvHeads + kv) * n.width;
    var score = 0.0;
${lines((d) => `    score += dot(q${d}, ${cache}KFour(start, ${4 * d}u, n.width));`)}
    let next = max(top, score);
    let shrink = exp(top - next);
    let weight = exp(score - next);
    top = next;
    total = total * shrink + weight;
${lines((d) => `    o${d} = o${d} * shrink + weight * ${cache}VFour(start, ${4 * d}u, n.width);`)}
  }`;
  return elementwise({
    ...buffers(element, stored),
    numbers,
    hasTurns: true,
    declarations: declarations(element, stored),
    main: `${place}
${lines((d) => `  let q${d} = queryFour(i * n.width, ${4 * d}u, n.width) * n.scale;\n  var o${d} = vec4<f32>();`)}
  var top = -3.0e38;
  var total = 0.0;
${pass('prefix', 'pivot * n.prefixCapacity', 'prefixLength')}
${pass('suffix', 'row * n.suffixCapacity', 'suffixLength')}
${lines((d) => `  put(i * n.width, ${4 * d}u, o${d} / total);`)}`,
  });
}

function inTiles(element: Element, stored: Stored, headWidth: number): Source {
  const fours = Math.ceil(headWidth / 4);
  assert(fours <= lanes, `a head of ${headWidth} fits ${lanes} vectors`);
  const shares = Math.floor(lanes / fours); // of the keys, each mixed by lanes of its own
  return {
    ...buffers(element, stored),
    numbers,
    hasTurns: true,
    threads: lanes,
    reductions: { maxOver: 'max f32', sumOver: 'sum f32' },
    declarations: `${declarations(element, stored)}
var<workgroup> query: array<vec4<f32>, ${fours}>;
var<workgroup> weights: array<f32, ${lanes}>;
var<workgroup> lengthShared: u32;
var<workgroup> mixed: array<vec4<f32>, ${lanes}>;`,
    main: `  let i = block;
${place}
  if (lane < ${fours}u) { query[lane] = queryFour(i * n.width, lane * 4u, n.width) * n.scale; }
  let column = lane % ${fours}u;
  let share = lane / ${fours}u;
  var top = -3.0e38;
  var total = 0.0;
  var sum = vec4<f32>();
  // The same for all, which the compiler cannot know of a number read from a buffer.
  if (lane == 0u) { lengthShared = length; }
  workgroupBarrier();
  let lengthOfAll = workgroupUniformLoad(&lengthShared);
  for (var t0 = 0u; t0 < lengthOfAll; t0 += ${lanes}u) {
    let t = t0 + lane;
    var score = -3.0e38;
    if (t < length) {
      score = 0.0;
      for (var d = 0u; d < ${fours}u; d++) { score += dot(query[d], loadK(row, pivot, prefixLength, kv, t, d * 4u)); }
    }
    let next = max(top, maxOver(score, lane));
    let weight = select(0.0, exp(score - next), t < length);
    weights[lane] = weight;
    let shrink = exp(top - next);
    top = next;
    total = total * shrink + sumOver(weight, lane);
    sum *= shrink;
    if (share < ${shares}u) {
      for (var at = share; at < min(${lanes}u, lengthOfAll - t0); at += ${shares}u) {
        sum += weights[at] * loadV(row, pivot, prefixLength, kv, t0 + at, column * 4u);
      }
    }
    workgroupBarrier();
  }
  mixed[lane] = sum;
  workgroupBarrier();
  if (lane < ${fours}u) {
    for (var s = 1u; s < ${shares}u; s++) { sum += mixed[lane + s * ${fours}u]; }
    put(i * n.width, lane * 4u, sum / total);
  }`,
  };
}

export function decode(gpu: Gpu): Pick<Kernels, 'decodeAttention'> {
  return {
    decodeAttention(inputs, { heads, kvHeads, headWidth, scale }) {
      const { q, prefixK, prefixV, prefixLengths, suffixK, suffixV, suffixLength, pivotOfRow } = inputs;
      const rows = pivotOfRow.size;
      const prefixCapacity = prefixK.shape[1]!;
      const suffixCapacity = suffixK.shape[1]!;
      assert(suffixLength <= suffixCapacity, `${suffixLength} tokens fit a suffix of ${suffixCapacity}`);
      assert(suffixK.shape[0]! >= rows, `the suffix cache has ${rows} rows`);
      assert(q.size === rows * heads * headWidth, `q is [${rows}, ${heads}·${headWidth}]`);
      const out = gpu.empty(q.shape);
      const element = elementFor(headWidth);
      const stored = prefixK.dtype === 'int32' ? 'f16' : element;
      assert(stored === element || element !== 'f32', `heads of ${headWidth} are read by fours`);
      const isTiled = gpu.family === 'tiled';
      const size = rows * heads;
      gpu.run(
        `decodeAttention ${headWidth} ${stored}`,
        () => (isTiled ? inTiles(element, stored, headWidth) : inRegisters(element, stored, headWidth)),
        [q, prefixK, prefixV, suffixK, suffixV, prefixLengths, pivotOfRow, out],
        [
          ...(isTiled ? [] : [size]),
          ...[heads, kvHeads, headWidth, scale, prefixCapacity, suffixCapacity, suffixLength],
        ],
        isTiled ? size : elementBlocks(size),
      );
      return out;
    },
  };
}
