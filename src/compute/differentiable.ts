/**
 * One differentiable operation on TensorFlow.js's tape: forward, what to keep, explicit gradient. The operations
 * themselves are in `ops/`.
 *
 * Stock automatic differentiation keeps every intermediate and launches several kernels where one is enough, and some
 * of its gradients are wrong or missing on some backends, so each hot operation states its gradient itself.
 */
import * as tf from '@tensorflow/tfjs';
import type { Weight } from './packed.ts';

export interface Differentiated {
  value: tf.Tensor;
  /**
   * From the gradient of the value to the gradients of `inputs`, in order: new tensors or aliases, never `dy` itself.
   * `kept` is what was passed to `keep`.
   */
  gradient: (dy: tf.Tensor, kept: tf.Tensor[]) => tf.Tensor[];
}

export interface DifferentiatedMany {
  values: tf.Tensor[];
  /** The same, from the gradients of all values; zeros where nothing depends on one. */
  gradient: (dys: tf.Tensor[], kept: tf.Tensor[]) => tf.Tensor[];
}

/** Kept tensors whose gradient has not run, or never will because no parameter lies behind it. */
const waiting = new Set<tf.Tensor>();

/**
 * Runs `forward` as one node of the tape, inside `lossAndGradients`.
 * @param inputs the tensors that want a gradient; anything else may be closed over if its owner keeps it alive until
 *   the gradient has run (weights, ids), and must go through `keep` otherwise
 */
export function differentiable(
  inputs: tf.Tensor[],
  forward: (keep: (...tensors: tf.Tensor[]) => void) => Differentiated,
): tf.Tensor {
  const [value] = differentiableMany(inputs, (keep) => {
    const { value, gradient } = forward(keep);
    return { values: [value], gradient: ([dy], kept) => gradient(dy!, kept) };
  });
  return value!;
}

/** The same for an operation with several values, which `tf.customGrad` does not offer. */
export function differentiableMany(
  inputs: tf.Tensor[],
  forward: (keep: (...tensors: tf.Tensor[]) => void) => DifferentiatedMany,
): tf.Tensor[] {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  const isRecorded = gradientDepth > 0 && kernelDepth === 0;
  const kept: tf.Tensor[] = [];
  // Not the tape's own saving: that clones, and clones are copies on WASM.
  const keep = (...tensors: tf.Tensor[]) => {
    if (!isRecorded) return;
    for (const tensor of tensors) kept.push(tf.keep(alias(tensor)));
    for (const tensor of kept) waiting.add(tensor);
  };
  let backward: DifferentiatedMany['gradient'];
  const engine = tf.engine() as unknown as { runKernelFunc(node: object): tf.Tensor[] };
  return engine.runKernelFunc({
    inputs: Object.fromEntries(inputs.entries()),
    forwardFunc: () => {
      const { values, gradient } = forward(keep);
      backward = gradient;
      return values;
    },
    // One value's gradient comes alone, those of several in a list.
    backwardsFunc: (dy: tf.Tensor | tf.Tensor[]) => {
      const dys = [dy].flat();
      const gradients = tf.tidy(() => backward(dys, kept));
      // The tape would hold all of these until the whole backward pass is over.
      tf.dispose([...dys, ...kept]);
      for (const tensor of kept) waiting.delete(tensor);
      return Object.fromEntries(gradients.map((gradient, i) => [i, () => gradient]));
    },
  });
}

/** Gives back what was kept for gradients that did not run. */
export function releaseKept(): void {
  tf.dispose([...waiting]);
  waiting.clear();
}

/** Another tensor over the same values. `tf.clone` copies them on WASM. */
export function alias<T extends tf.Tensor>(tensor: T): T {
  return tf.reshape(tensor, tensor.shape) as T;
}

/** A weight is trained when it is a trainable variable; frozen weights are plain tensors or packed and get no gradient. */
export function isTrained(weight: Weight): weight is tf.Variable {
  return weight instanceof tf.Variable && weight.trainable;
}
