/** The profiler worker's service: opens profiles by their key and runs them. The profiling itself is `profile.ts`. */
import { AppError } from '../base/errors.ts';
import { canonicalJson, type JsonObject } from '../base/json.ts';
import { hash32 } from '../base/random.ts';
import type { RunConfig } from '../config/schema.ts';
import { parseConfig } from '../config/schema.ts';
import { disposePolicy } from '../model/policy.ts';
import { latestCheckpoint } from '../store/checkpoints.ts';
import { getDataset } from '../store/datasets.ts';
import { getModel } from '../store/models.ts';
import { getProfile, putProfile } from '../store/profiles.ts';
import type { ProfileRecord } from '../store/schema.ts';
import type { ProfileEvent } from './events.ts';
import { loadModel, loadRun, SAMPLE_ONLY } from './load.ts';
import { withLock } from './lock.ts';
import { profile } from './profile.ts';
import { createPump } from './pump.ts';
import type { ProfilerService, ProfileRequest } from './services.ts';
import type { Thread } from './thread.ts';

/** The settings that a profile's numbers depend on; the same ones give the same profile. */
const KEY_FIELDS = [
  'seed',
  'verifier',
  'heldOutShare',
  'maxPromptTokens',
  'maxCandidates',
  'profileSamples',
  'temperature',
  'maxNewTokens',
  'baseWeights',
] as const satisfies readonly (keyof RunConfig)[];

export function createProfilerService(thread: Thread): ProfilerService {
  const pump = createPump('turns');

  async function* work(profileId: string): AsyncGenerator<ProfileEvent, void> {
    const record = await getProfile(profileId);
    if (!record) throw new AppError('profile-missing', 'This profile is no longer stored.', 'Profile again.');
    const config = parseConfig(record.sampling);
    await thread.open(config.backend);
    const { policy, codec } = record.warmStartRunId
      ? await loadRun(record.warmStartRunId, thread.site)
      : await loadModel(record.modelId, { ...SAMPLE_ONLY, base: config.baseWeights }, thread.site);
    try {
      yield* profile(record, config, { policy, codec, device: thread.device(), verify: thread.verify });
    } finally {
      if (!thread.hasFailed()) disposePolicy(policy);
    }
  }

  return {
    prepare: (request) => prepareProfile(request),
    run: (profileId, onMessage) =>
      pump.run(
        withLock(`profile:${profileId}`, () => work(profileId)),
        onMessage,
      ),
    pause: async () => pump.pause(),
    resume: async () => pump.resume(),
    stop: async () => pump.stop(),
    configureVerifier: async (options) => thread.configureVerifier(options),
  };
}

async function prepareProfile({
  datasetId,
  modelId,
  warmStartRunId,
  config,
}: ProfileRequest): Promise<ProfileRecord> {
  const [dataset, model] = await Promise.all([getDataset(datasetId), getModel(modelId)]);
  if (!dataset || !model)
    throw new AppError(
      'input-missing',
      'The dataset or the model is no longer stored.',
      'Choose them again.',
    );
  const sampling = Object.fromEntries(KEY_FIELDS.map((field) => [field, config[field]])) as JsonObject;
  const checkpoint = warmStartRunId ? await latestCheckpoint(warmStartRunId) : null;
  const start = checkpoint ? { run: warmStartRunId, step: checkpoint.step } : null;
  const key = canonicalJson({ dataset: dataset.fingerprint, model: model.hash, start, sampling });
  const id =
    hash32('profile', key).toString(16).padStart(8, '0') + hash32('id', key).toString(16).padStart(8, '0');
  const known = await getProfile(id);
  if (known) return known;
  const record: ProfileRecord = {
    id,
    datasetId,
    modelId,
    warmStartRunId,
    verifier: config.verifier,
    sampling: { ...sampling, backend: config.backend },
    state: 'paused',
    createdAt: Date.now(),
    candidates: 0,
    profiled: 0,
    tooLong: 0,
    durationMs: 0,
    rolloutTurns: 0,
  };
  await putProfile(record);
  return record;
}
