/** One pivot from beginning to end, as its stages arrive from the trainer; stages are shown when the reader asks. */
import { runLesson } from '../client/trainer.ts';
import type { LessonEvent } from '../session/lesson.ts';
import { trying } from './problems.svelte.ts';

type Stage<Type extends LessonEvent['type']> = Extract<LessonEvent, { type: Type }>;

/** What there is to read, in this order. */
export const lessonStages = ['prompt', 'attempts', 'spread', 'advantages', 'update', 'after'] as const;
export type LessonStage = (typeof lessonStages)[number];

class Lesson {
  isBusy = $state(false);
  tried = $state(0);
  pivot = $state.raw<Stage<'pivot'> | null>(null);
  group = $state.raw<Stage<'group'> | null>(null);
  updates = $state.raw<Stage<'update'>[]>([]);
  after = $state.raw<Stage<'after'> | null>(null);
  /** How many stages the reader has opened. */
  opened = $state(0);
  #number = 0;

  /** The stages that have arrived. */
  ready = $derived(this.after ? 6 : this.group ? 5 : this.pivot ? 1 : 0);

  /** A lesson on another pivot each time. */
  async begin(modelId: string): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    this.tried = 0;
    this.pivot = this.group = this.after = null;
    this.updates = [];
    this.opened = 1;
    await trying(() => runLesson(modelId, `lesson ${this.#number++}`, (event) => this.#take(event)).done);
    this.isBusy = false;
  }

  next(): void {
    this.opened = Math.min(this.ready, this.opened + 1);
  }

  showAll(): void {
    this.opened = lessonStages.length;
  }

  #take(event: LessonEvent): void {
    if (event.type === 'searching') this.tried = event.tried;
    else if (event.type === 'pivot') this.pivot = event;
    else if (event.type === 'group') this.group = event;
    else if (event.type === 'update') this.updates = [...this.updates, event];
    else this.after = event;
  }
}

export const lesson = new Lesson();
