/** The frozen starting policy π₀ of a run with β > 0. With LoRA it shares the base weights and has its own adapter. */
import { disposePolicy, type Policy } from '../model/policy.ts';
import type { RunRecord } from '../store/schema.ts';
import { loadModel, loadRun, SAMPLE_ONLY, type Loaded, type SiteFile } from './load.ts';

export interface Reference {
  policy: Policy;
  dispose(): void;
}

export async function loadReference(run: RunRecord, current: Loaded, site: SiteFile): Promise<Reference> {
  if (run.startRunId) {
    const start = await loadRun(run.startRunId, site);
    return { policy: start.policy, dispose: () => disposePolicy(start.policy) };
  }
  if (current.policy.adapter) {
    // A fresh adapter changes nothing, so π₀ is the base without one.
    return { policy: { ...current.policy, adapter: null }, dispose: () => undefined };
  }
  // Without an adapter all weights are trained, in f32.
  const start = await loadModel(run.modelId, { ...SAMPLE_ONLY, base: 'f32' }, site);
  return { policy: start.policy, dispose: () => disposePolicy(start.policy) };
}
