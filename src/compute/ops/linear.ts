/**
 * Linear layers with weights as Hugging Face stores them, [out, in]: y = x·Wᵀ + b, with or without a LoRA adapter
 * (Hu et al. 2021): y = x·Wᵀ + b + s·(x·Aᵀ)·Bᵀ. A frozen W may be packed; all sums are f32.
 *
 * Gradients: dx = dy·W;  dW = dyᵀ·x and db = Σ dy only where trained. With an adapter, h = x·Aᵀ and dh = s·dy·B:
 * dB = s·dyᵀ·h, dA = dhᵀ·x, dx = dy·W + dh·A. A frozen base never gets a dW.
 */
import * as tf from '@tensorflow/tfjs';
import { differentiable, isTrained } from '../differentiable.ts';
import { fastKernels } from '../kernels.ts';
import { multiply } from '../multiply.ts';
import type { Kernels } from '../operations.ts';
import { dense, type Weight } from '../packed.ts';

export const stock = {
  linear(x: tf.Tensor, weight: Weight, bias: tf.Tensor | null): tf.Tensor {
    return tf.tidy(() => {
      const y = multiply(x, dense(weight), false, true);
      return bias ? tf.add(y, bias) : y;
    });
  },
  linearBackwardX(dy: tf.Tensor, weight: Weight): tf.Tensor {
    return tf.tidy(() => multiply(dy, dense(weight)));
  },
  linearBackwardW(dy: tf.Tensor, x: tf.Tensor): tf.Tensor {
    return multiply(dy, x, true, false);
  },
  sumRows(dy: tf.Tensor): tf.Tensor {
    return tf.sum(dy, 0);
  },
} satisfies Pick<Kernels, 'linear' | 'linearBackwardX' | 'linearBackwardW' | 'sumRows'>;

export interface LowRank {
  a: tf.Tensor2D; // [R, I]
  b: tf.Tensor2D; // [O, R]
  scale: number;
}

/**
 * @param x [N, I]
 * @param weight [O, I]
 * @param bias [O]
 * @returns [N, O]
 */
export function linear(
  x: tf.Tensor2D,
  weight: Weight,
  bias: tf.Tensor1D | null = null,
  adapter: LowRank | null = null,
): tf.Tensor2D {
  if (adapter) return linearWithAdapter(x, weight, bias, adapter);
  const kernels = fastKernels() ?? stock;
  const weightTrained = isTrained(weight);
  const biasTrained = bias !== null && isTrained(bias);
  const inputs: tf.Tensor[] = [x];
  if (weightTrained) inputs.push(weight);
  if (biasTrained) inputs.push(bias);
  return differentiable(inputs, (keep) => {
    if (weightTrained) keep(x);
    return {
      value: kernels.linear(x, weight, bias),
      gradient: (dy, [x]) => {
        const gradients: tf.Tensor[] = [kernels.linearBackwardX(dy, weight)];
        if (weightTrained) gradients.push(kernels.linearBackwardW(dy, x!));
        if (biasTrained) gradients.push(kernels.sumRows(dy));
        return gradients;
      },
    };
  }) as tf.Tensor2D;
}

function linearWithAdapter(
  x: tf.Tensor2D,
  weight: Weight,
  bias: tf.Tensor1D | null,
  { a, b, scale }: LowRank,
): tf.Tensor2D {
  const kernels = fastKernels() ?? stock;
  return differentiable([x, a, b], (keep) => {
    const h = kernels.linear(x, a, null); // [N, R]
    const update = kernels.linear(tf.mul(h, scale), b, null); // [N, O]
    keep(x, h);
    return {
      value: tf.add(kernels.linear(x, weight, bias), update),
      gradient: (dy, kept) => {
        const [x, h] = kept as [tf.Tensor, tf.Tensor];
        const dh = tf.mul(kernels.linearBackwardX(dy, b), scale);
        const dx = tf.add(kernels.linearBackwardX(dy, weight), kernels.linearBackwardX(dh, a));
        const db = tf.mul(kernels.linearBackwardW(dy, h), scale);
        return [dx, kernels.linearBackwardW(dh, x), db];
      },
    };
  }) as tf.Tensor2D;
}
