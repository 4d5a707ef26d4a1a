/**
 * Linear layers with weights as Hugging Face stores them, [out, in]: y = x·Wᵀ + b, with or without a LoRA adapter
 * (Hu et al. 2021): y = x·Wᵀ + b + s·(x·Aᵀ)·Bᵀ. A frozen W may be packed; all sums are f32.
 *
 * Gradients: dx = dy·W;  dW = dyᵀ·x and db = Σ dy only where trained. With an adapter, h = x·Aᵀ and dh = s·dy·B:
 * dB = s·dyᵀ·h, dA = dhᵀ·x, dx = dy·W + dh·A. A frozen base never gets a dW.
 */
import * as tf from '@tensorflow/tfjs';
import { differentiableMany, isTrained } from '../differentiable.ts';
import { fastKernels } from '../kernels.ts';
import { multiply } from '../multiply.ts';
import type { Kernels } from '../operations.ts';
import { dense, type Weight } from '../packed.ts';

export const stock = {
  linear(x: tf.Tensor, weight: Weight, bias: tf.Tensor | null, addend: tf.Tensor | null = null): tf.Tensor {
    return tf.tidy(() => {
      const y = multiply(x, dense(weight), false, true);
      const biased = bias ? tf.add(y, bias) : y;
      return addend ? tf.add(biased, addend) : biased;
    });
  },
  linearBackwardX(dy: tf.Tensor, weight: Weight, addend: tf.Tensor | null = null): tf.Tensor {
    return tf.tidy(() => {
      const dx = multiply(dy, dense(weight));
      return addend ? tf.add(dx, addend) : dx;
    });
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

export interface Layer {
  weight: Weight; // [O, I]
  bias: tf.Tensor1D | null; // [O]
  adapter: LowRank | null;
}

/** One layer. @param x [N, I]; @returns [N, O] */
export function linear(
  x: tf.Tensor2D,
  weight: Weight,
  bias: tf.Tensor1D | null = null,
  adapter: LowRank | null = null,
): tf.Tensor2D {
  return linears(x, [{ weight, bias, adapter }])[0]!;
}

/**
 * Several layers of one input, whose gradients towards it are summed as they are computed.
 * @param x [N, I]
 * @returns [N, O] of each layer
 */
export function linears(x: tf.Tensor2D, layers: readonly Layer[]): tf.Tensor2D[] {
  const kernels = fastKernels() ?? stock;
  const trained = layers.map(trainedOf);
  return differentiableMany([x, ...trained.flat()], (keep) => {
    const hidden: (tf.Tensor | null)[] = [];
    const values = layers.map(({ weight, bias, adapter }) => {
      const y = kernels.linear(x, weight, bias);
      if (!adapter) return y;
      const h = tf.mul(kernels.linear(x, adapter.a, null), adapter.scale); // [N, R]
      hidden.push(h);
      return kernels.linear(h, adapter.b, null, y);
    });
    const wantsX = trained.some((own) => own.length > 0);
    if (wantsX) keep(x, ...hidden.map((h) => h!));
    return {
      values,
      gradient: (dys, kept) => {
        const [x, ...hidden] = kept;
        let dx: tf.Tensor | null = null;
        const own = layers.flatMap(({ weight, bias, adapter }, index) => {
          const dy = dys[index]!;
          dx = kernels.linearBackwardX(dy, weight, dx);
          if (!adapter) {
            return [
              ...(isTrained(weight) ? [kernels.linearBackwardW(dy, x!)] : []),
              ...(bias && isTrained(bias) ? [kernels.sumRows(dy)] : []),
            ];
          }
          const dh = tf.mul(kernels.linearBackwardX(dy, adapter.b), adapter.scale);
          dx = kernels.linearBackwardX(dh, adapter.a, dx);
          return [kernels.linearBackwardW(dh, x!), kernels.linearBackwardW(dy, hidden.shift()!)];
        });
        return [dx!, ...own];
      },
    };
  }) as tf.Tensor2D[];
}

/** What of a layer gets a gradient; with an adapter, only that. */
function trainedOf({ weight, bias, adapter }: Layer): tf.Tensor[] {
  if (adapter) return [adapter.a, adapter.b];
  return [weight, ...(bias ? [bias] : [])].filter(isTrained);
}
