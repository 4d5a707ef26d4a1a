/** One process of a study in Node: opens a backend and a model once, then runs the cells that its parent sends. */
import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../src/base/errors.ts';
import { openBackend, type BackendName } from '../../src/compute/backend.ts';
import { initWasmKernels, wasmKernels } from '../../src/compute/wasm/kernels.ts';
import { readModelConfig } from '../../src/model/config.ts';
import { loadPolicy } from '../../src/model/policy.ts';
import type { ByteSource } from '../../src/model/safetensors.ts';
import { openWeights } from '../../src/model/weights.ts';
import type { Verify } from '../../src/session/judge.ts';
import { cellKey } from '../../src/study/cells.ts';
import { openLab, type Lab } from '../../src/study/lab.ts';
import type { Budgets } from '../../src/study/plan.ts';
import type { Cell, CellResult } from '../../src/study/results.ts';
import { runCell } from '../../src/study/run.ts';
import { loadCodec } from '../../src/text/codec.ts';
import { presetNamed } from '../../src/verifier/presets.ts';
import { openDawn } from './dawn.ts';

export interface ChildOptions {
  backend: Exclude<BackendName, 'cpu'>;
  threads: number;
  /** Hugging Face folder of the base model. */
  model: string;
  budgets: Budgets;
}

/** To the child: what to open, then one cell at a time with the results that it builds on. */
export type ToChild =
  { type: 'open'; options: ChildOptions } | { type: 'run'; cell: Cell; earlier: Record<string, CellResult> };

/** From the child. */
export type FromChild =
  | { type: 'opened'; device: string }
  | { type: 'progress'; detail: string; fraction: number }
  | { type: 'result'; result: CellResult }
  | { type: 'error'; message: string };

/** Tokens of a training pass: a GPU wants large ones, and on processors what fits the caches is faster. */
const PASS_TOKENS = { wasm: 8192, webgpu: 32_768 };

const verify: Verify = async (preset, samples) => {
  const verifier = presetNamed(preset).verify;
  const verdicts = [];
  for (const sample of samples) verdicts.push(await verifier(sample));
  return verdicts;
};

/** Answers the parent for as long as it lives. */
export function serveCells(): void {
  const tell = (message: FromChild) => process.send!(message);
  let lab: Lab;
  let budgets: Budgets;
  process.on('disconnect', () => process.exit());
  process.on('message', (message: ToChild) => {
    const work =
      message.type === 'open'
        ? open(message.options).then((opened) => {
            lab = opened.lab;
            ({ budgets } = message.options);
            tell({ type: 'opened', device: opened.device });
          })
        : runCell(
            lab,
            budgets,
            message.cell,
            (cell) => Promise.resolve(message.earlier[cellKey(cell)]!),
            (detail, fraction) => tell({ type: 'progress', detail, fraction }),
          ).then((result) => tell({ type: 'result', result }));
    work.catch((error: unknown) => {
      const { message: text, stack } = error as Error;
      tell({ type: 'error', message: error instanceof AppError ? `${text} ${error.hint}` : (stack ?? text) });
    });
  });
}

async function open({ backend, threads, model }: ChildOptions): Promise<{ lab: Lab; device: string }> {
  if (backend === 'webgpu') await openDawn();
  const info = await openBackend({
    prefer: backend,
    ...(backend === 'wasm' && { wasmPaths: tfjsFolder() }),
  });
  if (backend === 'wasm') await initWasmKernels({ threads });
  const json = (name: string) =>
    existsSync(join(model, name)) ? JSON.parse(readFileSync(join(model, name), 'utf8')) : undefined;
  const template = join(model, 'chat_template.jinja');
  const codec = loadCodec({
    tokenizerJson: json('tokenizer.json'),
    tokenizerConfig: json('tokenizer_config.json'),
    generationConfig: json('generation_config.json'),
    config: json('config.json'),
    chatTemplate: existsSync(template) ? readFileSync(template, 'utf8') : undefined,
  });
  const weights = readdirSync(model)
    .filter((name) => name.endsWith('.safetensors'))
    .map((name): [string, ByteSource] => {
      const bytes = readFileSync(join(model, name));
      const read = (start: number, end: number) =>
        Promise.resolve(Uint8Array.from(bytes.subarray(start, end)));
      return [name, { name, size: bytes.length, read }];
    });
  const entries = await openWeights(new Map(weights), null);
  const policy = await loadPolicy(readModelConfig(json('config.json')), entries, { trained: true });
  const lab = await openLab(policy, codec, verify, { passTokens: PASS_TOKENS[backend] });
  // Fewer than asked for where the memory is not shared, as in Node.
  const own = wasmKernels()?.threads ?? 1;
  return { lab, device: info.adapter || `${own} ${own === 1 ? 'thread' : 'threads'} each` };
}

/** Where tfjs's own .wasm files are: beside this program when it is a bundle, else in its package. */
function tfjsFolder(): string {
  const beside = fileURLToPath(new URL('.', import.meta.url));
  if (existsSync(join(beside, 'tfjs-backend-wasm-simd.wasm'))) return beside;
  return `${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`;
}

export { open as openLabInNode };
