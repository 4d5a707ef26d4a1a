/**
 * Is the memory estimate of a run true? Loads models of several shapes, takes one GRPO step, and compares what was
 * estimated before with the bytes that the backend allocated: of the WASM heap, scratch of kernels included, or of GPU
 * buffers, the pool of TensorFlow.js included.
 *
 *   npx tsx bench/memory.ts [--backend wasm | webgpu]
 */
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { openDawn, softwareAdapters } from '../scripts/lib/dawn.ts';
import { openBackend } from '../src/compute/backend.ts';
import { isPacked, pack, type PackedFormat } from '../src/compute/packed.ts';
import { readValues } from '../src/compute/transfer.ts';
import { createAdapter } from '../src/model/lora.ts';
import { estimateMemory } from '../src/model/memory.ts';
import { disposePolicy, trainedParameters, type Policy } from '../src/model/policy.ts';
import { formatOf } from '../src/model/weights.ts';
import { createAdamW } from '../src/train/optimizer.ts';
import { openInNode } from '../test/helpers/backends.ts';
import { watchBuffers, type AllocatedBytes } from '../test/helpers/live-bytes.ts';
import { randomPolicy } from '../test/helpers/random-policy.ts';
import { finished } from './engines/ours-open.ts';
import { grpoStep } from './grpo-step.ts';

const { values: flags } = parseArgs({ options: { backend: { type: 'string', default: 'wasm' } } });

/** Allocations from the WASM heap from now on. */
function watchHeap(): AllocatedBytes {
  const { wasm } = tf.backend() as unknown as {
    wasm: { _malloc(bytes: number): number; _free(address: number): void };
  };
  const bytes = { live: 0, most: 0 };
  const sizes = new Map<number, number>();
  const { _malloc, _free } = wasm;
  wasm._malloc = (size) => {
    const address = _malloc(size);
    sizes.set(address, size);
    bytes.most = Math.max(bytes.most, (bytes.live += size));
    return address;
  };
  wasm._free = (address) => {
    bytes.live -= sizes.get(address) ?? 0;
    sizes.delete(address);
    _free(address);
  };
  return bytes;
}

interface Case {
  label: string;
  training: 'full' | 'lora';
  base?: PackedFormat;
  layers: number;
  width: number;
  feedForward: number;
  vocabulary: number;
  task: { pivots: number; samplesPerPrompt: number; promptTokens: number; newTokens: number };
}

const short = { pivots: 4, samplesPerPrompt: 8, promptTokens: 128, newTokens: 32 };
const long = { pivots: 2, samplesPerPrompt: 4, promptTokens: 512, newTokens: 64 };
const narrow = { layers: 4, width: 128, feedForward: 384, vocabulary: 512 };
const wide = { layers: 4, width: 256, feedForward: 768, vocabulary: 8192 };
const cases: Case[] = [
  { label: '0.9 M, all weights, short', training: 'full', ...narrow, task: short },
  { label: '0.9 M, all weights, long', training: 'full', ...narrow, task: long },
  { label: '5 M, LoRA, short', training: 'lora', ...wide, task: short },
  { label: '5 M, LoRA, long', training: 'lora', ...wide, task: long },
  { label: '5 M in int8, LoRA, short', training: 'lora', base: 'int8', ...wide, task: short },
];

async function policyOf({ training, base, layers, width, feedForward, vocabulary }: Case): Promise<Policy> {
  const policy = randomPolicy({
    family: 'qwen3',
    vocabulary,
    maxPositions: 1024,
    trained: training === 'full',
    sizes: {
      num_hidden_layers: layers,
      hidden_size: width,
      num_attention_heads: 8,
      num_key_value_heads: 4,
      head_dim: width / 8,
      intermediate_size: feedForward,
    },
  });
  for (const [name, weight] of policy.weights) {
    if (!base || isPacked(weight)) continue;
    const format = formatOf(name, weight.shape, base);
    if (format === 'f32') continue;
    policy.weights.set(name, pack(await readValues(weight), weight.shape as [number, number], format));
    weight.dispose();
  }
  if (training === 'lora') policy.adapter = createAdapter(policy.config, { rank: 16, alpha: 32, seed: 1 });
  return policy;
}

/** All prompts in one pass, so that a pass has as many tokens as its update. */
const passTokens = 16_384;

const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1).padStart(8);
const say = (text: string) => process.stdout.write(`${text}\n`);

if (flags.backend === 'webgpu') await openDawn(softwareAdapters()[0]?.environment);
const buffers = flags.backend === 'webgpu' ? watchBuffers() : null;
say(`${''.padEnd(30)} estimate measured  ratio   MiB at the peak, ${flags.backend}`);
for (const given of cases) {
  // A pool that an earlier case filled would hide what this one needs.
  if (buffers) await openBackend({ prefer: 'webgpu' });
  else await openInNode('wasm');
  const bytes = buffers ?? watchHeap();
  bytes.live = bytes.most = 0;
  const policy = await policyOf(given);
  // What passed through on the way to packing is not part of a run.
  bytes.most = bytes.live;
  const optimizer = createAdamW(trainedParameters(policy));
  const step = { ...given.task, passTokens, shared: true };
  const { trainedTokens } = await grpoStep(policy, optimizer, step, finished);
  const estimate = estimateMemory(policy.config, {
    training: given.training,
    base: given.base ?? 'f32',
    rank: 16,
    actionTokens: step.pivots * step.samplesPerPrompt * step.newTokens,
    severalPasses: false,
    backend: buffers ? 'webgpu' : 'wasm',
    recompute: false,
    prompts: step.pivots,
    ...given.task,
    passTokens: trainedTokens,
  });
  const ratio = (estimate.peak / bytes.most).toFixed(2);
  say(`${given.label.padEnd(30)} ${mebibytes(estimate.peak)} ${mebibytes(bytes.most)}   ${ratio}`);
  optimizer.dispose();
  disposePolicy(policy);
}
process.exit(0);
