/**
 * How much goes through a model at once, so that neither the caches of a decode nor the activations of a training pass
 * take more than `workBytes`. What is beyond goes in parts, with the same result. Small models never come near it.
 */
import type { ModelConfig } from './config.ts';
import { activationFloats, cacheFloats, roomOf } from './memory.ts';

/** 1 GiB: on a GPU eight prompts of 512 tokens with eight replies each of a 0.6 B model still go at once. */
const workBytes = 2 ** 30;

/** Tokens of prompts and replies whose keys and values are held at once; in f16 they take half. */
export function decodeTokens(config: ModelConfig, isHalved: boolean): number {
  return Math.floor(workBytes / (cacheFloats(config) * (isHalved ? 2 : 4)));
}

/** Prompts that are decoded at once with so many samples of each; one at least. */
export function promptsAtOnce(
  config: ModelConfig,
  isHalved: boolean,
  promptTokens: number,
  samplesPerPrompt: number,
  newTokens: number,
): number {
  const each = promptTokens + samplesPerPrompt * roomOf(newTokens);
  return Math.max(1, Math.floor(decodeTokens(config, isHalved) / each));
}

export interface PassSettings {
  /** Most tokens of a pass. */
  passTokens: number;
  /**
   * Keep only the layers' inputs and run each again for its gradient: always, never, or where it is needed. Where
   * somebody has decided, passes are as long as they say.
   */
  recompute: 'auto' | 'on' | 'off';
}

/**
 * How groups go through the network to be trained on. Layers are run again, where that is open, when the longest group
 * would otherwise not go in one piece: repeating its prompt for each part costs more.
 *
 * @param rank of the adapter that is trained; 0 where all weights are
 * @param longest tokens of the longest group, prompt and all completions
 */
export function trainingPass(
  config: ModelConfig,
  rank: number,
  { passTokens, recompute }: PassSettings,
  longest: number,
): { tokens: number; recompute: boolean } {
  if (recompute !== 'auto') return { tokens: passTokens, recompute: recompute === 'on' };
  const fitting = (again: boolean) => Math.floor(workBytes / (4 * activationFloats(config, rank, again)));
  const again = Math.min(longest, passTokens) > fitting(false);
  return { tokens: Math.min(passTokens, fitting(again)), recompute: again };
}
