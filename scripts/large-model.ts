/**
 * One whole GRPO step of a model of Qwen3-0.6B's shape with random weights and LoRA of rank 16: how long it takes to
 * load, to sample and to update, and the bytes of each part beside what was estimated before. One JSON object a run.
 *
 *   npx tsx scripts/large-model.ts [wasm|webgpu] [f32|f16|int8|int4] [--layers 28]
 */
import { parseArgs } from 'node:util';
import { defaultConfig } from '../src/config/schema.ts';
import { openBackend, throwIfFailed } from '../src/compute/backend.ts';
import { poolSlack } from '../src/compute/webgpu/pool.ts';
import { createAdapter } from '../src/model/lora.ts';
import { estimateMemory, type MemoryEstimate } from '../src/model/memory.ts';
import { qwen3 } from '../bench/gpu/shapes.ts';
import { loadPolicy, trainedParameters } from '../src/model/policy.ts';
import type { ByteSource, TensorEntry } from '../src/model/safetensors.ts';
import { expectedTensors, type BaseFormat } from '../src/model/weights.ts';
import { generate } from '../src/rollout/generate.ts';
import { packGroups } from '../src/rollout/pack.ts';
import type { ScoredGroup } from '../src/session/groups.ts';
import { updatePolicy } from '../src/session/update.ts';
import { createAdamW } from '../src/train/optimizer.ts';
import { openInNode } from '../test/helpers/backends.ts';
import { watchBytes } from '../test/helpers/live-bytes.ts';
import { openDawn, softwareAdapters } from './lib/dawn.ts';

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: {
    layers: { type: 'string', default: '28' },
    prompts: { type: 'string', default: '2' },
    samples: { type: 'string', default: '4' },
    promptTokens: { type: 'string', default: '64' },
    newTokens: { type: 'string', default: '8' },
    /** SwiftShader or lavapipe; without it the loader's own choice, a GPU where there is one. */
    adapter: { type: 'string' },
  },
});
const [backend = 'wasm', base = 'f16'] = positionals as [('wasm' | 'webgpu')?, BaseFormat?];
const [prompts, samples, promptTokens, newTokens] = (
  ['prompts', 'samples', 'promptTokens', 'newTokens'] as const
).map((name) => Number(flags[name])) as [number, number, number, number];

const config = { ...qwen3, layers: Number(flags.layers) };

/** Bytes of bfloat16 numbers around 0 with deviation 0.02, the same for the same place; norms are 1. */
const pattern = new Uint16Array(1 << 20);
for (let i = 0, state = 1; i < pattern.length; i++) {
  let sum = -6;
  for (let j = 0; j < 12; j++) sum += (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  pattern[i] = new Uint32Array(new Float32Array([0.02 * sum]).buffer)[0]! >>> 16;
}

function tensorEntry(name: string, shape: number[]): TensorEntry {
  const size = shape.reduce((product, n) => product * n, 2);
  const source: ByteSource = {
    name,
    size,
    async read(start, end) {
      const values = new Uint16Array((end - start) / 2);
      // A step that is no divisor of the pattern's length, so that rows differ.
      for (let at = 0, from = start / 2; at < values.length; at += 1000, from += 1777) {
        const piece = Math.min(1000, values.length - at);
        const begin = from % (pattern.length - 1000);
        values.set(pattern.subarray(begin, begin + piece), at);
      }
      if (shape.length === 1) values.fill(0x3f80);
      return new Uint8Array(values.buffer);
    },
  };
  return { name, type: 'BF16', shape, start: 0, end: size, source };
}

/** Bytes of buffers that exist on the device, pooled ones included. */
function watchBuffers(device: GPUDevice): { now(): number; peak(): number } {
  let [bytes, most] = [0, 0];
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    bytes += descriptor.size;
    most = Math.max(most, bytes);
    const destroy = buffer.destroy.bind(buffer);
    let isThere = true;
    buffer.destroy = () => {
      if (isThere) bytes -= descriptor.size;
      isThere = false;
      return destroy();
    };
    return buffer;
  };
  return { now: () => bytes, peak: () => most };
}

let buffers: ReturnType<typeof watchBuffers> | null = null;
if (backend === 'webgpu') {
  await openDawn(softwareAdapters().find(({ name }) => name === flags.adapter)?.environment);
  const { adapter } = await openBackend({ prefer: 'webgpu' });
  console.error(adapter);
  const { backend: current } = await import('@tensorflow/tfjs');
  buffers = watchBuffers((current() as unknown as { device: GPUDevice }).device);
} else await openInNode('wasm');

const seconds = (since: number) => Number(((performance.now() - since) / 1000).toFixed(1));
const watch = watchBytes();
const began = performance.now();
const entries = new Map(
  [...expectedTensors(config)].map(([name, shape]) => [name, tensorEntry(name, shape)]),
);
const policy = await loadPolicy(config, entries, { trained: false, base });
throwIfFailed();
const loadSeconds = seconds(began);
const weights = watch.now();
const loadedBuffers = buffers?.peak();
policy.adapter = createAdapter(config, { rank: 16, alpha: 32, seed: 1 });
const adapter = watch.now() - weights;
const optimizer = createAdamW(trainedParameters(policy));
const moments = watch.now() - weights - adapter;

const ids = (p: number) =>
  Array.from({ length: promptTokens }, (_, i) => (7919 * (i + 1) * (p + 1)) % config.vocabulary);
const promptIds = Array.from({ length: prompts }, (_, p) => ids(p));
const sampling = { temperature: 1, topP: 1, topK: 0, minP: 0 };
const rolloutBegan = performance.now();
const rollouts = await generate({
  policy,
  prompts: promptIds,
  promptSeeds: promptIds.map((_, p) => p),
  samplesPerPrompt: samples,
  sampling,
  maxNewTokens: newTokens,
  stopIds: [],
});
throwIfFailed();
const rolloutSeconds = seconds(rolloutBegan);
const rolloutPeak = watch.peak();

// Some verdicts, so that every group is informative.
const groups: ScoredGroup[] = rollouts.map((group, p) => ({
  turn: { promptIds: Int32Array.from(promptIds[p]!) },
  samples: group.map((rollout) => ({ rollout })),
  advantages: Float64Array.from(group, (_, g) => (g % 2 ? -1 : 1)),
}));
const run = { ...defaultConfig(), passTokens: 8192 };
const updateBegan = performance.now();
const update = await updatePolicy({
  policy,
  reference: null,
  optimizer,
  groups,
  config: run,
  learningRate: 1e-4,
});
throwIfFailed();
const updateSeconds = seconds(updateBegan);

const tokensOf = ({ turn, samples }: ScoredGroup) => ({
  prompt: turn.promptIds,
  completions: samples.map(({ rollout }) => rollout.ids),
});
const passes = packGroups(groups.map(tokensOf), run.passTokens);
const request = {
  training: 'lora',
  base,
  rank: 16,
  passTokens: Math.max(...passes.map(({ batch }) => batch.ids.length)),
  actionTokens: Math.max(...passes.map(({ at }) => at.length)),
  severalPasses: passes.length > 1,
  backend,
  recompute: false,
  prompts,
  samplesPerPrompt: samples,
  promptTokens,
  newTokens,
} as const;
const estimate = estimateMemory(config, request);
/** Of tensors alone, without what the pool of buffers may hold beyond them. */
const needed = estimate.peak / (backend === 'webgpu' ? poolSlack : 1);
const mebibytes = (bytes: number) => Math.round(bytes / 2 ** 20);
const part = (found: number, estimated: number) => ({
  measuredMiB: mebibytes(found),
  estimatedMiB: mebibytes(estimated),
  estimateOverMeasured: Number((estimated / found).toFixed(3)),
});
const fixed = weights + adapter + moments;
const estimatedFixed = (e: MemoryEstimate) => e.weights + e.adapter + e.optimizer;
console.log(
  JSON.stringify(
    {
      backend,
      base,
      layers: config.layers,
      ...{ prompts, samples, promptTokens, newTokens },
      loadSeconds,
      rolloutSeconds,
      updateSeconds,
      stepSeconds: Number((rolloutSeconds + updateSeconds).toFixed(1)),
      weights: part(weights, estimate.weights),
      adapter: part(adapter, estimate.adapter),
      optimizer: part(moments, estimate.optimizer),
      rollouts: part(rolloutPeak - fixed, estimate.cache + estimate.logits),
      update: part(watch.peak() - fixed, needed - estimatedFixed(estimate)),
      peak: part(watch.peak(), needed),
      ...(buffers && {
        allBuffers: part(buffers.peak(), estimate.peak),
        afterLoadingMiB: mebibytes(loadedBuffers!),
      }),
      processMiB: mebibytes(process.resourceUsage().maxRSS * 1024),
      loss: update.metrics.loss,
      gradNorm: update.metrics.grad_norm,
      tokenMultProbError: update.metrics.token_mult_prob_error,
      genKlError: update.metrics.gen_kl_error,
    },
    null,
    2,
  ),
);
process.exit(0);
