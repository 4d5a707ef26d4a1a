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
import { flopsOf } from './flops.ts';
import type { Measurement, Task } from './measure.ts';
import { parameterCount } from './work.ts';

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

/**
 * Of JavaScript, by `bench/javascript-cost.ts` in Node through Dawn on a 2-core x86-64 server: the least of its samples,
 * since the machine had other work. One other server's processor took 14 µs a recorded dispatch; a browser's calls go
 * to its GPU process instead and are not measured.
 */
const javascriptUs = { recorded: 2.3, replayed: 1.7, newBindGroup: 13 };

/** Decoding of ours is recorded once and replayed; all else is recorded each time. */
function javascriptMs({ engine, work }: Task, { dispatches, bindGroups }: Calls): number {
  const { recorded, replayed, newBindGroup } = javascriptUs;
  const dispatchUs = engine === 'ours' && work === 'decode' ? replayed : recorded;
  return (dispatches * dispatchUs + bindGroups * newBindGroup) / 1000;
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
const { recorded, replayed, newBindGroup } = javascriptUs;
say(
  `The second time adds what JavaScript takes: ${recorded} µs a dispatch, replayed ${replayed}, and ${newBindGroup} a new bind group.`,
);
const columnWidth = ({ label }: Gpu) => Math.max(18, label.length + 6);
const heads = gpus.map((gpu) => `${gpu.label}, ms`.padStart(columnWidth(gpu))).join(' ');
say(`\n${'work'.padEnd(34)}  GFLOP    MiB   dispatches/submits/readbacks/bind groups ${heads}`);
const known = new Set<string>();
for (const { measurement, ...task } of samples) {
  const { calls } = measurement ?? {};
  const tokens = task.work === 'train' ? `${task.rows} × ${task.length}` : '64 rows';
  const name = `${task.engine} ${task.work} ${(parameterCount(task.size) / 1e6).toFixed(1)} M, ${tokens}`;
  const flops = flopsOf(task);
  if (!calls || !flops || known.has(name)) continue;
  known.add(name);
  const script = javascriptMs(task, calls);
  const { dispatches, submits, readbacks, bindGroups } = calls;
  const counts = [dispatches, submits, readbacks, bindGroups].join('/');
  const columns = [
    name.padEnd(34),
    (flops / 1e9).toFixed(1).padStart(6),
    (calls.boundBytes / 2 ** 20).toFixed(0).padStart(6),
    counts.padStart(41),
    ...gpus.map((gpu) => {
      const ms = predictedMs(gpu, flops, calls);
      return `${ms.toFixed(1)} / ${(ms + script).toFixed(1)}`.padStart(columnWidth(gpu));
    }),
  ];
  say(columns.join(' '));
}
