/**
 * Rows of a table by index: y[n] = table[ids[n]]. The table is a vocabulary's embedding or a batch of hidden states
 * from which some tokens are picked.
 *
 * Gradient: dTable[i] = Σ of dy[n] over all n with ids[n] = i. Stock `gather` has no gradient on WASM.
 */
import * as tf from '@tensorflow/tfjs';
import { differentiable, isTrained } from '../differentiable.ts';
import { fastKernels } from '../kernels.ts';
import type { Kernels } from '../operations.ts';
import { dense, type Weight } from '../packed.ts';

export const stock = {
  embedding(table: Weight, ids: tf.Tensor): tf.Tensor {
    return tf.tidy(() => tf.gather(dense(table), ids as tf.Tensor1D));
  },
  embeddingBackward(dy: tf.Tensor, ids: tf.Tensor, vocabulary: number): tf.Tensor {
    return tf.tidy(() => tf.scatterND(tf.reshape(ids, [-1, 1]), dy, [vocabulary, dy.shape[1]!]));
  },
} satisfies Pick<Kernels, 'embedding' | 'embeddingBackward'>;

/**
 * @param weight [V, C]
 * @param ids [N] int32, each in [0, V); the caller keeps them until the gradient has run
 * @returns [N, C]
 */
export function embedding(weight: Weight, ids: tf.Tensor1D): tf.Tensor2D {
  if (isTrained(weight)) return pickRows(weight as tf.Variable<tf.Rank.R2>, ids);
  return (fastKernels() ?? stock).embedding(weight, ids) as tf.Tensor2D;
}

/** The same with a gradient for any table, trained weight or not. */
export function pickRows(table: tf.Tensor2D, ids: tf.Tensor1D): tf.Tensor2D {
  const kernels = fastKernels() ?? stock;
  return differentiable([table], () => ({
    value: kernels.embedding(table, ids),
    gradient: (dy) => [kernels.embeddingBackward(dy, ids, table.shape[0])],
  })) as tf.Tensor2D;
}
