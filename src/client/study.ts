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
    onEvent,
  );
  const end = () => service.kill();
  done.then(end, end);
  return {
    done: done.catch((error: unknown) => {
      if (!isStopped) throw error;
    }),
    stop() {
      isStopped = true;
      end();
    },
  };
}
