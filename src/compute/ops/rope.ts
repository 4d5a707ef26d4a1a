/**
 * Rotary position embedding (Su et al. 2021) in Hugging Face's half-split layout: with x = [a | b] per head,
 * y = [a·cos − b·sin | b·cos + a·sin]. The tables, with whatever scaling a model uses, are made by `model/rotary.ts`.
 *
 * Gradient: the rotation backwards (sin → −sin).
 */
import * as tf from '@tensorflow/tfjs';
import { differentiableMany } from '../differentiable.ts';
import { fastKernels } from '../kernels.ts';
import type { Kernels } from '../operations.ts';

export interface RotaryTables {
  cos: tf.Tensor2D; // [positions, D/2]
  sin: tf.Tensor2D; // [positions, D/2]
}

export const stock = {
  rope(
    xs: readonly tf.Tensor[],
    positions: tf.Tensor,
    cos: tf.Tensor,
    sin: tf.Tensor,
    headWidth: number,
    inverse: boolean,
  ): tf.Tensor[] {
    return tf.tidy(() => {
      const half = headWidth / 2;
      const c = tf.reshape(tf.gather(cos, positions as tf.Tensor1D), [-1, 1, half]);
      const forwards = tf.reshape(tf.gather(sin, positions as tf.Tensor1D), [-1, 1, half]);
      const s = inverse ? tf.neg(forwards) : forwards;
      return xs.map((x) => {
        const [a, b] = tf.split(tf.reshape(x, [x.shape[0]!, -1, headWidth]), 2, 2) as [tf.Tensor, tf.Tensor];
        const rotated = [tf.sub(tf.mul(a, c), tf.mul(b, s)), tf.add(tf.mul(b, c), tf.mul(a, s))];
        return tf.reshape(tf.concat(rotated, 2), x.shape);
      });
    });
  },
} satisfies Pick<Kernels, 'rope'>;

/**
 * @param xs one or two, each [N, heads·D]: queries and keys, whose numbers of heads may differ
 * @param positions [N] int32, within the tables; the caller keeps them until the gradient has run
 * @returns like xs
 */
export function rope(
  xs: tf.Tensor2D[],
  positions: tf.Tensor1D,
  { cos, sin }: RotaryTables,
  headWidth: number,
): tf.Tensor2D[] {
  const kernels = fastKernels() ?? stock;
  return differentiableMany(xs, () => ({
    values: kernels.rope(xs, positions, cos, sin, headWidth, false),
    gradient: (dys) => kernels.rope(dys, positions, cos, sin, headWidth, true),
  })) as tf.Tensor2D[];
}
