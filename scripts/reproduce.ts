/**
 * `npm run reproduce`: the paper in miniature, without a window. Runs every method in every world, prints the paper's
 * tables beside ours and what became of its claims, and keeps the results in `public/study/`. A stopped study continues
 * where it was.
 *
 *   npm run reproduce                      the full plan: a day on two cores
 *   npm run reproduce -- --evening         every world and method with three seeds, four hours
 *   npm run reproduce -- --quick           one world, one seed, in minutes
 *   npm run reproduce -- --world shell     only this world (repeatable)
 *   npm run reproduce -- --method sft      only this method (repeatable)
 *   npm run reproduce -- --backend webgpu  on the GPU, through Dawn; default wasm
 *   npm run reproduce -- --jobs 8          so many cells at once, each in a process of its own
 *   npm run reproduce -- --model DIR       a Hugging Face folder instead of the built-in model
 *   npm run reproduce -- --journal DIR     where finished cells are kept; default .cache/reproduce
 *   npm run reproduce -- --out FILE        default public/study/<plan>.json
 *   npm run reproduce -- --report          runs nothing: tables and file from the cells that are finished
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { hash32 } from '../src/base/random.ts';
import { worldNamed } from '../src/environment/worlds.ts';
import { countCells } from '../src/study/cells.ts';
import {
  eveningPlan,
  fullPlan,
  methodNames,
  plans,
  quickPlan,
  studyKey,
  type Plan,
} from '../src/study/plan.ts';
import type { StudyRecord, StudyResults } from '../src/study/results.ts';
import { study, type Journal, type StudyEvent } from '../src/study/study.ts';
import { studyText } from '../src/study/text.ts';
import { serveCells } from './lib/study-child.ts';
import { startProcesses } from './lib/study-processes.ts';

function fileJournal(folder: string): Journal {
  mkdirSync(folder, { recursive: true });
  const path = (key: string) => join(folder, `${key}.json`);
  return {
    read: (key) =>
      Promise.resolve(existsSync(path(key)) ? JSON.parse(readFileSync(path(key), 'utf8')) : undefined),
    write(key, value) {
      writeFileSync(`${path(key)}.new`, JSON.stringify(value));
      renameSync(`${path(key)}.new`, path(key));
      return Promise.resolve();
    },
  };
}

/** Kept beside the cells: what they ran on, and for how long in all. */
interface About {
  device: string;
  seconds: number;
}

const toldAt = new Map<string, number>();

/** Progress for people, a line for each running cell every quarter of a minute. */
function tell(event: StudyEvent): void {
  if (event.type === 'started') console.error(`${event.done} of ${event.total} cells are there already.`);
  if (event.type === 'failed') console.error(`${event.key} failed: ${event.message}`);
  if (event.type === 'progress' && Date.now() - (toldAt.get(event.key) ?? 0) > 15_000) {
    toldAt.set(event.key, Date.now());
    console.error(`  ${event.key}: ${event.detail} (${Math.round(100 * event.fraction)} %)`);
  }
  if (event.type === 'cell')
    console.error(
      `${event.key} took ${event.seconds.toFixed(0)} s · ${event.done} of ${event.total} cells` +
        (event.done < event.total ? ` · about ${minutes(event.etaMs ?? 0)} left` : ''),
    );
}

const minutes = (milliseconds: number) => `${(milliseconds / 60_000).toFixed(1)} min`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean' },
      evening: { type: 'boolean' },
      world: { type: 'string', multiple: true },
      method: { type: 'string', multiple: true },
      backend: { type: 'string', default: 'wasm' },
      jobs: { type: 'string' },
      model: { type: 'string' },
      journal: { type: 'string' },
      out: { type: 'string' },
      report: { type: 'boolean' },
    },
  });
  const { backend } = values;
  if (backend !== 'wasm' && backend !== 'webgpu') throw new Error('--backend is wasm or webgpu.');
  const unknown = (values.method ?? []).filter((name) => !(methodNames as readonly string[]).includes(name));
  if (unknown.length) throw new Error(`--method knows ${methodNames.join(', ')}, not ${unknown.join(', ')}.`);

  const whole = values.quick ? quickPlan : values.evening ? eveningPlan : fullPlan;
  const plan: Plan = {
    ...whole,
    worlds: (values.world ?? whole.worlds).filter((name) => {
      if (worldNamed(name)) return true;
      throw new Error(`There is no world called ${name}.`);
    }),
    methods: whole.methods.filter((name) => !values.method || values.method.includes(name)),
  };
  const here = dirname(fileURLToPath(import.meta.url));
  const root = existsSync(join(here, '../package.json')) ? resolve(here, '..') : here;
  const model = values.model ?? join(root, 'public/models/fulcrum-mini');
  const cores = availableParallelism();
  const jobs = Number(values.jobs ?? Math.min(cores, 8));
  const fingerprint = readFileSync(join(model, 'model.safetensors')).toString('latin1');
  const key = studyKey(plan, hash32(fingerprint).toString(16), backend);
  const journal = fileJournal(join(values.journal ?? join(root, '.cache/reproduce'), key));

  const began = Date.now();
  const before = ((await journal.read('about')) ?? { device: '', seconds: 0 }) as unknown as About;
  let about = before;
  let results: StudyResults | null = null;

  async function* events(): AsyncGenerator<StudyEvent> {
    const threads = Math.max(1, Math.floor(cores / jobs));
    const options = { backend: backend as 'wasm' | 'webgpu', threads, model, budgets: plan.budgets };
    const processes = await startProcesses(jobs, fileURLToPath(import.meta.url), options);
    about = {
      ...about,
      device: [processes.device, cpus()[0]?.model, `${jobs} ${jobs === 1 ? 'process' : 'processes'}`].join(
        ', ',
      ),
    };
    console.error(`${countCells(plan)} cells, on ${backend} (${about.device}). Journal: ${key}`);
    try {
      yield* study(plan, { journal, run: processes.run, jobs });
    } finally {
      processes.end();
    }
  }

  try {
    const nothing = () => Promise.reject(new Error('A report runs nothing.'));
    for await (const event of values.report ? study(plan, { journal, run: nothing, jobs: 0 }) : events()) {
      tell(event);
      if ('results' in event) results = event.results;
      if (values.report) break;
      if (event.type !== 'cell') continue;
      about = { ...about, seconds: before.seconds + Math.round((Date.now() - began) / 1000) };
      await journal.write('about', { ...about });
    }
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
  if (!results) return;
  const record: StudyRecord = {
    // What made the results; `--report` only reads them.
    command: ['npm run reproduce --', ...process.argv.slice(2).filter((flag) => flag !== '--report')].join(
      ' ',
    ),
    backend,
    ...about,
    model: resolve(model).split('/').at(-1)!,
    date: new Date().toISOString(),
    ...results,
  };
  const out = values.out ?? join(root, 'public/study', `${plan.name}.json`);
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(record)}\n`);
  // The page asks what there is, so that it never asks for what is not.
  const kept = plans.map(({ name }) => name).filter((name) => existsSync(join(dirname(out), `${name}.json`)));
  if (!values.out) writeFileSync(join(dirname(out), 'index.json'), `${JSON.stringify(kept)}\n`);
  console.log(studyText(record));
  console.error(`Kept in ${out}.`);
}

if (process.argv.includes('--child')) serveCells();
else {
  await main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
