/**
 * What our engine makes of a real GPU, through Dawn and Vulkan in Node: linear layers against the measured peak, decode
 * steps against bandwidth, training steps, a GRPO step of Qwen3-0.6B's shape, and where the time goes by kernel.
 *
 *   npm run bench -- --gpu [--only peak,gemm,train,decode,grpo] [--profile] [--tiny] [--json FILE]
 *     [--tokens 512,2048,4096] [--pass-tokens 4096] [--base f32,f16,int8,int4] [--seconds 20]
 *
 * `--base` is how a frozen model is kept where one is decoded or adapted; `--seconds` bounds the repetitions of a section.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openBackend } from '../../src/compute/backend.ts';
import { openDawn } from '../../scripts/lib/dawn.ts';
import { countCalls } from '../calls.ts';
import type { BaseFormat } from '../../src/model/weights.ts';
import { measureProducts } from './gemm.ts';
import { measureDecoding, measureGrpo, measureTraining, type Timed } from './models.ts';
import { measurePeak, type Peak } from './peak.ts';
import { curve, qwen3, tiny } from './shapes.ts';

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: 'peak,gemm,train,decode,grpo' },
    profile: { type: 'boolean', default: false },
    tiny: { type: 'boolean', default: false },
    tokens: { type: 'string', default: '512,2048,4096' },
    'pass-tokens': { type: 'string', default: '4096' },
    base: { type: 'string', default: 'f32' },
    seconds: { type: 'string', default: '20' },
    json: { type: 'string' },
  },
});
function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const began = performance.now();
await openDawn();
countCalls();
// A run that only proves that everything works should prove what a GPU gets, whatever the adapter.
if (flags.tiny) Object.defineProperty(GPUDevice.prototype, 'adapterInfo', { get: () => ({ vendor: 'any' }) });
const info = await openBackend({ prefer: 'webgpu' });
say(`${info.adapter}\n${info.features.join(' ')}`);
const bases = flags.base.split(',') as BaseFormat[];
const only = flags.only.split(',');
const { profile } = flags;
const sampleMs = flags.tiny ? 5 : 100;
const budgetMs = flags.tiny ? 0 : (Number(flags.seconds) * 1000) / 4;
const report: Record<string, unknown> = {
  date: new Date().toISOString(),
  arguments: process.argv.slice(2),
  ...info,
};
let peak: Peak | null = null;

const fixed = (value: number, digits = 1) => value.toFixed(digits);
const ofPeak = (rate: number) => (peak ? `${fixed((100 * rate) / peak.f32)} %` : '');
const countsOf = ({ calls }: Timed) =>
  `${calls.dispatches} dispatches, ${calls.submits} submits, ${calls.readbacks} readbacks, ` +
  `${fixed(calls.boundBytes / 2 ** 20)} MiB bound, ${fixed(calls.uploadedBytes / 1024)} KiB uploaded`;

function sayKernels({ kernels }: Timed): void {
  if (!kernels) return;
  const total = kernels.reduce((sum, { ms }) => sum + ms, 0);
  say(`    ${fixed(total)} ms in kernels, of which`);
  for (const { kernel, dispatches, ms } of kernels.slice(0, 16))
    say(
      `    ${fixed((100 * ms) / total).padStart(6)} %  ${fixed(ms, 2).padStart(9)} ms  ${String(dispatches).padStart(5)} × ${kernel}`,
    );
}

/** Keeps what was found even if a later section fails, and goes on after a failure. */
async function section(name: string, measure: () => Promise<unknown>): Promise<void> {
  if (!only.includes(name)) return;
  const start = performance.now();
  say(`\n${name}`);
  try {
    report[name] = await measure();
  } catch (error) {
    report[name] = { error: String(error) };
    say(`  failed: ${error instanceof Error ? error.stack : String(error)}`);
  }
  say(`  (${fixed((performance.now() - start) / 1000)} s)`);
  if (flags.json) writeFileSync(flags.json, JSON.stringify(report, null, 1));
}

await section('peak', async () => {
  peak = await measurePeak(flags.tiny ? 0.02 : 1, sampleMs);
  say(`  f32 ${fixed(peak.f32 / 1e9)} GFLOP/s, f16 ${peak.f16 ? fixed(peak.f16 / 1e9) : '–'} GFLOP/s`);
  say(`  copy ${fixed(peak.copy / 1e9)} GB/s, read and written`);
  return peak;
});

await section('gemm', async () => {
  const models = flags.tiny ? { tiny } : { 'Qwen3-0.6B': qwen3, '25 M': curve.at(-1)!.config };
  const tokens = flags.tiny ? [96] : flags.tokens.split(',').map(Number);
  const found = [];
  for (const [model, config] of Object.entries(models)) {
    for (const product of await measureProducts(config, tokens, sampleMs)) {
      const { layer, form, outputs, inputs, ms, rate } = product;
      const what = `${model} ${layer} ${form} ${product.tokens} × ${outputs} × ${inputs}`.padEnd(48);
      say(
        `  ${what} ${fixed(ms, 3).padStart(9)} ms ${fixed(rate / 1e9).padStart(9)} GFLOP/s ${ofPeak(rate)}`,
      );
      found.push({ model, ...product, ofPeak: peak && rate / peak.f32 });
    }
  }
  return found;
});

await section('train', async () => {
  const found = [];
  for (const { label, config, rows } of flags.tiny ? curve.slice(0, 1) : curve) {
    const result = await measureTraining(config, rows, budgetMs / 2, profile);
    const rate = (result.flops * 1000) / result.ms;
    say(
      `  ${label}, ${rows} × 128 tokens: ${fixed(result.ms, 2)} ms (least ${fixed(result.leastMs, 2)}, first ${fixed(result.firstMs)}), ${fixed(rate / 1e9)} GFLOP/s ${ofPeak(rate)}`,
    );
    say(`    ${countsOf(result)}`);
    sayKernels(result);
    found.push({ label, rows, ...result });
  }
  return found;
});

await section('decode', async () => {
  const models = flags.tiny
    ? [{ label: 'tiny', config: tiny, promptTokens: 40 }]
    : [
        { label: '0.9 M', config: curve[1]!.config, promptTokens: 128 },
        { label: '25 M', config: curve[3]!.config, promptTokens: 128 },
        { label: 'Qwen3-0.6B', config: qwen3, promptTokens: 512 },
      ];
  const found = [];
  const pairs = models.flatMap((model) => bases.map((base) => ({ ...model, base })));
  for (const { label, config, promptTokens, base } of pairs) {
    const result = await measureDecoding(config, promptTokens, base, budgetMs / 2, profile);
    const least = peak ? (result.bytesAStep * 1000) / peak.copy : null;
    say(
      `  ${label} ${base}, 64 rows behind ${promptTokens} tokens: ${fixed(result.stepMs, 3)} ms a step, ${fixed(result.tokensPerSecond, 0)} tokens/s; prefill ${fixed(result.prefillMs)} ms`,
    );
    if (least)
      say(
        `    ${fixed(result.bytesAStep / 1e6)} MB at the measured bandwidth: ${fixed(least, 3)} ms, ${fixed((100 * least) / result.stepMs)} % of it`,
      );
    const { dispatches, submits, readbacks } = result.callsAStep;
    say(
      `    a step: ${fixed(dispatches)} dispatches, ${fixed(submits, 2)} submits, ${fixed(readbacks, 2)} readbacks`,
    );
    sayKernels(result);
    found.push({ label, promptTokens, base, ...result });
  }
  return found;
});

await section('grpo', async () => {
  const task = flags.tiny
    ? { pivots: 2, samplesPerPrompt: 4, promptTokens: 20, newTokens: 8 }
    : { pivots: 8, samplesPerPrompt: 8, promptTokens: 512, newTokens: 64 };
  const passTokens = Number(flags['pass-tokens']);
  const found = [];
  for (const base of bases) {
    const result = await measureGrpo(
      flags.tiny ? tiny : qwen3,
      { ...task, passTokens, shared: true },
      base,
      budgetMs,
      profile,
    );
    const { pivots, samplesPerPrompt, promptTokens, newTokens } = task;
    const shape = `${pivots} × ${samplesPerPrompt}, P ${promptTokens}, R ${newTokens}, passes of ${passTokens} tokens`;
    say(`  ${flags.tiny ? 'tiny' : 'Qwen3-0.6B'} ${base}, LoRA 16, ${shape}`);
    const parts = `rollout ${fixed(result.rolloutMs)}, update ${fixed(result.updateMs)} on ${result.trainedTokens} tokens`;
    say(
      `    ${fixed(result.ms)} ms a step (first ${fixed(result.firstMs)}): ${parts}, gradient norm ${result.gradientNorm.toPrecision(4)}`,
    );
    say(`    ${countsOf(result)}`);
    sayKernels(result);
    found.push(result);
  }
  return found;
});

say(`\n${fixed((performance.now() - began) / 1000)} s in all${flags.json ? `; JSON in ${flags.json}` : ''}`);
process.exit(0);
