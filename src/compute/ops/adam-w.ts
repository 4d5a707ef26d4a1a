/**
 * One AdamW update of all parameters, in place (Loshchilov & Hutter 2019), as PyTorch computes it, with the gradient
 * clipped by its global norm. The norm stays on the backend, so that nothing waits for it. When to update is
 * `train/optimizer.ts`.
 *
 * g ← g·min(1, maxNorm / (‖g‖ + 1e-6)), and nothing at all where ‖g‖ is not finite;
 * m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)g²;
 * p ← p − lr·λ·p − lr·(m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε).
 */
import * as tf from '@tensorflow/tfjs';
import { fastKernels } from '../kernels.ts';
import type { AdamWSettings, Kernels, Moments } from '../operations.ts';

/** Moments of so many parameters begin on multiples of this: what a kernel can bind at. */
const alignment = 64;

/** Zeros. Whoever creates disposes of both. */
export function createMoments(parameters: readonly tf.Tensor[]): Moments {
  const starts: number[] = [];
  let total = 0;
  for (const { size } of parameters) {
    starts.push(total);
    total += Math.ceil(size / alignment) * alignment;
  }
  const zeros = () => tf.tidy(() => tf.variable(tf.zeros([total]), false));
  return { first: zeros(), second: zeros(), starts };
}

export const stock = {
  adamW(
    parameters: readonly tf.Tensor[],
    gradients: readonly tf.Tensor[],
    { first, second, starts }: Moments,
    norm: tf.Tensor,
    settings: AdamWSettings,
  ): void {
    const { learningRate, beta1, beta2, epsilon, weightDecay, step, maxNorm } = settings;
    tf.tidy(() => {
      const isUsable = tf.isFinite(norm);
      const clip = tf.minimum(1, tf.div(Math.min(maxNorm, 3e38), tf.add(norm, 1e-6)));
      const changed = { first: [] as tf.Tensor[], second: [] as tf.Tensor[] };
      parameters.forEach((parameter, index) => {
        const { shape, size } = parameter;
        const padding = (starts[index + 1] ?? first.size) - starts[index]! - size;
        const [m, v] = [first, second].map((all) => tf.reshape(tf.slice(all, starts[index]!, size), shape));
        const g = tf.mul(gradients[index]!, clip);
        const nextM = tf.add(tf.mul(m!, beta1), tf.mul(g, 1 - beta1));
        const nextV = tf.add(tf.mul(v!, beta2), tf.mul(tf.square(g), 1 - beta2));
        const rate = learningRate / (1 - beta1 ** step);
        const spread = tf.add(tf.div(tf.sqrt(nextV), Math.sqrt(1 - beta2 ** step)), epsilon);
        const decayed = tf.mul(parameter, 1 - learningRate * weightDecay);
        const next = tf.sub(decayed, tf.mul(tf.div(nextM, spread), rate));
        (parameter as tf.Variable).assign(tf.where(isUsable, next, parameter));
        const padded = (x: tf.Tensor) => tf.pad(tf.reshape(x, [size]), [[0, padding]]);
        changed.first.push(padded(nextM));
        changed.second.push(padded(nextV));
      });
      (first as tf.Variable).assign(tf.where(isUsable, tf.concat(changed.first), first));
      (second as tf.Variable).assign(tf.where(isUsable, tf.concat(changed.second), second));
    });
  },
} satisfies Pick<Kernels, 'adamW'>;

/** Changes parameters and moments; reads the gradients, which are in the order of the parameters. */
export function adamW(
  parameters: readonly tf.Variable[],
  gradients: readonly tf.Tensor[],
  moments: Moments,
  norm: tf.Scalar,
  settings: AdamWSettings,
): void {
  (fastKernels() ?? stock).adamW(parameters, gradients, moments, norm, settings);
}
