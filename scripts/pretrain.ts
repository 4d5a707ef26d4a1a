/**
 * Makes the built-in model, `public/models/fulcrum-mini`, from nothing: tokenizer and weights are trained on our own
 * mixture by our own engine, on the WASM backend in Node. Seeded; a stopped pretraining continues from its last
 * checkpoint in `.cache/pretrain`.
 *
 *   npm run pretrain                  continue, or begin
 *   npm run pretrain -- --fresh       begin anew
 *   npm run pretrain -- --steps 200   stop after step 200 and write nothing
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { canonicalJson, type JsonObject } from '../src/base/json.ts';
import { hash32 } from '../src/base/random.ts';
import { openBackend } from '../src/compute/backend.ts';
import { initWasmKernels } from '../src/compute/wasm/kernels.ts';
import { ADDED_TOKENS, CHAT_TEMPLATE, END_OF_TEXT, TURN_END, WORD_PATTERN } from '../src/environment/pretraining/chat-format.ts'; // prettier-ignore
import { readModelConfig } from '../src/model/config.ts';
import { loadPolicy, readParameters, trainedParameters } from '../src/model/policy.ts';
import { readSafetensorsHeader, writeSafetensors, type ByteSource } from '../src/model/safetensors.ts';
import { packCheckpoint, restoreOptimizer, restorePolicy } from '../src/session/checkpoint.ts';
import { tokenDocuments, tokenizerTexts } from '../src/session/pretrain-data.ts';
import { initialWeights, pretrain, type PretrainCursor, type PretrainPlan } from '../src/session/pretrain.ts';
import { trainBytePairs } from '../src/text/bpe-trainer.ts';
import { loadTokenizer } from '../src/text/tokenizer.ts';
import { createAdamW } from '../src/train/optimizer.ts';

const NAME = 'fulcrum-mini';
const VOCABULARY = 640;
const TOKENIZER_DOCUMENTS = 12_000;
const CHECKPOINT_EVERY = 100;
const REPORT_EVERY = 20;

const PLAN: PretrainPlan = {
  seed: 1,
  steps: 7600,
  rowsPerStep: 4,
  rowTokens: 256,
  learningRate: 3e-3,
  warmupSteps: 50,
  weightDecay: 0.05,
  maxGradNorm: 1,
  promptWeight: 0.1,
};

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, '.cache/pretrain');
const target = join(root, 'public/models', NAME);

const argument = (name: string) => process.argv[process.argv.indexOf(`--${name}`) + 1];
const isFresh = process.argv.includes('--fresh');
const stopAt = process.argv.includes('--steps') ? Number(argument('steps')) : PLAN.steps;

// Tokenizer

const tokenizerJson = trainBytePairs(await tokenizerTexts(PLAN.seed, TOKENIZER_DOCUMENTS), {
  vocabSize: VOCABULARY,
  specialTokens: ADDED_TOKENS.filter(({ special }) => special).map(({ content }) => content),
  addedTokens: ADDED_TOKENS.filter(({ special }) => !special).map(({ content }) => content),
  pattern: WORD_PATTERN,
});
const tokenizer = loadTokenizer(tokenizerJson);
const idOf = (token: string) => tokenizer.idOf(token)!;
console.log(`Tokenizer: ${tokenizer.vocabSize} tokens, learned from ${TOKENIZER_DOCUMENTS} documents.`);

// Model

const configJson: JsonObject = {
  architectures: ['Qwen3ForCausalLM'],
  model_type: 'qwen3',
  attention_bias: false,
  attention_dropout: 0,
  bos_token_id: null,
  eos_token_id: idOf(TURN_END),
  pad_token_id: idOf(END_OF_TEXT),
  head_dim: 24,
  hidden_act: 'silu',
  hidden_size: 96,
  initializer_range: 0.02,
  intermediate_size: 256,
  max_position_embeddings: 2048,
  num_attention_heads: 4,
  num_hidden_layers: 4,
  num_key_value_heads: 4,
  rms_norm_eps: 1e-6,
  rope_theta: 10000,
  tie_word_embeddings: true,
  dtype: 'float32',
  use_cache: true,
  vocab_size: tokenizer.vocabSize,
};
const config = readModelConfig(configJson);

const memory = (name: string, bytes: Uint8Array): ByteSource => ({
  name,
  size: bytes.length,
  read: (start, end) => Promise.resolve(bytes.subarray(start, end)),
});

const wasmPaths = `${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`;
await openBackend({ prefer: 'wasm', wasmPaths });
await initWasmKernels();
const initial = memory('initial weights', writeSafetensors(initialWeights(config, PLAN.seed)));
const policy = await loadPolicy(config, await readSafetensorsHeader(initial), { trained: true });
const parameters = trainedParameters(policy);
const optimizer = createAdamW(parameters, { beta2: 0.95, weightDecay: PLAN.weightDecay });
const parameterCount = [...parameters.values()].reduce((sum, { size }) => sum + size, 0);
console.log(`Model: ${parameterCount} parameters.`);

// Checkpoint: it belongs to one recipe, and to the text that this recipe gives.

mkdirSync(cache, { recursive: true });
const documents = tokenDocuments(PLAN.seed, tokenizer);
const firstDocuments: string[] = [];
for (let index = 0; index < 500; index++) firstDocuments.push((await documents(index)).ids.join());
const recipe = hash32(
  canonicalJson({ ...PLAN } as JsonObject),
  canonicalJson(configJson),
  firstDocuments.join(),
);
const checkpointFile = join(cache, `${recipe.toString(16)}.safetensors`);
const cursorFile = `${checkpointFile}.json`;
if (isFresh) for (const file of [checkpointFile, cursorFile]) rmSync(file, { force: true });

let cursor: PretrainCursor & { seconds: number } = { step: 0, document: 0, seconds: 0 };
if (existsSync(cursorFile)) {
  cursor = JSON.parse(readFileSync(cursorFile, 'utf8')) as typeof cursor;
  const stored = memory(checkpointFile, readFileSync(checkpointFile));
  await restorePolicy(policy, stored);
  await restoreOptimizer(optimizer, stored, cursor.step);
  console.log(`Continuing after step ${cursor.step}.`);
}

async function saveCheckpoint(): Promise<void> {
  const bytes = await packCheckpoint(policy, optimizer);
  writeFileSync(`${checkpointFile}.new`, bytes);
  writeFileSync(`${cursorFile}.new`, JSON.stringify(cursor));
  renameSync(`${checkpointFile}.new`, checkpointFile);
  renameSync(`${cursorFile}.new`, cursorFile);
}

// Training

let began = performance.now();
let losses: number[] = [];
let reportedAt = performance.now();
for await (const { step, loss, tokens } of pretrain(policy, optimizer, documents, PLAN, cursor)) {
  losses.push(loss);
  if (step % REPORT_EVERY === 0) {
    const seconds = (performance.now() - reportedAt) / 1000;
    const mean = losses.reduce((sum, value) => sum + value, 0) / losses.length;
    const minutesLeft = ((PLAN.steps - step) * seconds) / losses.length / 60;
    const speed = Math.round((tokens * losses.length) / seconds);
    console.log(
      `step ${step} of ${PLAN.steps} · loss ${mean.toFixed(3)} · ${speed} tokens/s · ${minutesLeft.toFixed(1)} min left`,
    );
    losses = [];
    reportedAt = performance.now();
  }
  if (step % CHECKPOINT_EVERY === 0 || step === stopAt || step === PLAN.steps) {
    cursor.seconds += (performance.now() - began) / 1000;
    began = performance.now();
    await saveCheckpoint();
  }
  if (step === stopAt) break;
}
if (cursor.step < PLAN.steps) process.exit(0);

// Hugging Face layout

const json = (value: JsonObject) => `${JSON.stringify(value, null, 2)}\n`;
const values = await readParameters(parameters);
const tensors = [...parameters].map(([name, { shape }]) => ({ name, shape, values: values.get(name)! }));
mkdirSync(target, { recursive: true });
writeFileSync(join(target, 'model.safetensors'), writeSafetensors(tensors, 'F32'));
writeFileSync(join(target, 'config.json'), json(configJson));
writeFileSync(join(target, 'tokenizer.json'), `${JSON.stringify(tokenizerJson)}\n`);
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
writeFileSync(
  join(target, 'generation_config.json'),
  json({ do_sample: true, temperature: 1, eos_token_id: idOf(TURN_END), pad_token_id: idOf(END_OF_TEXT) }),
);
const size = statSync(join(target, 'model.safetensors')).size;
console.log(
  `${target}: ${parameterCount} parameters, ${size} bytes, ` +
    `${PLAN.steps * PLAN.rowsPerStep * PLAN.rowTokens} tokens in ${Math.round(cursor.seconds)} s.`,
);
