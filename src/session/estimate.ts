/** What a run will need in memory before it starts: the model's configuration joined with the run's. */
import type { RunConfig } from '../config/schema.ts';
import { estimateMemory, willBeInHalves, type MemoryEstimate, type MemoryRequest } from '../model/memory.ts';
import { promptsAtOnce, trainingPass } from '../model/portions.ts';
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
  const modelConfig = await openConfig(files);
  const base = baseFormatOf(training, record);
  // As long as turns may be: real ones are shorter, so this is a ceiling.
  const prompt = Math.min(maxPromptTokens, record.contextTokens);
  const group = prompt + groupSize * maxNewTokens;
  const pass = trainingPass(modelConfig, kind === 'lora' ? rank : 0, config, group);
  const isHalved = willBeInHalves({ backend, base, training: kind });
  const atOnce = promptsAtOnce(modelConfig, isHalved, prompt, groupSize, maxNewTokens);
  return estimateMemory(modelConfig, {
    training: kind,
    base,
    rank,
    passTokens: Math.max(Math.min(pass.tokens, pivotsPerStep * group), prompt + maxNewTokens),
    actionTokens: Math.min(pass.tokens, pivotsPerStep * groupSize * maxNewTokens),
    severalPasses: pivotsPerStep * group > pass.tokens,
    backend,
    recompute: pass.recompute,
    prompts: Math.min(pivotsPerStep, atOnce),
    samplesPerPrompt: groupSize,
    promptTokens: prompt,
    newTokens: maxNewTokens,
  });
}
