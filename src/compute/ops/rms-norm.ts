/**
 * Root-mean-square normalisation: y = x · r · w with r = 1/√(mean(x²) + ε) over the last axis (Zhang & Sennrich 2019).
 *
 * Gradient: dx = r·(dy·w) − x · r³/C · Σ(dy·w·x);  dw = Σ over tokens of dy·x·r.
 */
import * as tf from '@tensorflow/tfjs';
import { alias, differentiable, differentiableMany, isTrained } from '../differentiable.ts';
import { fastKernels } from '../kernels.ts';
import type { Kernels } from '../operations.ts';

function norm(x: tf.Tensor, weight: tf.Tensor, epsilon: number) {
  return tf.tidy(() => {
    const inverseRms = tf.rsqrt(tf.add(tf.mean(tf.square(x), 1, true), epsilon)); // [N, 1]
    return { y: tf.mul(tf.mul(x, inverseRms), weight), inverseRms: tf.reshape(inverseRms, [-1]) };
  }) as { y: tf.Tensor; inverseRms: tf.Tensor };
}

export const stock = {
  rmsNorm: norm,
  addAndNorm(x: tf.Tensor, branch: tf.Tensor, scale: number, weight: tf.Tensor, epsilon: number) {
    const sum = tf.tidy(() => tf.add(x, scale === 1 ? branch : tf.mul(branch, scale)));
    return { sum, ...norm(sum, weight, epsilon) };
  },
  rmsNormBackward(
    dy: tf.Tensor,
    x: tf.Tensor,
    weight: tf.Tensor,
    inverseRms: tf.Tensor,
    addend: tf.Tensor | null = null,
  ) {
    return tf.tidy(() => {
      const r = tf.reshape(inverseRms, [-1, 1]); // [N, 1]
      const unit = tf.mul(x, r);
      const weighted = tf.mul(dy, weight);
      const projection = tf.mean(tf.mul(weighted, unit), 1, true);
      const dx = tf.mul(r, tf.sub(weighted, tf.mul(unit, projection)));
      return { dx: addend ? tf.add(dx, addend) : dx, dw: tf.sum(tf.mul(dy, unit), 0) };
    }) as { dx: tf.Tensor; dw: tf.Tensor };
  },
} satisfies Pick<Kernels, 'rmsNorm' | 'addAndNorm' | 'rmsNormBackward'>;

/**
 * The residual stream and its norm: stream = x + scale·branch, or x where there is no branch. One operation, so that the
 * gradient of the norm and that of the stream are added up in one pass.
 * @param x [N, C]; @param branch [N, C]; @param weight [C]
 * @returns each [N, C]
 */
export function streamAndNorm(
  x: tf.Tensor2D,
  branch: tf.Tensor2D | null,
  scale: number,
  weight: tf.Tensor1D,
  epsilon: number,
): { stream: tf.Tensor2D; normed: tf.Tensor2D } {
  const [stream, normed] = normOfSum(x, branch, scale, weight, epsilon, true);
  return { stream: stream!, normed: normed! };
}

/** The same at the end of the stream, which nobody reads any more. */
export function lastNorm(
  x: tf.Tensor2D,
  branch: tf.Tensor2D | null,
  scale: number,
  weight: tf.Tensor1D,
  epsilon: number,
): tf.Tensor2D {
  return normOfSum(x, branch, scale, weight, epsilon, false)[0]!;
}

/** [sum, norm], or the norm alone. */
function normOfSum(
  x: tf.Tensor2D,
  branch: tf.Tensor2D | null,
  scale: number,
  weight: tf.Tensor1D,
  epsilon: number,
  wantsSum: boolean,
): tf.Tensor2D[] {
  const kernels = fastKernels() ?? stock;
  const trained = isTrained(weight);
  const inputs: tf.Tensor[] = [x, ...(branch ? [branch] : []), ...(trained ? [weight] : [])];
  return differentiableMany(inputs, (keep) => {
    const { sum, y, inverseRms } = branch
      ? kernels.addAndNorm(x, branch, scale, weight, epsilon)
      : { sum: alias(x), ...kernels.rmsNorm(x, weight, epsilon) };
    keep(sum, inverseRms);
    return {
      values: wantsSum ? [sum, y] : [y],
      gradient: (dys, kept) => {
        const [dy, dSum = null] = [...dys].reverse();
        const [sum, inverseRms] = kept as [tf.Tensor, tf.Tensor];
        const { dx, dw } = kernels.rmsNormBackward(dy!, sum, weight, inverseRms, dSum);
        const dBranch = branch && (scale === 1 ? alias(dx) : tf.mul(dx, scale));
        return [dx, ...(dBranch ? [dBranch] : []), ...(trained ? [dw] : [])];
      },
    };
  }) as tf.Tensor2D[];
}

/**
 * @param x [N, C], or [N, H·C] of which each run of C values is normalised by itself (query and key norm)
 * @param weight [C]
 * @returns like x
 */
export function rmsNorm(x: tf.Tensor2D, weight: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  const kernels = fastKernels() ?? stock;
  const trained = isTrained(weight);
  const [shape, width] = [x.shape, weight.size];
  // Here and not outside: on the tape, a reshape would keep a copy of x.
  const runs = (tensor: tf.Tensor) => (shape[1] === width ? tensor : tf.reshape(tensor, [-1, width]));
  return differentiable(trained ? [x, weight] : [x], (keep) => {
    const { y, inverseRms } = kernels.rmsNorm(runs(x), weight, epsilon);
    keep(x, inverseRms);
    return {
      value: tf.reshape(y, shape),
      gradient: (dy, [x, inverseRms]) => {
        const { dx, dw } = kernels.rmsNormBackward(runs(dy), runs(x!), weight, inverseRms!);
        return trained ? [tf.reshape(dx, shape), dw] : [tf.reshape(dx, shape)];
      },
    };
  }) as tf.Tensor2D;
}
