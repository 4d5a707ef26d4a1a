/** The process under test of `growth.test.ts`: rollouts and updates whose lengths differ; prints the bytes after each phase. */
import * as tf from '@tensorflow/tfjs';
import { openDawn } from '../../scripts/lib/dawn.ts';
import { Random } from '../../src/base/random.ts';
import { openBackend, throwIfFailed } from '../../src/compute/backend.ts';
import type { Backend } from '../../src/compute/webgpu/gpu.ts';
import { defaultConfig } from '../../src/config/schema.ts';
import { createAdapter } from '../../src/model/lora.ts';
import { trainedParameters } from '../../src/model/policy.ts';
import { generate } from '../../src/rollout/generate.ts';
import type { ScoredGroup } from '../../src/session/groups.ts';
import { updatePolicy } from '../../src/session/update.ts';
import { createAdamW } from '../../src/train/optimizer.ts';
import { watchBuffers } from '../helpers/live-bytes.ts';
import { randomPolicy } from '../helpers/random-policy.ts';

export interface Phase {
  /** Of all buffers of the device. */
  liveBytes: number;
  /** The most during the phase, and the most that was in use at once. */
  mostBytes: number;
  mostUsedBytes: number;
  /** Of buffers that the pool holds unused. */
  freeBytes: number;
}

await openDawn();
await openBackend({ prefer: 'webgpu' });
const bytes = watchBuffers();
const { bufferManager: pool } = tf.backend() as unknown as Backend;
const policy = randomPolicy({
  family: 'qwen2',
  maxPositions: 1024,
  sizes: {
    num_hidden_layers: 2,
    hidden_size: 64,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    head_dim: 16,
    intermediate_size: 192,
  },
});
policy.adapter = createAdapter(policy.config, { rank: 2, alpha: 4, seed: 1 });
const optimizer = createAdamW(trainedParameters(policy));
const random = new Random(5);
const phases: Phase[] = [];

/** Counts what is in use at each new buffer. */
let used = 0;
const { createBuffer } = GPUDevice.prototype;
GPUDevice.prototype.createBuffer = function (descriptor) {
  const buffer = createBuffer.call(this, descriptor);
  used = Math.max(used, bytes.live - freeBytes());
  return buffer;
};

function freeBytes(): number {
  return [...pool.freeBuffers.values()].flat().reduce((sum, { size }) => sum + size, 0);
}

async function measured<T>(work: () => Promise<T>): Promise<T> {
  bytes.most = used = bytes.live;
  const result = await work();
  throwIfFailed();
  phases.push({ liveBytes: bytes.live, mostBytes: bytes.most, mostUsedBytes: used, freeBytes: freeBytes() });
  return result;
}

for (let step = 0; step < Number(process.argv[2]); step++) {
  const prompts = [1, 2].map(() =>
    Array.from({ length: 40 + random.integer(160) }, () => random.integer(31)),
  );
  const options = {
    policy,
    prompts,
    promptSeeds: [2 * step, 2 * step + 1],
    samplesPerPrompt: 2,
    sampling: { temperature: 1, topP: 0.9, topK: 0, minP: 0 },
    maxNewTokens: 1 + random.integer(24),
    stopIds: [3],
  };
  const rollouts = await measured(() => generate(options));
  const groups: ScoredGroup[] = rollouts.map((group, p) => ({
    turn: { promptIds: Int32Array.from(prompts[p]!) },
    samples: group.map((rollout) => ({ rollout })),
    advantages: Float64Array.of(1, -1),
  }));
  const request = { policy, reference: null, optimizer, groups, config: defaultConfig(), learningRate: 1e-3 };
  await measured(() => updatePolicy(request));
}
console.log(JSON.stringify(phases));
process.exit(0);
