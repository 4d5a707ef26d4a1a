/** The Euclidean norm of many tensors taken as one vector, for clipping gradients. No gradient of its own. */
import * as tf from '@tensorflow/tfjs';
import { fastKernels } from '../kernels.ts';
import type { Kernels } from '../operations.ts';

export const stock = {
  globalNorm(tensors: readonly tf.Tensor[]): tf.Tensor {
    // Not addN, which binds all its inputs at once on WebGPU.
    return tf.tidy(() =>
      tf.sqrt(tf.sum(tf.concat(tensors.map((x) => tf.reshape(tf.sum(tf.square(x)), [1]))))),
    );
  },
} satisfies Pick<Kernels, 'globalNorm'>;

/** √Σx² over all tensors, as a scalar. */
export function globalNorm(tensors: readonly tf.Tensor[]): tf.Scalar {
  return (fastKernels() ?? stock).globalNorm(tensors) as tf.Scalar;
}
