/** Kernels that move rows: embeddings and their gradient, and the upkeep of key/value caches in place. */
import type { Tensor } from '@tensorflow/tfjs';
import { assert } from '../../base/errors.ts';
import type { Kernels } from '../operations.ts';
import type { Gpu } from './gpu.ts';
import { matrixFour, matrixReads, rowParts, weightParts } from './weight.ts';
import { elementBlocks, elementFor, elementwise, lanesOf } from './wgsl.ts';

type Rows = Required<
  Pick<
    Kernels,
    'embedding' | 'embeddingBackward' | 'fileTokens' | 'halves' | 'stackRows' | 'appendKv' | 'compactRows'
  >
>;

/** WGSL that rounds four values to f16; what lies beyond the largest half becomes it. */
const rounded = `fn rounded(x: vec4<f32>) -> vec2<u32> {
  let y = clamp(x, vec4<f32>(-65504.0), vec4<f32>(65504.0));
  return vec2<u32>(pack2x16float(y.xy), pack2x16float(y.zw));
}`;

export function rows(gpu: Gpu): Rows {
  return {
    embedding(w, ids) {
      const width = w.shape.at(-1)!;
      const fours = Math.ceil(width / 4);
      const isEven = width % 4 === 0;
      const y = gpu.empty([...ids.shape, width]);
      const size = ids.size * fours;
      for (const { first, count, part } of weightParts(gpu, w)) {
        const { stored, stride, buffers } = part;
        const lane = (k: number) => `  if (column + ${k}u < n.width) { y[to + ${k}u] = value[${k}]; }`;
        gpu.run(
          `embedding ${stored} ${isEven}`,
          () =>
            elementwise({
              reads: { ...matrixReads('table', stored), ids: 'i32' },
              writes: { y: isEven ? 'vec4<f32>' : 'f32' },
              numbers: { width: 'u32', stride: 'u32', first: 'i32', count: 'u32' },
              declarations: matrixFour('tableFour', 'table', stored),
              // The first part of the table clears what belongs to none.
              main: `  let fours = (n.width + 3u) / 4u;
  let token = i / fours;
  let column = i % fours * 4u;
  let row = u32(ids[token] - n.first);
  var value = vec4<f32>();
  if (row < n.count) { value = tableFour(row * n.stride, column, n.width); }
  else if (n.first != 0) { return; }
  let to = token * n.width + column;
${isEven ? '  y[to / 4u] = value;' : [0, 1, 2, 3].map(lane).join('\n')}`,
            }),
          [...buffers, ids, y],
          [size, width, stride, first, count],
          elementBlocks(size),
        );
      }
      return y;
    },

    /** Tokens of one id are linked into a list that its row sums up: no atomics, the same bits each time. */
    embeddingBackward(dy, ids, vocab) {
      const width = dy.shape.at(-1)!;
      const element = elementFor(width);
      const columns = width / lanesOf(element);
      const dw = gpu.empty([vocab, width]);
      const links = gpu.empty([ids.size + vocab], 'int32');
      gpu.run(
        'linkEqualIds',
        () =>
          elementwise({
            reads: { ids: 'i32' },
            writes: { links: 'i32' },
            numbers: { tokens: 'u32' },
            // Of each token the next one with its id, then of each id its first token; −1 where there is none.
            main: `  let isToken = i < n.tokens;
  var id = i32(i - n.tokens);
  if (isToken) { id = ids[i]; }
  var at = select(0u, i + 1u, isToken);
  while (at < n.tokens && ids[at] != id) { at++; }
  links[i] = select(-1, i32(at), at < n.tokens);`,
          }),
        [ids, links],
        [links.size, ids.size],
        elementBlocks(links.size),
      );
      for (const { first, count } of rowParts(gpu, vocab, width * 4)) {
        const size = count * columns;
        gpu.run(
          `sumEqualIds ${element}`,
          () =>
            elementwise({
              reads: { dy: element, links: 'i32' },
              writes: { dw: element },
              numbers: { columns: 'u32', heads: 'u32' },
              main: `  let column = i % n.columns;
  var sum = ${element}();
  for (var at = links[n.heads + i / n.columns]; at >= 0; at = links[at]) {
    sum += dy[u32(at) * n.columns + column];
  }
  dw[i] = sum;`,
            }),
          [dy, links, { tensor: dw, start: first * width, size: count * width }],
          [size, columns, ids.size + first],
          elementBlocks(size),
        );
      }
      links.dispose();
      return dw;
    },

    fileTokens({ ids, logProbs }, file, step) {
      const rows = ids.size;
      gpu.run(
        'fileTokens',
        () =>
          elementwise({
            reads: { sampled: 'i32', sampledLogProbs: 'f32' },
            writes: { latest: 'i32', ids: 'i32', logProbs: 'f32' },
            numbers: { step: 'u32', kept: 'u32' },
            hasTurns: true,
            main: `  latest[i] = sampled[i];
  let at = (n.step + turn) % n.kept * n.size + i;
  ids[at] = sampled[i];
  logProbs[at] = sampledLogProbs[i];`,
          }),
        [ids, logProbs, file.latest, file.ids, file.logProbs],
        [rows, step, file.ids.size / rows],
        elementBlocks(rows),
      );
    },

    halves(x) {
      const width = x.shape.at(-1)!;
      assert(width % 4 === 0, `rows of ${width} are halved by fours`);
      const y = gpu.empty([...x.shape.slice(0, -1), width / 2], 'int32');
      const size = x.size / 4;
      gpu.run(
        'halves',
        () =>
          elementwise({
            reads: { x: 'vec4<f32>' },
            writes: { y: 'vec2<u32>' },
            numbers: {},
            declarations: rounded,
            main: '  y[i] = rounded(x[i]);',
          }),
        [x, y],
        [size],
        elementBlocks(size),
      );
      return y;
    },

    // Stock operations would take int32 through f32, which keeps 24 of 32 bits.
    stackRows(parts, rows, capacity) {
      const width = parts[0]!.shape[2]!;
      const y = gpu.empty([rows, capacity, width], parts[0]!.dtype as 'float32' | 'int32');
      let first = 0;
      for (const part of parts) {
        const [count, length] = part.shape as [number, number];
        const size = Math.min(count, rows - first) * length * width;
        assert(length <= capacity, `${length} tokens fit a room of ${capacity}`);
        gpu.run(
          'stackRows',
          () =>
            elementwise({
              reads: { part: 'u32' },
              writes: { y: 'u32' },
              numbers: { own: 'u32', room: 'u32', first: 'u32' },
              main: '  y[(n.first + i / n.own) * n.room + i % n.own] = part[i];',
            }),
          [part, y],
          [size, length * width, capacity * width, first],
          elementBlocks(size),
        );
        first += count;
      }
      assert(first >= rows, `${first} rows are ${rows} or more`);
      return y;
    },

    appendKv(cache, rows, position) {
      const inHalves = cache.dtype === 'int32';
      const [, length, words] = cache.shape as [number, number, number];
      const width = inHalves ? 2 * words : words;
      assert(position >= 0 && position < length, `position ${position} lies in a cache of ${length}`);
      assert(
        rows.size / width <= cache.shape[0]!,
        `${rows.size / width} rows fit a cache of ${cache.shape[0]}`,
      );
      const element = elementFor(width);
      const columns = width / lanesOf(element);
      const size = rows.size / lanesOf(element);
      gpu.run(
        `appendKv ${element} ${inHalves}`,
        () =>
          elementwise({
            reads: { added: element },
            writes: { cache: inHalves ? 'vec2<u32>' : element },
            hasTurns: true,
            numbers: { columns: 'u32', length: 'u32', position: 'u32' },
            declarations: inHalves ? rounded : '',
            main: `  let at = (i / n.columns * n.length + n.position + turn) * n.columns + i % n.columns;
  cache[at] = ${inHalves ? 'rounded(added[i])' : 'added[i]'};`,
          }),
        [rows, cache],
        [size, columns, length, position],
        elementBlocks(size),
      );
    },

    /**
     * Each invocation moves one column's values from top to bottom, so no value is overwritten before it moved. As words:
     * a GPU may change the bits of what is no ordinary f32.
     */
    compactRows(x, keep) {
      const width = x.size / x.shape[0]!;
      const element = elementFor(width);
      const word = element === 'f32' ? 'u32' : 'vec4<u32>';
      const columns = width / lanesOf(element);
      keep.forEach((from, to) =>
        assert(from >= to && from < x.shape[0]!, `kept rows ascend within ${x.shape[0]}`),
      );
      const list: Tensor = gpu.upload(keep);
      gpu.run(
        `compactRows ${element}`,
        () =>
          elementwise({
            reads: { kept: 'i32' },
            writes: { x: word },
            numbers: { rows: 'u32' },
            main: `  for (var to = 0u; to < n.rows; to++) {
    let source = u32(kept[to]);
    if (source != to) { x[to * n.size + i] = x[source * n.size + i]; }
  }`,
          }),
        [list, x],
        [columns, keep.length],
        elementBlocks(columns),
      );
      list.dispose();
    },
  };
}
