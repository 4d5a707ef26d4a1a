/** The process under test of `built-in-model.test.ts`: trains and decodes with the built-in model, prints what came out. */
import { readFileSync } from 'node:fs';
import { openDawn } from '../../scripts/lib/dawn.ts';
import { openBackend, throwIfFailed } from '../../src/compute/backend.ts';
import { readModelConfig } from '../../src/model/config.ts';
import { loadPolicy, trainedParameters } from '../../src/model/policy.ts';
import { readSafetensorsHeader } from '../../src/model/safetensors.ts';
import { generate } from '../../src/rollout/generate.ts';
import { pretrain } from '../../src/session/pretrain.ts';
import { packTokens } from '../../src/session/token-stream.ts';
import { createAdamW } from '../../src/train/optimizer.ts';
import { openInNode } from '../helpers/backends.ts';

export interface Outcome {
  adapter: string;
  losses: number[];
  gradNorms: number[];
  /** Of each prompt, the ids of its two samples. */
  ids: number[][];
}

const model = new URL('../../public/models/fulcrum-mini/', import.meta.url);
const config = readModelConfig(JSON.parse(readFileSync(new URL('config.json', model), 'utf8')));
const bytes = readFileSync(new URL('model.safetensors', model));
const source = {
  name: 'model.safetensors',
  size: bytes.length,
  read: (start: number, end: number) => Promise.resolve(new Uint8Array(bytes.subarray(start, end))),
};

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
  throwIfFailed();
  return { adapter, losses, gradNorms, ids: groups.flat().map(({ ids }) => ids) };
}

await openDawn();
const onGpu = await work((await openBackend({ prefer: 'webgpu' })).adapter);
await openInNode('wasm');
console.log(JSON.stringify([onGpu, await work('')]));
process.exit(0);
