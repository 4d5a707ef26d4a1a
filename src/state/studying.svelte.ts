/** The paper in miniature: the study that comes with the app, and the reader's own, which takes its place as it fills. */
import { runStudy } from '../client/study.ts';
import { readStudy, deleteStudy } from '../store/studies.ts';
import type { ModelRecord } from '../store/schema.ts';
import { countCells } from '../study/cells.ts';
import { collect } from '../study/collect.ts';
import { studyKey, type Plan } from '../study/plan.ts';
import type { CellResult, StudyRecord, StudyResults } from '../study/results.ts';
import { trying } from './problems.svelte.ts';

class Studying {
  isBusy = $state(false);
  kept = $state.raw<StudyRecord | null>(null);
  own = $state.raw<StudyResults | null>(null);
  done = $state(0);
  total = $state(0);
  etaMs = $state<number | null>(null);
  /** What the cell under way is doing, and how much of it is done. */
  detail = $state('');
  fraction = $state(0);
  #stop: (() => void) | null = null;

  /** The reader's own as soon as it has a number, else the kept one. */
  shown = $derived<StudyResults | null>(this.own?.base.length ? this.own : this.kept);
  isOwn = $derived(this.shown !== null && this.shown === this.own);

  /** The largest of the studies that come with the app. */
  async readKept(): Promise<void> {
    if (this.kept) return;
    const name = ((await fetchJson('study/index.json')) as string[] | null)?.at(-1);
    if (name) this.kept = (await fetchJson(`study/${name}.json`)) as StudyRecord | null;
  }

  /** What is stored of the reader's own study of this kind. */
  async readOwn(plan: Plan, model: ModelRecord): Promise<void> {
    if (this.isBusy) return;
    const cells = await trying(() => readStudy(keyOf(plan, model)));
    if (!cells || this.isBusy) return;
    this.own = cells.size ? collect(plan, cells as unknown as Map<string, CellResult>) : null;
    this.done = cells.size;
    this.total = countCells(plan);
  }

  async start(plan: Plan, model: ModelRecord): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    this.etaMs = null;
    this.detail = 'Loading the model';
    this.fraction = 0;
    const request = { plan: $state.snapshot(plan), modelId: model.id, key: keyOf(plan, model) };
    const task = runStudy(request, (event) => {
      if (event.type === 'progress') [this.detail, this.fraction] = [event.detail, event.fraction];
      else if (event.type === 'failed') this.detail = `${event.key} failed: ${event.message}`;
      else {
        this.own = event.results;
        this.done = event.done;
        this.total = event.total;
        if (event.type === 'cell') this.etaMs = event.etaMs;
      }
    });
    this.#stop = () => task.stop();
    await trying(() => task.done);
    this.#stop = null;
    this.isBusy = false;
  }

  stop(): void {
    this.detail = 'Stopping';
    this.#stop?.();
  }

  async forget(plan: Plan, model: ModelRecord): Promise<void> {
    await trying(() => deleteStudy(keyOf(plan, model)));
    this.own = null;
    this.done = 0;
  }
}

/** Null where the site has no such file. */
async function fetchJson(path: string): Promise<unknown> {
  const response = await fetch(path).catch(() => null);
  // A host may answer a missing file with its index page.
  if (!response?.ok || !response.headers.get('Content-Type')?.includes('json')) return null;
  return (await trying(() => response.json())) ?? null;
}

const keyOf = (plan: Plan, model: ModelRecord) => studyKey(plan, model.hash, 'wasm');

export const studying = new Studying();
