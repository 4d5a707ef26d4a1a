/** The page's side of the trainer worker. */
import type { TrainEvent } from '../session/events.ts';
import type { LessonEvent } from '../session/lesson.ts';
import type { RunRequest, SelfTestReport, TrainerService } from '../session/services.ts';
import type { RunRecord } from '../store/schema.ts';
import { openService } from './spawn.ts';
import { followTask, type Task } from './task.ts';
import { configureVerifiers } from './verifiers.ts';

const service = openService<TrainerService>(
  'The trainer',
  () =>
    new Worker(new URL('../../workers/trainer.worker.ts', import.meta.url), {
      type: 'module',
      name: 'trainer',
    }),
);

export function openRun(request: RunRequest): Promise<RunRecord> {
  return service.call('prepare', request);
}

export function runTraining(runId: string, onEvent: (event: TrainEvent) => void): Task & { step(): void } {
  const task = followTask<TrainEvent>(
    async (onMessage) => {
      await configureVerifiers((options) => service.call('configureVerifier', options));
      await service.call('run', runId, onMessage);
    },
    (name) => service.call(name),
    onEvent,
  );
  // A failed run may have left a lost device or full memory behind: the next one begins in a new thread.
  task.done.catch(() => service.kill());
  return { ...task, step: () => void service.call('step').catch(() => undefined) };
}

export function runLesson(modelId: string, seed: string, onEvent: (event: LessonEvent) => void): Task {
  const task = followTask<LessonEvent>(
    (onMessage) => service.call('teach', modelId, seed, onMessage),
    (name) => service.call(name),
    onEvent,
  );
  task.done.catch(() => service.kill());
  return task;
}

export const complete = (...args: Parameters<TrainerService['complete']>) =>
  service.call('complete', ...args);

export function selfTest(prefer: 'webgpu' | 'wasm' | 'cpu' | null): Promise<SelfTestReport> {
  return service.call('selfTest', prefer);
}
