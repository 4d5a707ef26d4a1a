/** The linear layers alone: forward, dX and dW at the shapes of real models, as a share of the measured peak. */
import * as tf from '@tensorflow/tfjs';
import { webgpuKernels } from '../../src/compute/webgpu/kernels.ts';
import type { ModelConfig } from '../../src/model/config.ts';
import { linearLayers } from '../../src/model/weights.ts';
import { fillNormal, timeOf } from './device.ts';

export interface Product {
  layer: string;
  form: 'forward' | 'dX' | 'dW';
  tokens: number;
  outputs: number;
  inputs: number;
  ms: number;
  /** FLOP/s. */
  rate: number;
}

/** The different shapes of a model's layers, each once. */
function shapesOf(config: ModelConfig): Map<string, [number, number]> {
  const shapes = new Map<string, [number, number]>();
  for (const [part, shape] of Object.entries(linearLayers(config))) {
    const known = [...shapes].find(([, [o, i]]) => o === shape[0] && i === shape[1]);
    if (!known) shapes.set(part.replace(/^.*\.|_proj$/g, ''), shape);
  }
  return shapes;
}

export async function measureProducts(
  config: ModelConfig,
  tokenCounts: readonly number[],
  sampleMs: number,
): Promise<Product[]> {
  const kernels = webgpuKernels()!;
  const products: Product[] = [];
  for (const tokens of tokenCounts) {
    for (const [layer, [outputs, inputs]] of shapesOf(config)) {
      const x = fillNormal([tokens, inputs], 1, 1);
      const dy = fillNormal([tokens, outputs], 1, 2);
      const w = fillNormal([outputs, inputs], 0.02, 3);
      const forms = {
        forward: () => kernels.linear(x, w, null),
        dX: () => kernels.linearBackwardX(dy, w),
        dW: () => kernels.linearBackwardW(dy, x),
      };
      for (const [form, product] of Object.entries(forms)) {
        const ms = await timeOf(() => product().dispose(), sampleMs);
        const rate = (2 * tokens * outputs * inputs * 1000) / ms;
        products.push({ layer, form: form as Product['form'], tokens, outputs, inputs, ms, rate });
      }
      tf.dispose([x, dy, w]);
    }
  }
  return products;
}
