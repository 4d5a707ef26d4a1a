/**
 * Trains a built-in model from nothing, `public/models/fulcrum-<size>`, by our own engine in Node: on WASM, or on
 * WebGPU through Dawn. Seeded; a stopped pretraining continues from its last checkpoint in `.cache/pretrain`, where
 * `pretrain-tokens.ts` has put tokenizer and tokens. Needs nothing else when bundled for WebGPU.
 *
 *   npm run pretrain -- --model mini               continue, or begin
 *   npm run pretrain -- --model small --backend webgpu
 *   npm run pretrain -- --model mini --fresh       begin anew
 *   npm run pretrain -- --model mini --rows 4      other batches than the recipe's, and so another model
 *   npm run pretrain -- --model mini --steps 200   stop at the first report after step 200 and write no model
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { canonicalJson, type JsonObject } from '../src/base/json.ts';
import { hash32 } from '../src/base/random.ts';
import { openBackend, throwIfFailed } from '../src/compute/backend.ts';
import { CHAT_TEMPLATE, END_OF_TEXT, TURN_END } from '../src/environment/pretraining/chat-format.ts';
import { readModelConfig } from '../src/model/config.ts';
import { loadPolicy, readParameters, trainedParameters } from '../src/model/policy.ts';
import { readSafetensorsHeader, writeSafetensors, type ByteSource } from '../src/model/safetensors.ts';
import { packCheckpoint, restoreOptimizer, restorePolicy } from '../src/session/checkpoint.ts';
import { initialWeights, pretrain, stepsOfPass } from '../src/session/pretrain.ts';
import { loadTokenizer } from '../src/text/tokenizer.ts';
import { createAdamW } from '../src/train/optimizer.ts';
import {
  CACHE, configJson, planOf, SIZES, SUMMARY_FILE, TOKENIZER_FILE, TOKENS_FILE, writeWhole,
  type ModelSize, type TokensSummary,
} from './lib/pretrain-recipe.ts'; // prettier-ignore

const CHECKPOINT_EVERY_MS = 120_000;

const { values: options } = parseArgs({
  options: {
    model: { type: 'string', default: 'mini' },
    backend: { type: 'string', default: 'wasm' },
    rows: { type: 'string' },
    steps: { type: 'string' },
    fresh: { type: 'boolean', default: false },
  },
});
if (!(options.model in SIZES)) throw new Error(`--model is ${Object.keys(SIZES).join(' or ')}.`);
const size = options.model as ModelSize;
const plan = planOf(size, options.rows ? Number(options.rows) : undefined);
const stopAt = Math.min(plan.steps, Number(options.steps ?? Infinity));

// Text

const tokenizerText = readFileSync(TOKENIZER_FILE, 'utf8');
const tokenizer = loadTokenizer(JSON.parse(tokenizerText) as JsonObject);
const summary = JSON.parse(readFileSync(SUMMARY_FILE, 'utf8')) as TokensSummary;
const bytes = gunzipSync(readFileSync(TOKENS_FILE));
const tokens = new Uint16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const passes = plan.steps / stepsOfPass(tokens.length, plan);
console.log(
  `${tokens.length} tokens in ${summary.documents} documents; ` +
    `${plan.steps} steps of ${plan.rowsPerStep} × ${plan.rowTokens} tokens are ${passes.toFixed(1)} passes.`,
);

// Model

async function openComputing(): Promise<void> {
  if (options.backend === 'webgpu') {
    const { openDawn } = await import('./lib/dawn.ts');
    await openDawn();
    const { adapter } = await openBackend({ prefer: 'webgpu' });
    console.log(`WebGPU on ${adapter}`);
    return;
  }
  const { createRequire } = await import('node:module');
  const { dirname } = await import('node:path');
  const { initWasmKernels } = await import('../src/compute/wasm/kernels.ts');
  const folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
  await openBackend({ prefer: 'wasm', wasmPaths: `${folder}/` });
  await initWasmKernels();
}

const memory = (name: string, content: Uint8Array): ByteSource => ({
  name,
  size: content.length,
  read: (start, end) => Promise.resolve(content.subarray(start, end)),
});

await openComputing();
const modelConfig = configJson(size, tokenizer);
const config = readModelConfig(modelConfig);
const initial = memory('initial weights', writeSafetensors(initialWeights(config, plan.seed)));
const policy = await loadPolicy(config, await readSafetensorsHeader(initial), { trained: true });
const parameters = trainedParameters(policy);
const optimizer = createAdamW(parameters, { beta2: 0.95, weightDecay: plan.weightDecay });
const parameterCount = [...parameters.values()].reduce((sum, { size }) => sum + size, 0);
console.log(`fulcrum-${size}: ${parameterCount} parameters.`);

// A checkpoint belongs to one recipe, and to its text.

const recipe = hash32(canonicalJson({ ...plan } as JsonObject), canonicalJson(modelConfig), summary.key);
const checkpointFile = join(CACHE, `${size}-${recipe.toString(16)}.safetensors`);
const cursorFile = `${checkpointFile}.json`;
if (options.fresh) for (const file of [checkpointFile, cursorFile]) rmSync(file, { force: true });

let done = { steps: 0, seconds: 0 };
if (existsSync(cursorFile)) {
  done = JSON.parse(readFileSync(cursorFile, 'utf8')) as typeof done;
  const stored = memory(checkpointFile, readFileSync(checkpointFile));
  await restorePolicy(policy, stored);
  await restoreOptimizer(optimizer, stored, done.steps);
  console.log(`Continuing after step ${done.steps}.`);
}

// Training

const tokensPerStep = plan.rowsPerStep * plan.rowTokens;
let checkpointAt = performance.now();
let reportedAt = performance.now();
let reportedSteps = done.steps;
for await (const { step, loss, gradNorm } of pretrain(policy, optimizer, tokens, plan, done.steps)) {
  throwIfFailed();
  const now = performance.now();
  const seconds = (now - reportedAt) / 1000;
  const speed = ((step - reportedSteps) * tokensPerStep) / seconds;
  const minutesLeft = ((stopAt - step) * tokensPerStep) / speed / 60;
  console.log(
    `step ${step} of ${plan.steps} · loss ${loss.toFixed(4)} · gradient ${gradNorm.toFixed(2)} · ` +
      `${Math.round(speed)} tokens/s · ${minutesLeft.toFixed(1)} min left`,
  );
  done = { steps: step, seconds: done.seconds + seconds };
  if (now - checkpointAt > CHECKPOINT_EVERY_MS || step >= stopAt) {
    writeWhole(checkpointFile, await packCheckpoint(policy, optimizer));
    writeWhole(cursorFile, JSON.stringify(done));
    checkpointAt = performance.now();
  }
  if (step >= stopAt) break;
  reportedAt = performance.now();
  reportedSteps = step;
}
if (done.steps < plan.steps) process.exit(0);

// Hugging Face layout

const target = join(process.cwd(), 'public/models', `fulcrum-${size}`);
const json = (value: JsonObject) => `${JSON.stringify(value, null, 2)}\n`;
const values = await readParameters(parameters);
const tensors = [...parameters].map(([name, { shape }]) => ({ name, shape, values: values.get(name)! }));
const weights = writeSafetensors(tensors, 'F16');
mkdirSync(target, { recursive: true });
writeFileSync(join(target, 'model.safetensors'), weights);
writeFileSync(join(target, 'config.json'), json(modelConfig));
writeFileSync(join(target, 'tokenizer.json'), tokenizerText);
writeFileSync(
  join(target, 'tokenizer_config.json'),
  json({
    tokenizer_class: 'PreTrainedTokenizerFast',
    add_bos_token: false,
    bos_token: null,
    eos_token: TURN_END,
    pad_token: END_OF_TEXT,
    unk_token: null,
    clean_up_tokenization_spaces: false,
    model_max_length: 2048,
    chat_template: CHAT_TEMPLATE,
  }),
);
const [stop, pad] = [tokenizer.idOf(TURN_END)!, tokenizer.idOf(END_OF_TEXT)!];
writeFileSync(
  join(target, 'generation_config.json'),
  json({ do_sample: true, temperature: 1, eos_token_id: stop, pad_token_id: pad }),
);
console.log(
  `${target}: ${parameterCount} parameters, ${weights.length} bytes, ` +
    `${plan.steps * tokensPerStep} tokens in ${Math.round(done.seconds)} s. Next: npm run index:models`,
);
process.exit(0);
