/** The thread under test of `kernels-threads.test.ts`: runs kernels on one thread and on several, and compares. */
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plainUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simdUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threadedUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import { initWasmKernels, wasmKernels, type WasmKernels } from '../../src/compute/wasm/kernels.ts';

/** Every kernel once on the same numbers; a fingerprint of the bits of each result. */
function results(kernels: WasmKernels): string[] {
  return tf.tidy(() => {
    const [rows, length, heads, width, vocab] = [6, 150, 4, 64, 700];
    const tokens = rows * length;
    const shape = { heads, kvHeads: 2, headWidth: 16, scale: 0.25 };
    const random = (seed: number, ...size: number[]) => tf.randomNormal(size, 0, 1, 'float32', seed);
    const x = random(1, tokens, width);
    const [k, v, w] = [random(2, tokens, 32), random(3, tokens, 32), random(4, vocab, width)];
    const ids = tf.randomUniform([tokens], -20, vocab, 'int32', 5);
    const layout = [...Array(50).fill(0), ...Array(40).fill(1), ...Array(40).fill(2), ...Array(20).fill(-1)];
    const segments = tf.tensor2d(Array(rows).fill(layout) as number[][], [rows, length], 'int32');
    const y = kernels.linear(x, w, null);
    const attended = kernels.attention(x, k, v, segments, shape);
    const norm = kernels.rmsNorm(x, random(6, width), 1e-5);
    const chosen = kernels.logProb(x, w, ids, 1.5);
    const parameter = random(7, 100_000);
    const moments = { first: tf.zeros([100_000]), second: tf.zeros([100_000]), starts: [0] };
    const settings = { learningRate: 0.1, beta1: 0.9, beta2: 0.9, epsilon: 1e-8, weightDecay: 0.1 };
    const gradient = random(8, 100_000);
    const options = { ...settings, step: 1, maxNorm: 1 };
    kernels.adamW([parameter], [gradient], moments, kernels.globalNorm([gradient]), options);
    const tensors = [
      y,
      kernels.linearBackwardX(y, w),
      kernels.linearBackwardW(y, x),
      kernels.sumRows(y),
      norm.y,
      ...Object.values(kernels.rmsNormBackward(x, x, random(6, width), norm.inverseRms)),
      attended.out,
      attended.logSumExp,
      ...Object.values(
        kernels.attentionBackward(x, x, k, v, attended.out, attended.logSumExp, segments, shape),
      ),
      kernels.swiglu(y, y),
      ...Object.values(kernels.swigluBackward(y, y, y)),
      kernels.embedding(w, ids),
      kernels.embeddingBackward(x, ids, vocab),
      ...Object.values(chosen),
      ...Object.values(
        kernels.logProbBackward(
          norm.inverseRms,
          norm.inverseRms,
          x,
          w,
          ids,
          1.5,
          chosen.logSumExp,
          chosen.entropy,
          true,
        ),
      ),
      parameter,
      moments.first,
      moments.second,
      kernels.globalNorm([y]),
      ...Object.values(
        kernels.sample(y, tf.range(0, tokens, 1, 'int32'), {
          temperature: 1,
          topK: 0,
          topP: 0.9,
          minP: 0,
          seed: 1,
          step: 2,
        }),
      ),
    ] as tf.Tensor[];
    return tensors.map((tensor) => {
      const bits = new Int32Array(new Float32Array(tensor.dataSync()).buffer);
      let hash = 0;
      for (const word of bits) hash = Math.imul(hash ^ word, 0x9e3779b1) ^ (hash >>> 15);
      return `${tensor.shape.join('×')}: ${hash}`;
    });
  });
}

/** The same with four threads asked for and workers made by `make`. */
async function withWorkers(make: (url: string | URL, options?: WorkerOptions) => Worker) {
  const native = Worker;
  globalThis.Worker = function (url: string | URL, options?: WorkerOptions) {
    return make(url, options);
  } as unknown as typeof Worker;
  try {
    await initWasmKernels({ threads: 4 });
  } finally {
    globalThis.Worker = native;
  }
  return { threads: wasmKernels()!.threads, results: [results(wasmKernels()!)] };
}

async function run(): Promise<void> {
  setWasmPaths({
    'tfjs-backend-wasm.wasm': plainUrl,
    'tfjs-backend-wasm-simd.wasm': simdUrl,
    'tfjs-backend-wasm-threaded-simd.wasm': threadedUrl,
  });
  await tf.setBackend('wasm');
  const seen: { threads: number; results: string[][] }[] = [];
  for (const threads of [1, 2, 4]) {
    await initWasmKernels({ threads });
    const kernels = wasmKernels()!;
    seen.push({ threads: kernels.threads, results: [results(kernels), results(kernels)] });
  }
  // Grows the shared heap while helpers are alive: they must see the new part.
  const large = tf.zeros([64, 1024, 1024]);
  const grown = results(wasmKernels()!);
  // Sleeping helpers wake up again.
  await new Promise((resolve) => setTimeout(resolve, 300));
  const woken = results(wasmKernels()!);
  large.dispose();
  // Helpers that the browser refuses, and every second one failing to load, leave fewer threads and the same results.
  const NativeWorker = Worker;
  let asked = 0;
  const partly = await withWorkers(
    (url, options) => new NativeWorker(asked++ % 2 ? new URL('data:text/javascript,throw 1') : url, options),
  );
  const refused = await withWorkers(() => {
    throw new Error('no more workers');
  });
  wasmKernels()!.dispose();
  postMessage({ isolated: crossOriginIsolated, seen, grown, woken, partly, refused, after: wasmKernels() });
}

run().catch((error: unknown) => postMessage({ error: String(error) }));
