/**
 * What was sampled, written where the next step and the next readback find it, so that tokens are fed on without a
 * readback between them. No gradient. What is sampled is `sample-tokens.ts`.
 */
import * as tf from '@tensorflow/tfjs';
import { fastKernels } from '../kernels.ts';
import type { Kernels, TokenFile } from '../operations.ts';

export const stock = {
  /** The file's tensors must be variables; stock operations cannot write in place. */
  fileTokens(sampled: { ids: tf.Tensor; logProbs: tf.Tensor }, file: TokenFile, step: number): void {
    const [kept, rows] = file.ids.shape as [number, number];
    const at = step % kept;
    const replaced = (all: tf.Tensor, row: tf.Tensor) =>
      tf.tidy(() => {
        const before = tf.slice(all, [0, 0], [at, rows]);
        const after = tf.slice(all, [at + 1, 0], [kept - at - 1, rows]);
        (all as tf.Variable).assign(tf.concat([before, tf.reshape(row, [1, rows]), after]));
      });
    tf.tidy(() => (file.latest as tf.Variable).assign(tf.clone(sampled.ids)));
    replaced(file.ids, sampled.ids);
    replaced(file.logProbs, sampled.logProbs);
  },
} satisfies Pick<Kernels, 'fileTokens'>;

/** latest = ids [R]; row `step` mod K of ids and logProbs [K, R] becomes what was sampled. */
export function fileTokens(
  sampled: { ids: tf.Tensor1D; logProbs: tf.Tensor1D },
  file: TokenFile,
  step: number,
): void {
  (fastKernels() ?? stock).fileTokens(sampled, file, step);
}
