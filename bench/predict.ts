/**
 * What a step would take on GPUs that are not at hand, from what `npm run bench` counted: FLOPs of the model, bytes that
 * its dispatches bind, dispatches, submits and readbacks. Written down before anything is measured there, so that a
 * measurement can prove it wrong.
 *
 *   npm run bench -- --only train,decode && npx tsx bench/predict.ts [JSON]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Calls } from './calls.ts';
import type { Measurement, Task } from './measure.ts';
import { decoding, parameterCount } from './work.ts';

interface Gpu {
  label: string;
  /** FLOP/s in f32 and bytes/s as its maker states them. */
  peak: number;
  bandwidth: number;
  dispatchUs: number;
  submitUs: number;
  readbackUs: number;
}

/** Costs of calls are guesses of the right size for a browser: its GPU process stands between. */
const gpus: Gpu[] = [
  {
    label: 'integrated (Iris Xe)',
    peak: 2.1e12,
    bandwidth: 60e9,
    dispatchUs: 10,
    submitUs: 150,
    readbackUs: 1500,
  },
  { label: 'Apple M2', peak: 3.6e12, bandwidth: 100e9, dispatchUs: 6, submitUs: 100, readbackUs: 1000 },
  {
    label: 'discrete (RTX 4070)',
    peak: 29e12,
    bandwidth: 504e9,
    dispatchUs: 4,
    submitUs: 100,
    readbackUs: 1000,
  },
];

/** What products of this size reach of the peak, and streams of the bandwidth. */
const achieved = { peak: 0.3, bandwidth: 0.7 };

/** Arithmetic of products alone: norms, gates and softmax are bound by bytes. */
function flopsOf({ work, engine, size, rows, length, newTokens }: Task): number {
  const { layers, width } = size;
  const weights = parameterCount(size);
  // Both products of attention; who masks instead of skipping computes what is not visible too.
  const visible = engine === 'ours' ? 0.5 : 1;
  if (work === 'train') {
    const tokens = rows * length;
    return 3 * tokens * (2 * weights + layers * 4 * width * length * visible);
  }
  const decoded = decoding.prompts * decoding.samplesPerPrompt * newTokens;
  // Ours runs a prompt once, the others once a row.
  const prompts = decoding.prompts * (engine === 'ours' ? 1 : decoding.samplesPerPrompt);
  const context = decoding.promptTokens + newTokens / 2;
  return (
    decoded * (2 * weights + layers * 4 * width * context) +
    prompts * decoding.promptTokens * (2 * weights + layers * 4 * width * decoding.promptTokens * visible)
  );
}

function predictedMs(gpu: Gpu, flops: number, calls: Calls): number {
  const arithmetic = flops / (gpu.peak * achieved.peak);
  const memory = calls.boundBytes / (gpu.bandwidth * achieved.bandwidth);
  const { dispatchUs, submitUs, readbackUs } = gpu;
  const overhead = calls.dispatches * dispatchUs + calls.submits * submitUs + calls.readbacks * readbackUs;
  return 1000 * (arithmetic + memory) + overhead / 1000;
}

interface Sample extends Task {
  measurement: Measurement | null;
}

const file =
  process.argv[2] ?? join(fileURLToPath(new URL('..', import.meta.url)), '.cache/bench/latest.json');
const { samples } = JSON.parse(readFileSync(file, 'utf8')) as { samples: Sample[] };
const say = (text: string) => process.stdout.write(`${text}\n`);

say(
  `Assumed: ${100 * achieved.peak} % of the peak in products, ${100 * achieved.bandwidth} % of the bandwidth, nothing overlapping.`,
);
for (const { label, peak, bandwidth, dispatchUs, submitUs, readbackUs } of gpus)
  say(
    `  ${label}: ${peak / 1e12} TFLOP/s, ${bandwidth / 1e9} GB/s, ${dispatchUs} µs a dispatch, ${submitUs} a submit, ${readbackUs} a readback`,
  );
say(
  `\n${'work'.padEnd(34)} GFLOP    MiB  dispatches/submits/readbacks  ${gpus.map(({ label }) => `${label}, ms`).join('  ')}`,
);
const known = new Set<string>();
for (const { measurement, ...task } of samples) {
  const { calls } = measurement ?? {};
  const tokens = task.work === 'train' ? `${task.rows} × ${task.length}` : `64 rows, ${task.newTokens} new`;
  const name = `${task.engine} ${task.work} ${(parameterCount(task.size) / 1e6).toFixed(1)} M, ${tokens}`;
  if (!calls || !['train', 'decode'].includes(task.work) || known.has(name)) continue;
  known.add(name);
  const flops = flopsOf(task);
  const counts = [calls.dispatches, calls.submits, calls.readbacks].join('/');
  const columns = [
    name.padEnd(34),
    (flops / 1e9).toFixed(1).padStart(6),
    (calls.boundBytes / 2 ** 20).toFixed(0).padStart(6),
    counts.padStart(29),
    ...gpus.map((gpu) =>
      predictedMs(gpu, flops, calls)
        .toFixed(1)
        .padStart(gpu.label.length + 4),
    ),
  ];
  say(columns.join(' '));
}
