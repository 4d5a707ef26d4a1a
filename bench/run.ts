/** Runs the engines' pages one after another in fresh Chromiums, and prints and keeps what they report. */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { chromium } from 'playwright';
import { build } from 'vite';
import { selfContainedThreads } from '../scripts/lib/self-contained-threads.ts';
// @ts-expect-error plain JavaScript
import * as server from '../scripts/lib/serve.mjs';
// @ts-expect-error plain JavaScript
import * as setup from '../scripts/lib/setup.mjs';
import { median } from '../src/base/statistics.ts';
import { flopsOf } from './flops.ts';
import type { Measurement, Task } from './measure.ts';
import { plan, planInNode, type Entry } from './plan.ts';

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    engines: { type: 'string' },
    rounds: { type: 'string' },
    backend: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});
function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const root = (setup as { root: string }).root;
const { ensureChromium, chromiumOptions } = setup as {
  ensureChromium: () => Promise<string>;
  chromiumOptions: (path: string) => object;
};
const { serve } = server as {
  serve: (folder: string) => Promise<{ url: string; close: () => Promise<void> }>;
};

/** Most time one page may take, loading and compiling included. */
const pageLimitMs = 240_000;

export interface Sample extends Task {
  round: number;
  measurement: Measurement | null;
  error: string | null;
}

async function bundle(): Promise<string> {
  const outDir = join(root, '.cache/bench', `pages-${process.pid}`);
  await build({
    configFile: false,
    root: join(root, 'bench'),
    base: './',
    logLevel: 'error',
    plugins: [selfContainedThreads()],
    worker: { format: 'es', plugins: () => [selfContainedThreads()] },
    build: { outDir, emptyOutDir: true, target: 'es2023', chunkSizeWarningLimit: 8000 },
  });
  return outDir;
}

async function openPages() {
  const executable = await ensureChromium();
  const outDir = await bundle();
  const site = await serve(outDir);
  return {
    run: (task: Task, round: number) => runPage(executable, site.url, task, round),
    async close() {
      await site.close();
      rmSync(outDir, { recursive: true, force: true });
    },
  };
}

async function runPage(executable: string, url: string, task: Task, round: number): Promise<Sample> {
  // A fresh browser each time: a GPU process that was killed or filled by one engine would burden the next.
  const browser = await chromium.launch(chromiumOptions(executable));
  try {
    const page = await browser.newPage();
    await page.goto(`${url}#${encodeURIComponent(JSON.stringify(task))}`);
    const late = new Promise<never>((_, reject) =>
      setTimeout(() => reject(new Error(`no answer within ${pageLimitMs / 1000} s`)), pageLimitMs).unref(),
    );
    const report = (await Promise.race([page.evaluate('globalThis.report'), late])) as {
      measurement?: Measurement;
      error?: string;
    };
    return { ...task, round, measurement: report.measurement ?? null, error: report.error ?? null };
  } catch (error) {
    return { ...task, round, measurement: null, error: error instanceof Error ? error.message : 'unknown' };
  } finally {
    await browser.close();
  }
}

/** Ours through Dawn, in a process of its own, instead of in a page. */
async function runProcess(task: Task, round: number): Promise<Sample> {
  const entry = join(root, 'bench/engines/ours.node.ts');
  try {
    const run = promisify(execFile)(process.execPath, ['--import', 'tsx', entry, JSON.stringify(task)], {
      timeout: pageLimitMs,
      maxBuffer: 2 ** 26,
    });
    const measurement = JSON.parse((await run).stdout.trimEnd().split('\n').at(-1)!) as Measurement;
    return { ...task, round, measurement, error: null };
  } catch (error) {
    return { ...task, round, measurement: null, error: error instanceof Error ? error.message : 'unknown' };
  }
}

const wanted = flags.only?.split(',');
const engines = flags.engines?.split(',');
const inNode = flags.backend === 'node';
const entries = (inNode ? planInNode(flags.quick) : plan(flags.quick)).filter(
  ({ name, task }) =>
    (!wanted || wanted.includes(name.split(' ')[0]!)) &&
    (!engines || engines.includes(`${task.engine}-${task.backend}`)),
);
const browser = inNode ? null : await openPages();
const samples = new Map<Entry, Sample[]>(entries.map((entry) => [entry, []]));
const began = performance.now();
try {
  const rounds = Number(flags.rounds ?? (flags.quick ? 1 : 2));
  for (let round = 0; round < rounds; round++) {
    for (const entry of entries) {
      if (round >= (entry.rounds ?? rounds)) continue;
      const sample = await (browser?.run ?? runProcess)(entry.task, round);
      samples.get(entry)!.push(sample);
      const { measurement, error } = sample;
      const spent = ((performance.now() - began) / 1000).toFixed(0);
      const what = measurement ? measurement.times.map((ms) => ms.toFixed(0)).join(' ') + ' ms' : error;
      say(`${spent.padStart(4)} s  ${entry.name} ${entry.label}: ${what?.slice(0, 300)}`);
    }
  }
} finally {
  await browser?.close();
}

// What is printed and kept

interface Line {
  work: string;
  engine: string;
  samples: number;
  medianMs: number;
  leastMs: number;
  mostMs: number;
  firstMs: number;
  tokensPerSecond: number | null;
  /** Median page of each round. */
  rounds: Map<number, number>;
  calls: Measurement['calls'];
  /** Of its products; null where they are not counted. */
  flops: number | null;
  check: number[];
  facts: Measurement['facts'];
  error: string | null;
}

function summary(entry: Entry, list: Sample[]): Line {
  const good = list.flatMap(({ measurement }) => measurement ?? []);
  const times = good.flatMap(({ times }) => times);
  const last = good.at(-1);
  const rounds = new Map(
    list.flatMap(({ round, measurement }): [number, number][] =>
      measurement ? [[round, median(measurement.times)]] : [],
    ),
  );
  const medianMs = median([...rounds.values()]);
  return {
    work: entry.name,
    engine: entry.label,
    samples: times.length,
    medianMs,
    leastMs: Math.min(...times),
    mostMs: Math.max(...times),
    firstMs: median(good.map(({ firstMs }) => firstMs)),
    tokensPerSecond: last?.tokens ? (last.tokens * 1000) / medianMs : null,
    rounds,
    calls: last?.calls ?? null,
    flops: flopsOf(entry.task),
    check: last?.check?.slice(0, 64) ?? [],
    facts: last?.facts,
    error: list.find(({ error }) => error)?.error ?? null,
  };
}

/** How many times as long as the first line of its work, round by round. */
function ratios(line: Line, first: Line): number[] {
  return [...line.rounds].flatMap(([round, ms]) => {
    const other = first.rounds.get(round);
    return other ? [ms / other] : [];
  });
}

const lines = entries.map((entry) => summary(entry, samples.get(entry)!));
const number = (value: number, width = 9) => value.toFixed(value < 100 ? 1 : 0).padStart(width);

function print(line: Line, first: Line): void {
  if (!line.samples) return say(`${line.engine.padEnd(24)}  ${line.error ?? 'not run'}`);
  const times = [line.medianMs, line.leastMs, line.mostMs, line.firstMs].map((ms) => number(ms)).join('');
  const rate = line.tokensPerSecond ? number(line.tokensPerSecond) : ''.padStart(9);
  const list = ratios(line, first);
  const range = `${Math.min(...list).toFixed(2)}–${Math.max(...list).toFixed(2)}`;
  const ratio = list.length ? `${median(list).toFixed(2)} (${range})` : '';
  const byMin = (line.leastMs / first.leastMs).toFixed(2);
  const { calls, facts } = line;
  const counted = calls ? [calls.dispatches, calls.submits, calls.readbacks].join('/') : '';
  const moved = calls ? (calls.boundBytes / 2 ** 20).toFixed(0) : '';
  const gigaflop = line.flops ? (line.flops / 1e9).toFixed(1) : '';
  const remarks = Object.entries(facts ?? {}).map((pair) => pair.join(' '));
  const rest = [
    ratio.padStart(22),
    byMin.padStart(8),
    counted.padStart(17),
    gigaflop.padStart(8),
    moved.padStart(9),
    `  ${remarks.join(', ')}`,
  ];
  say(line.engine.padEnd(24) + times + rate + rest.join(''));
}

/** Rollouts of one peer and the update of the other against ours that does both. */
function sayPeersTogether([ours, ...peers]: Line[]): void {
  const all = [ours!, ...peers];
  if (peers.length < 2 || all.some(({ samples }) => !samples)) return;
  const together = peers.reduce((sum, { medianMs }) => sum + medianMs, 0);
  say(`${'both peers'.padEnd(24)}${number(together)}  ${(together / ours!.medianMs).toFixed(2)} × ours`);
}

const heads = ['median ms', 'min', 'max', 'first', 'tok/s'].map((head) => head.padStart(9)).join('');
for (const work of new Set(lines.map((line) => line.work))) {
  const group = lines.filter((line) => line.work === work);
  const first = group[0]!;
  say(
    `\n${work}\n${''.padEnd(24)}${heads}${'× first line'.padStart(22)}${'by min'.padStart(8)}   disp/subm/read   GFLOP MiB bound`,
  );
  for (const line of group) print(line, first);
  if (work.startsWith('grpo')) sayPeersTogether(group);
  for (const { engine, check } of group) {
    if (check.length)
      say(
        `  ${engine}: ${check
          .slice(0, 9)
          .map((n) => Number(n.toFixed(4)))
          .join(' ')}`,
      );
  }
}

const file = flags.json ?? join(root, '.cache/bench/latest.json');
mkdirSync(dirname(file), { recursive: true });
const machine = { cores: cpus().length, processor: cpus()[0]?.model, node: process.version };
const report = { date: new Date().toISOString(), machine, arguments: process.argv.slice(2) };
writeFileSync(file, JSON.stringify({ ...report, samples: [...samples.values()].flat() }, null, 1));
say(`\n${((performance.now() - began) / 1000).toFixed(0)} s in all; JSON in ${file}`);
process.exit(0);
