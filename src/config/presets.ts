/** Named starting points: what differs from the defaults of `schema.ts`, smallest first. */
import { parseConfig, type RunConfig } from './schema.ts';

export interface Preset {
  name: string;
  title: string;
  summary: string;
  config: Partial<RunConfig>;
}

export const presets: readonly Preset[] = [
  {
    name: 'demo',
    title: 'Demo',
    summary: 'The built-in model on the built-in data: about two minutes on two CPU cores.',
    config: { maxCandidates: 192, evaluateEvery: 5 },
  },
  {
    name: 'small',
    title: 'Own data, built-in model',
    summary: 'Warm start on your trajectories, then pivots. For a first look at your data.',
    config: { warmStartEpochs: 2, steps: 40 },
  },
  {
    name: 'lora',
    title: 'Own model, LoRA',
    summary:
      'For models from 100 M to 0.6 B parameters on a GPU: rank 16 on all linear layers, few pivots a step.',
    config: {
      training: 'lora',
      learningRate: 1e-4,
      pivotsPerStep: 4,
      maxNewTokens: 256,
      maxPromptTokens: 2048,
      steps: 100,
    },
  },
];

export function presetConfig(name: string): RunConfig {
  return parseConfig(presets.find((preset) => preset.name === name)?.config);
}
