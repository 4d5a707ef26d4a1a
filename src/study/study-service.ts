/**
 * The study worker's service: runs a plan in the browser, cell by cell, on a backend of its own. Finished cells are
 * stored, so the thread may be ended at any moment and costs at most the cell under way.
 */
import { AppError } from '../base/errors.ts';
import { defaultConfig } from '../config/schema.ts';
import type { Stream } from '../session/events.ts';
import { loadModel, trainingOf } from '../session/load.ts';
import { withLock } from '../session/lock.ts';
import { createPump } from '../session/pump.ts';
import type { Thread } from '../session/thread.ts';
import { getModel } from '../store/models.ts';
import { readStudyCell, writeStudyCell } from '../store/studies.ts';
import { closeLab, openLab } from './lab.ts';
import type { Plan } from './plan.ts';
import { runCell } from './run.ts';
import { study, type StudyEvent } from './study.ts';

export interface StudyRequest {
  plan: Plan;
  modelId: string;
  /** Where its cells are kept. */
  key: string;
}

export interface StudyService {
  /** Runs or continues; the stream ends when every cell has its result. */
  run(request: StudyRequest, onMessage: (message: Stream<StudyEvent>) => void): Promise<void>;
}

export function createStudyService(thread: Thread): StudyService {
  const pump = createPump('cell');

  async function* work({ plan, modelId, key }: StudyRequest): AsyncGenerator<StudyEvent, void> {
    const model = await getModel(modelId);
    if (!model)
      throw new AppError('model-missing', 'This model is no longer stored.', 'Choose another under Models.');
    const training = trainingOf(defaultConfig(), model);
    if (training.kind !== 'full')
      throw new AppError(
        'study-model-large',
        `A study trains all weights in dozens of runs, and “${model.name}” has ${model.parameters} of them.`,
        'Choose a built-in model.',
      );
    // Small models are faster on the processor: a study is thousands of small products.
    await thread.open('wasm');
    const { policy, codec } = await loadModel(modelId, training, thread.site);
    const lab = await openLab(policy, codec, thread.verify);
    try {
      yield* study(plan, {
        journal: {
          read: (cell) => readStudyCell(key, cell),
          write: (cell, result) => writeStudyCell(key, cell, result),
        },
        run: (cell, earlier, onProgress) => runCell(lab, plan.budgets, cell, earlier, onProgress),
        jobs: 1,
      });
    } finally {
      if (!thread.hasFailed()) closeLab(lab);
    }
  }

  return {
    run: (request, onMessage) =>
      pump.run(
        withLock(`study:${request.key}`, () => work(request)),
        onMessage,
      ),
  };
}
