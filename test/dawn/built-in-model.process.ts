/** The process under test of `built-in-model.test.ts`: trains and decodes with the built-in model, prints what came out. */
import { readFileSync } from 'node:fs';
import { openDawn } from '../../scripts/lib/dawn.ts';
import { openBackend, throwIfFailed } from '../../src/compute/backend.ts';
import { parseConfig } from '../../src/config/schema.ts';
import { readModelConfig } from '../../src/model/config.ts';
import { createAdapter } from '../../src/model/lora.ts';
import { loadPolicy, trainedParameters, type Policy } from '../../src/model/policy.ts';
import { readSafetensorsHeader } from '../../src/model/safetensors.ts';
import { generate } from '../../src/rollout/generate.ts';
import { pretrain } from '../../src/session/pretrain.ts';
import { packTokens } from '../../src/session/token-stream.ts';
import { updatePolicy } from '../../src/session/update.ts';
import { groupAdvantages } from '../../src/train/advantage.ts';
import { createAdamW, type AdamW } from '../../src/train/optimizer.ts';
import { openInNode } from '../helpers/backends.ts';

export interface Outcome {
  adapter: string;
  losses: number[];
  gradNorms: number[];
  /** Of each prompt, the ids of its two samples. */
  ids: number[][];
  /** Of each of a few GRPO steps: how far the sampler's probabilities are from those in training. */
  tokenMultProbErrors: number[];
  genKlErrors: number[];
  /** The same with an adapter on a base in f16, which on WebGPU has its keys and values in f16 too. */
  packedTokenMultProbErrors: number[];
  packedGenKlErrors: number[];
}

const model = new URL('../../public/models/fulcrum-mini/', import.meta.url);
const config = readModelConfig(JSON.parse(readFileSync(new URL('config.json', model), 'utf8')));
const bytes = readFileSync(new URL('model.safetensors', model));
const source = {
  name: 'model.safetensors',
  size: bytes.length,
  read: (start: number, end: number) => Promise.resolve(new Uint8Array(bytes.subarray(start, end))),
};

/** A short run: each step samples from the policy that the steps before have made, then trains on every other sample. */
async function grpoSteps(policy: Policy, optimizer: AdamW, steps: number) {
  const samplesPerPrompt = 4;
  const advantages = groupAdvantages(Array.from({ length: samplesPerPrompt }, (_, g) => g % 2));
  const measured: Record<string, number>[] = [];
  for (let step = 0; step < steps; step++) {
    const prompts = Array.from({ length: 3 }, (_, p) =>
      Array.from({ length: 30 + 11 * p }, (_, i) => (step * 97 + p * 131 + i * i * 17) % config.vocabulary),
    );
    const rollouts = await generate({
      policy,
      prompts,
      promptSeeds: prompts.map((_, p) => step * 10 + p),
      samplesPerPrompt,
      sampling: { temperature: 1, topP: 1, topK: 0, minP: 0 },
      maxNewTokens: 24,
      stopIds: [0],
    });
    const groups = rollouts.map((samples, p) => ({
      turn: { promptIds: Int32Array.from(prompts[p]!) },
      samples: samples.map((rollout) => ({ rollout })),
      advantages,
    }));
    const request = { policy, reference: null, optimizer, groups, learningRate: 1e-4 };
    measured.push((await updatePolicy({ ...request, config: parseConfig({}) })).metrics);
  }
  return measured;
}

async function work(adapter: string): Promise<Outcome> {
  const policy = await loadPolicy(config, await readSafetensorsHeader(source), { trained: true });
  const optimizer = createAdamW(trainedParameters(policy));
  const documents = Array.from({ length: 16 }, (_, index) => ({
    ids: Array.from({ length: 40 }, (_, i) => (index * 131 + i * i * 17) % config.vocabulary),
    isAction: Array.from({ length: 40 }, (_, i) => i > 20),
  }));
  const plan = {
    seed: 1,
    steps: 4,
    rowsPerStep: 2,
    rowTokens: 100,
    learningRate: 1e-3,
    warmupSteps: 1,
    weightDecay: 0.1,
    maxGradNorm: 1,
    promptWeight: 0.1,
    reportEverySteps: 1,
  };
  const losses: number[] = [];
  const gradNorms: number[] = [];
  for await (const { loss, gradNorm } of pretrain(policy, optimizer, packTokens(documents), plan)) {
    losses.push(loss);
    gradNorms.push(gradNorm);
  }
  const groups = await generate({
    policy,
    prompts: [[1, 2, 3, 200, 201], [9], Array.from({ length: 50 }, (_, i) => i)],
    promptSeeds: [1, 2, 3],
    samplesPerPrompt: 2,
    sampling: { temperature: 1, topP: 0.95, topK: 0, minP: 0 },
    maxNewTokens: 24,
    stopIds: [0],
  });
  const steps = await grpoSteps(policy, optimizer, 6);
  const base = await loadPolicy(config, await readSafetensorsHeader(source), { trained: false, base: 'f16' });
  base.adapter = createAdapter(config, { rank: 8, alpha: 16, seed: 1 });
  const packedSteps = await grpoSteps(base, createAdamW(trainedParameters(base)), 3);
  throwIfFailed();
  return {
    adapter,
    losses,
    gradNorms,
    ids: groups.flat().map(({ ids }) => ids),
    tokenMultProbErrors: steps.map((metrics) => metrics['token_mult_prob_error']!),
    genKlErrors: steps.map((metrics) => metrics['gen_kl_error']!),
    packedTokenMultProbErrors: packedSteps.map((metrics) => metrics['token_mult_prob_error']!),
    packedGenKlErrors: packedSteps.map((metrics) => metrics['gen_kl_error']!),
  };
}

await openDawn();
const onGpu = await work((await openBackend({ prefer: 'webgpu' })).adapter);
await openInNode('wasm');
console.log(JSON.stringify([onGpu, await work('')]));
process.exit(0);
