/** The passes in which groups go through a policy to be trained on: as many tokens each as its memory allows. */
import type { Policy } from '../model/policy.ts';
import { trainingPass, type PassSettings } from '../model/portions.ts';
import { groupLength, packGroups, type GroupTokens, type TrainingBatch } from '../rollout/pack.ts';

export function passesOf(
  policy: Policy,
  groups: readonly GroupTokens[],
  settings: PassSettings,
): { batches: TrainingBatch[]; recompute: boolean } {
  const longest = Math.max(...groups.map(groupLength));
  const rank = policy.adapter?.rank ?? 0;
  const { tokens, recompute } = trainingPass(policy.config, rank, settings, longest);
  return { batches: packGroups(groups, tokens), recompute };
}
