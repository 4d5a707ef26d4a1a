/** Kernels that move rows: embeddings and their gradient, and the upkeep of key/value caches in place. */
import type { Tensor } from '@tensorflow/tfjs';
import { assert } from '../../base/errors.ts';
import type { Kernels } from '../operations.ts';
import type { Gpu } from './gpu.ts';
import { matrixFour, matrixReads, rowParts, weightParts } from './weight.ts';
import { elementBlocks, elementFor, elementwise, lanesOf } from './wgsl.ts';

type Rows = Pick<Kernels, 'embedding' | 'embeddingBackward' | 'fileTokens' | 'appendKv' | 'compactRows'>;

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

    /**
     * Tokens of one id are linked into a list, and the first of them sums it up: no atomics, the same bits each time.
     */
    embeddingBackward(dy, ids, vocab) {
      const width = dy.shape.at(-1)!;
      const element = elementFor(width);
      const columns = width / lanesOf(element);
      const dw = gpu.empty([vocab, width]);
      const links = gpu.empty([Math.max(1, ids.size)], 'int32');
      gpu.run(
        'linkEqualIds',
        () =>
          elementwise({
            reads: { ids: 'i32' },
            writes: { links: 'i32' },
            numbers: {},
            // The next token of the same id, or −1; less than −1 marks a token that is not the first of its id.
            main: `  let id = ids[i];
  var next = i + 1u;
  while (next < n.size && ids[next] != id) { next++; }
  var link = select(-1, i32(next), next < n.size);
  for (var before = 0u; before < i; before++) {
    if (ids[before] == id) {
      link = -3 - link;
      break;
    }
  }
  links[i] = link;`,
          }),
        [ids, links],
        [ids.size],
        elementBlocks(ids.size),
      );
      for (const { first, count } of rowParts(gpu, vocab, width * 4)) {
        const part = { tensor: dw, start: first * width, size: count * width };
        gpu.run(
          `clear ${element}`,
          () =>
            elementwise({
              reads: {},
              writes: { x: element },
              numbers: {},
              main: `  x[i] = ${element}();`,
            }),
          [part],
          [count * columns],
          elementBlocks(count * columns),
        );
        const size = ids.size * columns;
        gpu.run(
          `sumEqualIds ${element}`,
          () =>
            elementwise({
              reads: { dy: element, ids: 'i32', links: 'i32' },
              writes: { dw: element },
              numbers: { columns: 'u32', first: 'i32', count: 'u32' },
              main: `  let token = i / n.columns;
  let column = i % n.columns;
  let row = u32(ids[token] - n.first);
  if (row >= n.count || links[token] < -1) { return; }
  var sum = ${element}();
  var at = i32(token);
  while (at >= 0) {
    sum += dy[u32(at) * n.columns + column];
    at = links[at];
    if (at < -1) { at = -3 - at; }
  }
  dw[row * n.columns + column] = sum;`,
            }),
          [dy, ids, links, part],
          [size, columns, first, count],
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

    appendKv(cache, rows, position) {
      const [, length, width] = cache.shape as [number, number, number];
      assert(position >= 0 && position < length, `position ${position} lies in a cache of ${length}`);
      assert(
        rows.size / width <= cache.shape[0]!,
        `${rows.size / width} rows fit a cache of ${cache.shape[0]}`,
      );
      const element = elementFor(width);
      const columns = width / lanesOf(element);
      const size = rows.size / lanesOf(element);
      gpu.run(
        `appendKv ${element}`,
        () =>
          elementwise({
            reads: { added: element },
            writes: { cache: element },
            hasTurns: true,
            numbers: { columns: 'u32', length: 'u32', position: 'u32' },
            main: `  cache[(i / n.columns * n.length + n.position + turn) * n.columns + i % n.columns] = added[i];`,
          }),
        [rows, cache],
        [size, columns, length, position],
        elementBlocks(size),
      );
    },

    /** Each invocation moves one column's values from top to bottom, so no value is overwritten before it moved. */
    compactRows(x, keep) {
      const width = x.size / x.shape[0]!;
      const element = elementFor(width);
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
            writes: { x: element },
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
