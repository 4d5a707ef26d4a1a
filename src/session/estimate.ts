/** What a run will need in memory before it starts: the model's configuration joined with the run's. */
import type { RunConfig } from '../config/schema.ts';
import { estimateMemory, type MemoryEstimate, type MemoryRequest } from '../model/memory.ts';
import { baseFormatOf, openConfig, openModelFolder, trainingOf, type SiteFile } from './load.ts';

export async function estimateRun(
  modelId: string,
  config: RunConfig,
  backend: MemoryRequest['backend'],
  site: SiteFile,
): Promise<MemoryEstimate> {
  const { record, files } = await openModelFolder(modelId, site);
  const training = trainingOf(config, record);
  const { kind, rank } = training;
  const { pivotsPerStep, groupSize, maxPromptTokens, maxNewTokens } = config;
  // As long as turns may be: real ones are shorter, so this is a ceiling.
  const prompt = Math.min(maxPromptTokens, record.contextTokens);
  const group = prompt + groupSize * maxNewTokens;
  return estimateMemory(await openConfig(files), {
    training: kind,
    base: baseFormatOf(training, record),
    rank,
    passTokens: Math.max(config.passTokens, Math.min(group, prompt + maxNewTokens)),
    actionTokens: Math.min(config.passTokens, pivotsPerStep * groupSize * maxNewTokens),
    severalPasses: pivotsPerStep * group > config.passTokens,
    backend,
    recompute: config.recompute === 'on',
    prompts: pivotsPerStep,
    samplesPerPrompt: groupSize,
    promptTokens: prompt,
    newTokens: maxNewTokens,
  });
}
