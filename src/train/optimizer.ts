/**
 * AdamW over named parameters with clipping by global norm. The arithmetic of one update is `compute/ops/adam-w.ts`;
 * the learning rate of a step is `schedule.ts`.
 */
import * as tf from '@tensorflow/tfjs';
import { AppError, assert } from '../base/errors.ts';
import type { Gradients } from '../compute/gradients.ts';
import { adamW, createMoments } from '../compute/ops/adam-w.ts';
import { globalNorm } from '../compute/ops/global-norm.ts';
import { readValues } from '../compute/transfer.ts';

export interface AdamWOptions {
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  /** Decoupled, on every parameter given. */
  weightDecay?: number;
}

export interface OptimizerState {
  first: Map<string, Float32Array>;
  second: Map<string, Float32Array>;
  updates: number;
}

export interface AdamW {
  /** Updates made so far. */
  readonly updates: number;
  /**
   * One update of the parameters in place, which is under way when this returns. The gradients stay the caller's, who
   * may dispose of them at once.
   * @param maxNorm gradients of a larger global norm are scaled down to it; Infinity = never
   * @returns the norm before clipping, which travels with whatever else is read in the same turn (`transfer.ts`)
   * @throws AppError `gradient-not-finite`, leaving parameters and moments as they were
   */
  update(gradients: Gradients, learningRate: number, maxNorm?: number): Promise<number>;
  snapshot(): Promise<OptimizerState>;
  restore(state: OptimizerState): void;
  dispose(): void;
}

/** @param parameters by name; still owned by the policy */
export function createAdamW(
  parameters: ReadonlyMap<string, tf.Variable>,
  { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 }: AdamWOptions = {},
): AdamW {
  const variables = [...parameters.values()];
  const moments = createMoments(variables);
  let updates = 0;

  async function read(moment: tf.Tensor): Promise<Map<string, Float32Array>> {
    const all = await readValues(moment);
    const parts = [...parameters].map(([name, { size }], index) => {
      const start = moments.starts[index]!;
      return [name, all.slice(start, start + size)] as const;
    });
    return new Map(parts);
  }

  function write(moment: tf.Tensor, values: ReadonlyMap<string, Float32Array>): void {
    const all = new Float32Array(moment.size);
    [...parameters].forEach(([name, { size }], index) => {
      const stored = values.get(name);
      assert(stored?.length === size, `the stored moments have ${size} values for ${name}`);
      all.set(stored, moments.starts[index]!);
    });
    const tensor = tf.tensor1d(all);
    (moment as tf.Variable).assign(tensor);
    tensor.dispose();
  }

  return {
    get updates() {
      return updates;
    },
    async update(gradients, learningRate, maxNorm = Infinity) {
      const inOrder = [...parameters.keys()].map((name) => gradients.get(name)!);
      const scalar = globalNorm(inOrder);
      updates++;
      const settings = { learningRate, beta1, beta2, epsilon, weightDecay, maxNorm, step: updates };
      adamW(variables, inOrder, moments, scalar, settings);
      const reading = readValues(scalar);
      scalar.dispose();
      const norm = (await reading)[0]!;
      if (Number.isFinite(norm)) return norm;
      updates--;
      throw notFinite(norm);
    },
    async snapshot() {
      return { first: await read(moments.first), second: await read(moments.second), updates };
    },
    restore(state) {
      write(moments.first, state.first);
      write(moments.second, state.second);
      updates = state.updates;
    },
    dispose() {
      tf.dispose([moments.first, moments.second]);
    },
  };
}

function notFinite(norm: number): AppError {
  return new AppError(
    'gradient-not-finite',
    `The gradient's norm is ${norm}, so an update would destroy the model. The model was not changed.`,
    'Continue from the last checkpoint with a lower learning rate; if the first step fails so, the weights are damaged.',
  );
}
