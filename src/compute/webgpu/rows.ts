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
