/** The trainer worker's service: opens runs, drives them, tries models out, tests the machine. */
import { AppError, toPlain } from '../base/errors.ts';
import { hash32, Random } from '../base/random.ts';
import { untilFailure } from '../compute/backend.ts';
import { disposePolicy } from '../model/policy.ts';
import { generate } from '../rollout/generate.ts';
import { getModel } from '../store/models.ts';
import { getDataset } from '../store/datasets.ts';
import { getRun, listRuns, putRun, updateRun } from '../store/runs.ts';
import type { RunRecord } from '../store/schema.ts';
import { defaultConfig, parseConfig } from '../config/schema.ts';
import { helpdesk } from '../environment/helpdesk/helpdesk.ts';
import type { TrainEvent } from './events.ts';
import { teach, type LessonEvent } from './lesson.ts';
import { loadModel, loadRun, SAMPLE_ONLY, trainingOf } from './load.ts';
import { withLock } from './lock.ts';
import { createPump } from './pump.ts';
import { runName } from './run-name.ts';
import { reportMachine } from './self-test-report.ts';
import type { RunRequest, TrainerService } from './services.ts';
import type { Thread } from './thread.ts';
import { train } from './train.ts';
import { warmStart } from './warm-start.ts';

/** How often a running run says that it is alive. */
const HEARTBEAT_MS = 4000;

export function createTrainerService(thread: Thread): TrainerService {
  const pump = createPump('metrics');

  async function* work(runId: string): AsyncGenerator<TrainEvent, void> {
    const run = await getRun(runId);
    if (!run) throw new AppError('run-missing', 'This run is no longer stored.', 'Start a new one.');
    await thread.open(run.config.backend);
    const device = thread.device();
    await updateRun(runId, {
      state: 'running',
      heartbeat: Date.now(),
      device: device.description,
      error: null,
    });
    const beat = setInterval(() => void updateRun(runId, { heartbeat: Date.now() }), HEARTBEAT_MS);
    let isOver = false;
    try {
      const parts = { device, verify: thread.verify, site: thread.site, hasFailed: thread.hasFailed };
      yield* run.kind === 'sft' ? warmStart(run, parts) : train(run, parts);
      isOver = true;
    } catch (error) {
      isOver = true;
      await updateRun(runId, { state: 'failed', error: toPlain(error) });
      throw error;
    } finally {
      clearInterval(beat);
      if (!isOver) await updateRun(runId, { state: 'stopped' });
    }
  }

  async function* lesson(modelId: string, seed: string): AsyncGenerator<LessonEvent, void> {
    const model = await getModel(modelId);
    if (!model)
      throw new AppError('model-missing', 'This model is no longer stored.', 'Choose another under Models.');
    await thread.open('auto');
    const { policy, codec } = await loadModel(modelId, trainingOf(defaultConfig(), model), thread.site);
    yield* teach({ policy, codec, world: helpdesk, verify: thread.verify, seed });
  }

  return {
    prepare: prepareRun,
    run: (runId, onMessage) =>
      pump.run(
        withLock(`run:${runId}`, () => work(runId)),
        onMessage,
      ),
    pause: async () => pump.pause(),
    resume: async () => pump.resume(),
    step: async () => pump.step(),
    stop: async () => pump.stop(),
    configureVerifier: async (options) => thread.configureVerifier(options),

    async complete(modelId, runId, prompt, { temperature, maxNewTokens, seed, isChat, backend = 'auto' }) {
      await thread.open(backend);
      const { policy, codec } = runId
        ? await loadRun(runId, thread.site)
        : await loadModel(modelId, SAMPLE_ONLY, thread.site);
      try {
        const ids = isChat
          ? codec.promptIds([{ role: 'user', content: prompt, isTrainable: false }], [])
          : codec.tokenizer.encode(prompt, { addSpecialTokens: true });
        const began = performance.now();
        const rollouts = await untilFailure(
          generate({
            policy,
            prompts: [Int32Array.from(ids)],
            promptSeeds: [hash32(seed)],
            samplesPerPrompt: 1,
            sampling: { temperature, topP: 1, topK: 0, minP: 0 },
            maxNewTokens,
            stopIds: codec.stopIds,
          }),
        );
        const sampled = rollouts[0]![0]!;
        const seconds = (performance.now() - began) / 1000;
        return {
          text: codec.tokenizer.decode(sampled.ids, { skipSpecialTokens: true }),
          ids: sampled.ids,
          tokensPerSecond: sampled.ids.length / seconds,
        };
      } finally {
        if (!thread.hasFailed()) disposePolicy(policy);
      }
    },

    teach: (modelId, seed, onMessage) => pump.run(lesson(modelId, seed), onMessage),

    selfTest: (prefer) => reportMachine(thread, prefer),
  };
}

async function prepareRun(request: RunRequest): Promise<RunRecord> {
  const [dataset, model] = await Promise.all([getDataset(request.datasetId), getModel(request.modelId)]);
  if (!dataset || !model)
    throw new AppError(
      'input-missing',
      'The dataset or the model is no longer stored.',
      'Choose them again.',
    );
  let config = parseConfig(request.config);
  if (request.startRunId) {
    // What was trained in full goes on in full, an adapter goes on as the same adapter.
    const start = await getRun(request.startRunId);
    if (!start)
      throw new AppError(
        'run-missing',
        'The run to start from is no longer stored.',
        'Start from the model.',
      );
    const { training, rank, alpha } = start.config;
    config = { ...config, training, rank, alpha };
  }
  const now = Date.now();
  const names = new Set((await listRuns()).map((run) => run.name));
  const run: RunRecord = {
    ...request,
    config,
    id: `${now.toString(36)}-${new Random(`${now}${request.kind}`).uint32().toString(36)}`,
    name: runName(names, new Random(now)),
    state: 'draft',
    step: 0,
    createdAt: now,
    heartbeat: now,
    device: '',
    version: '0.1.0',
    summary: null,
    error: null,
  };
  await putRun(run);
  return run;
}
