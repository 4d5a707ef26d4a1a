/** The page's side of the study worker. Stopping ends its thread: every finished cell is stored. */
import type { StudyEvent } from '../study/study.ts';
import type { StudyRequest, StudyService } from '../study/study-service.ts';
import { openService } from './spawn.ts';
import { followTask } from './task.ts';

const service = openService<StudyService>(
  'The study',
  () =>
    new Worker(new URL('../../workers/study.worker.ts', import.meta.url), { type: 'module', name: 'study' }),
);

/** `done` also resolves when it was stopped. */
export function runStudy(
  request: StudyRequest,
  onEvent: (event: StudyEvent) => void,
): { done: Promise<void>; stop(): void } {
  let isStopped = false;
  const { done } = followTask<StudyEvent>(
    (onMessage) => service.call('run', request, onMessage),
    async () => undefined,
    // A thread that is let go may fail at what it was doing: nobody asked for that any more.
    (event) => isStopped || onEvent(event),
  );
  return {
    // Only when its thread is gone can another one work on the same study.
    done: done.then(
      () => service.kill(),
      async (error: unknown) => {
        await service.kill();
        if (!isStopped) throw error;
      },
    ),
    stop() {
      isStopped = true;
      void service.kill();
    },
  };
}
