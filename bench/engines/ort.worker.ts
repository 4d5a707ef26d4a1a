/**
 * onnxruntime-web: decoding with a growing key-value cache, all rows in one batch; prompts run once and their keys and
 * values are then repeated for their rows. It cannot train.
 *
 * Version 1.30 attends wrongly on adapters whose subgroups have fewer than 8 lanes, as a software adapter's 4: its
 * GroupQueryAttention then steps through the keys of a prompt of 32 tokens or more by the subgroup's size but takes 8 at a
 * time. On a device without subgroups it has another path, which is right; there it gets such a device.
 */
import * as ort from 'onnxruntime-web/webgpu';
import { onnxModel } from '../onnx.ts';
import { answer, repeatDecoding, type Measurement, type Task } from '../measure.ts';
import { decoding, prompts, weightsOf } from '../work.ts';

const { promptTokens, newTokens, samplesPerPrompt } = decoding;

/** Null where its own choice of a device is right. */
async function deviceWithoutSubgroups(): Promise<GPUDevice | null> {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter || !adapter.features.has('subgroups') || adapter.info.subgroupMinSize >= 8) return null;
  const { maxStorageBufferBindingSize, maxBufferSize, maxComputeInvocationsPerWorkgroup } = adapter.limits;
  const { maxComputeWorkgroupSizeX, maxComputeWorkgroupStorageSize, maxStorageBuffersPerShaderStage } =
    adapter.limits;
  return adapter.requestDevice({
    requiredLimits: {
      maxStorageBufferBindingSize,
      maxBufferSize,
      maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupSizeX,
      maxComputeWorkgroupStorageSize,
      maxStorageBuffersPerShaderStage,
    },
  });
}

async function decode(task: Task): Promise<Measurement> {
  const { size, backend } = task;
  const { layers, width, heads } = size;
  const headWidth = width / heads;
  ort.env.wasm.numThreads = task.threads ?? navigator.hardwareConcurrency;
  ort.env.logLevel = 'error';
  const given = prompts(size.vocabulary);
  const batch = given.length * samplesPerPrompt;
  const caches = Array.from({ length: layers }, (_, layer) => [`Key${layer}`, `Value${layer}`]).flat();
  const past = (name: string) => name[0]!.toLowerCase() + name.slice(1);
  const model = onnxModel(size, weightsOf(size, 0.08), promptTokens + newTokens);
  const device = backend === 'webgpu' ? await deviceWithoutSubgroups() : null;
  const onGpu = Object.fromEntries(caches.map((name) => [`new${name}`, 'gpu-buffer' as const]));
  const session = await ort.InferenceSession.create(model, {
    executionProviders: [device ? { name: 'webgpu', device } : backend],
    ...(backend === 'webgpu' && { preferredOutputLocation: { ...onGpu, next: 'cpu' } }),
  });

  type Tensors = Record<string, ort.Tensor>;
  const step = async (ids: BigInt64Array, rows: number, before: number, cache: Tensors) => {
    const length = ids.length / rows;
    const total = before + length;
    return session.run({
      ids: new ort.Tensor('int64', ids, [rows, length]),
      last: new ort.Tensor('int32', new Int32Array(rows).fill(total - 1), [rows]),
      total: new ort.Tensor('int32', Int32Array.of(total), []),
      ...cache,
    });
  };
  const empty = new ort.Tensor('float32', new Float32Array(0), [given.length, heads, 0, headWidth]);
  const repeated = async (tensor: ort.Tensor): Promise<ort.Tensor> => {
    const values = (await tensor.getData(true)) as Float32Array;
    const each = values.length / given.length;
    const all = new Float32Array(values.length * samplesPerPrompt);
    for (let row = 0; row < batch; row++) {
      const prompt = Math.floor(row / samplesPerPrompt);
      all.set(values.subarray(prompt * each, (prompt + 1) * each), row * each);
    }
    return new ort.Tensor('float32', all, [batch, heads, promptTokens, headWidth]);
  };

  let check: number[] = [];
  const measured = await repeatDecoding(task, newTokens, async (count) => {
    const promptIds = BigInt64Array.from(given.flat(), BigInt);
    const start = Object.fromEntries(caches.map((name) => [past(name), empty]));
    let output = await step(promptIds, given.length, 0, start);
    const predicted = output.next!.data as BigInt64Array;
    let ids = BigInt64Array.from(
      { length: batch },
      (_, row) => predicted[(Math.floor(row / samplesPerPrompt) + 1) * promptTokens - 1]!,
    );
    let cache: Tensors = {};
    for (const name of caches) cache[past(name)] = await repeated(output[`new${name}`]!);
    const rows = [ids];
    for (let i = 0; i + 1 < count; i++) {
      output = await step(ids, batch, promptTokens + i, cache);
      for (const tensor of Object.values(cache)) tensor.dispose();
      cache = Object.fromEntries(caches.map((name) => [past(name), output[`new${name}`]!]));
      ids = (output.next!.data as BigInt64Array).slice();
      rows.push(ids);
    }
    for (const tensor of Object.values(cache)) tensor.dispose();
    check = given.flatMap((_, i) => rows.slice(0, 3).map((row) => Number(row[i * samplesPerPrompt])));
  });
  const facts = {
    ...(backend === 'wasm' && { threads: ort.env.wasm.numThreads }),
    ...(device && { device: 'without subgroups' }),
    ...measured.facts,
  };
  return { ...measured, check, tokens: batch * newTokens, facts };
}

await answer({ decode });
