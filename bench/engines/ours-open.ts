/** Opens Fulcrum's engine as the app does, with a model of the bench's weights. */
import * as tf from '@tensorflow/tfjs';
import { openBackend, throwIfFailed } from '../../src/compute/backend.ts';
import { initWasmKernels, wasmKernels } from '../../src/compute/wasm/kernels.ts';
import { readModelConfig } from '../../src/model/config.ts';
import type { Policy } from '../../src/model/policy.ts';
import type { Measurement, Task } from '../measure.ts';
import { normEpsilon, rotaryBase, weightsOf } from '../work.ts';

let wasmPaths: Record<string, string> | undefined;

/** Where the page serves TensorFlow.js's files, which only its bundler knows. */
export function useWasmFiles(paths: Record<string, string>): void {
  wasmPaths = paths;
}

export async function open({ backend, size }: Task, deviation: number) {
  const { adapter } = await openBackend({ prefer: backend, ...(wasmPaths && { wasmPaths }) });
  if (backend === 'wasm') await initWasmKernels();
  const config = readModelConfig({
    model_type: 'llama',
    hidden_size: size.width,
    num_hidden_layers: size.layers,
    num_attention_heads: size.heads,
    intermediate_size: size.feedForward,
    vocab_size: size.vocabulary,
    max_position_embeddings: 2048,
    rms_norm_eps: normEpsilon,
    rope_theta: rotaryBase,
    tie_word_embeddings: true,
  });
  const weights = new Map<string, tf.Tensor>();
  for (const [name, { shape, values }] of weightsOf(size, deviation))
    weights.set(
      name,
      tf.tidy(() => tf.variable(tf.tensor(values, shape))),
    );
  const policy: Policy = { config, weights, adapter: null, rotary: { reach: 0, tables: null } };
  const facts: Measurement['facts'] = backend === 'wasm' ? { threads: wasmKernels()!.threads } : { adapter };
  return { policy, facts };
}

interface Backend {
  device: GPUDevice;
  commandEncoder: GPUCommandEncoder | null;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

/** Hands over all commands, waits for the GPU, and throws what it reported. */
export async function finished(): Promise<void> {
  const backend = tf.backend() as unknown as Partial<Backend>;
  if (backend.device) {
    backend.endComputePassEncoder!();
    if (backend.commandEncoder) backend.submitQueue!();
    await backend.device.queue.onSubmittedWorkDone();
  }
  throwIfFailed();
}
