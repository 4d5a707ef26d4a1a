/**
 * Attention of packed batches and its gradient, in two passes without atomics: first the queries', then the keys' and
 * values'. The kernels are in `attention-tiled.ts` and `attention-registers.ts`; decoding is in `decode.ts`.
 */
import type { Tensor } from '@tensorflow/tfjs';
import { assert } from '../../base/errors.ts';
import type { AttentionShape, Kernels } from '../operations.ts';
import * as inRegisters from './attention-registers.ts';
import * as inTiles from './attention-tiled.ts';
import type { Gpu } from './gpu.ts';
import { elementFor } from './wgsl.ts';

type Attention = Pick<Kernels, 'attention' | 'attentionBackward'>;

export function attention(gpu: Gpu): Attention {
  const passes = gpu.family === 'tiled' ? inTiles : inRegisters;

  function sizes(q: Tensor, k: Tensor, segments: Tensor, shape: AttentionShape) {
    const { heads, kvHeads, headWidth, scale } = shape;
    const [rows, length] = segments.shape as [number, number];
    assert(heads % kvHeads === 0, `${heads} heads divide among ${kvHeads} kv heads`);
    assert(q.size === rows * length * heads * headWidth, `q is [${rows}·${length}, ${heads}·${headWidth}]`);
    assert(
      k.size === rows * length * kvHeads * headWidth,
      `k is [${rows}·${length}, ${kvHeads}·${headWidth}]`,
    );
    const blocks = (heads: number) =>
      gpu.family === 'tiled'
        ? inTiles.tiledBlocks(length, rows * heads)
        : inRegisters.registerBlocks(length, rows * heads, headWidth);
    const variant = { headWidth, element: elementFor(headWidth) };
    return { rows, length, variant, numbers: [rows, length, heads, kvHeads, headWidth, scale], blocks };
  }

  return {
    attention(q, k, v, segments, shape) {
      const { rows, length, variant, numbers, blocks } = sizes(q, k, segments, shape);
      const out = gpu.empty(q.shape);
      // With room for Σ dOut∘out beside: the backward passes may have no more than eight buffers.
      const logSumExp = gpu.empty([rows * length, shape.heads, 2]);
      const key = `attention ${shape.headWidth}`;
      const buffers = [q, k, v, segments, out, logSumExp];
      gpu.run(key, () => passes.forward(variant), buffers, numbers, blocks(shape.heads));
      return { out, logSumExp };
    },

    attentionBackward(dOut, q, k, v, out, logSumExp, segments, shape) {
      const { variant, numbers, blocks } = sizes(q, k, segments, shape);
      const [dq, dk, dv] = [q, k, v].map((x) => gpu.empty(x.shape)) as [Tensor, Tensor, Tensor];
      const queries = `attentionQueries ${shape.headWidth}`;
      const seenByQueries = [dOut, q, k, v, out, segments, dq, logSumExp];
      gpu.run(queries, () => passes.backwardQueries(variant), seenByQueries, numbers, blocks(shape.heads));
      const keys = `attentionKeys ${shape.headWidth}`;
      const seenByKeys = [dOut, q, k, v, logSumExp, segments, dk, dv];
      gpu.run(keys, () => passes.backwardKeys(variant), seenByKeys, numbers, blocks(shape.kvHeads));
      return { dq, dk, dv };
    },
  };
}
