/**
 * Attention of one new token a row to its prompt's keys and values, stored once a prompt, and to its own, which grow by
 * one a step; with the updates of those caches. No gradient. The caches are owned by `rollout/cache.ts`.
 */
import * as tf from '@tensorflow/tfjs';
import { fastKernels } from '../kernels.ts';
import { multiply } from '../multiply.ts';
import type { AttentionShape, DecodeAttentionInputs, Kernels } from '../operations.ts';

const hidden = -1e30;

export const stock = {
  decodeAttention(
    inputs: DecodeAttentionInputs,
    { heads, kvHeads, headWidth, scale }: AttentionShape,
  ): tf.Tensor {
    return tf.tidy(() => {
      const { q, prefixK, prefixV, prefixLengths, suffixK, suffixV, suffixLength, pivotOfRow } = inputs;
      const rows = q.shape[0]!;
      const prefixLength = prefixK.shape[1]!;
      const suffixCapacity = suffixK.shape[1]!;
      const length = prefixLength + suffixCapacity;
      const pivots = pivotOfRow as tf.Tensor1D;
      const all = (prefix: tf.Tensor, suffix: tf.Tensor) => {
        const own = tf.slice(suffix, [0, 0, 0], [rows, suffixCapacity, kvHeads * headWidth]);
        const joined = tf.concat([tf.gather(prefix, pivots), own], 1);
        const split = tf.transpose(tf.reshape(joined, [rows, length, kvHeads, headWidth]), [0, 2, 1, 3]);
        return tf.reshape(split, [rows * kvHeads, length, headWidth]);
      };
      const at = tf.reshape(tf.range(0, length, 1, 'int32'), [1, length]);
      const lengths = tf.reshape(tf.gather(prefixLengths, pivots), [rows, 1]);
      const inPrefix = tf.less(at, lengths);
      const inSuffix = tf.logicalAnd(
        tf.greaterEqual(at, tf.scalar(prefixLength, 'int32')),
        tf.less(at, tf.scalar(prefixLength + suffixLength, 'int32')),
      );
      const shape = [rows, length];
      const bias = tf.where(tf.logicalOr(inPrefix, inSuffix), tf.zeros(shape), tf.fill(shape, hidden));
      const grouped = tf.reshape(q, [rows * kvHeads, heads / kvHeads, headWidth]);
      const scores = tf.reshape(multiply(grouped, all(prefixK, suffixK), false, true), [rows, heads, length]);
      const share = tf.softmax(tf.add(tf.mul(scores, scale), tf.reshape(bias, [rows, 1, length])));
      const stacked = tf.reshape(share, [rows * kvHeads, heads / kvHeads, length]);
      return tf.reshape(multiply(stacked, all(prefixV, suffixV)), [rows, heads * headWidth]);
    });
  },
  /** `cache` must be a variable; stock operations cannot write in place. */
  appendKv(cache: tf.Tensor, rows: tf.Tensor, position: number): void {
    const [count, capacity, width] = cache.shape as [number, number, number];
    const next = tf.tidy(() => {
      const here = tf
        .reshape(tf.oneHot(tf.tensor1d([position], 'int32'), capacity), [1, capacity, 1])
        .toFloat();
      const added = tf.mul(tf.reshape(rows, [count, 1, width]), here);
      return tf.add(tf.mul(cache, tf.sub(1, here)), added);
    });
    (cache as tf.Variable).assign(next);
    next.dispose();
  },
  stackRows(parts: readonly tf.Tensor[], rows: number, capacity: number): tf.Tensor {
    return tf.tidy(() => {
      let left = rows;
      const padded = parts.map((part) => {
        const [count, length] = part.shape as [number, number];
        const own = count > left ? tf.slice(part, 0, left) : part;
        left -= own.shape[0]!;
        const room: [number, number] = [0, capacity - length];
        return length < capacity ? tf.pad(own, [[0, 0], room, [0, 0]]) : own;
      });
      return padded.length > 1 ? tf.concat(padded, 0) : tf.clone(padded[0]!);
    });
  },
} satisfies Pick<Kernels, 'decodeAttention' | 'appendKv' | 'stackRows'>;

/** @returns [R, H·D] */
export function decodeAttention(inputs: DecodeAttentionInputs, shape: AttentionShape): tf.Tensor2D {
  return (fastKernels() ?? stock).decodeAttention(inputs, shape) as tf.Tensor2D;
}

/**
 * Keys or values as a cache may keep them in half the memory, where the backend's kernels read that: [.., W] → int32
 * [.., W/2]. Null where they do not.
 */
export function halved(headWidth: number): ((x: tf.Tensor) => tf.Tensor) | null {
  const kernels = fastKernels();
  return kernels?.halves && headWidth % 4 === 0 ? (x) => kernels.halves!(x) : null;
}

/** cache[r, position] = rows[r]. @param cache [R, Ts, W]; @param rows [R, W] */
export function appendKv(cache: tf.Variable, rows: tf.Tensor2D, position: number): void {
  (fastKernels() ?? stock).appendKv(cache, rows, position);
}

/** Rows of several caches, or of one, with room for more tokens, as `Kernels.stackRows` says. */
export function stackRows(parts: readonly tf.Tensor[], rows: number, capacity: number): tf.Tensor {
  return (fastKernels()?.stackRows ?? stock.stackRows)(parts, rows, capacity);
}

/**
 * The cache with only the rows of `keep` (ascending) left, in that order; possibly the same variable, whose rows beyond
 * those are then meaningless.
 */
export function keepRows(cache: tf.Variable, keep: Int32Array): tf.Variable {
  const kernels = fastKernels();
  if (kernels) {
    kernels.compactRows(cache, keep);
    return cache;
  }
  const kept = tf.tidy(() => tf.gather(cache, tf.tensor1d(keep, 'int32')));
  cache.dispose();
  const result = tf.variable(kept, false);
  kept.dispose();
  return result;
}
