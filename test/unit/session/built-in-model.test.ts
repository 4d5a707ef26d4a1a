import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { hash32 } from '../../../src/base/random.ts';
import { worlds } from '../../../src/environment/worlds.ts';
import { readModelConfig } from '../../../src/model/config.ts';
import { disposePolicy, loadPolicy, type Policy } from '../../../src/model/policy.ts';
import { openWeights } from '../../../src/model/weights.ts';
import { judge, type Verify } from '../../../src/session/judge.ts';
import { sampleActions } from '../../../src/session/sample.ts';
import { demonstratedTurns } from '../../../src/study/data.ts';
import { isAccepted } from '../../../src/study/lab.ts';
import { successRate } from '../../../src/study/measure.ts';
import { fullPlan } from '../../../src/study/plan.ts';
import { askSkills } from '../../../src/study/skills.ts';
import { loadCodec, type Codec } from '../../../src/text/codec.ts';
import { presetNamed } from '../../../src/verifier/presets.ts';
import { openInNode } from '../../helpers/backends.ts';

/** `skills`: share of exercises answered, greedy: what a model's README says, less what 25 exercises leave to chance. */
const models = {
  'fulcrum-mini': {
    parameters: [0, 1e6],
    skills: {
      instructions: 0.65,
      arithmetic: 0.75,
      algebra: 0.75,
      programs: 0.75,
      units: 0.75,
      facts: 0.7,
      'veli-facts': 0.9,
      translation: 0.9,
    },
  },
  'fulcrum-small': {
    parameters: [3e6, 6e6],
    skills: {
      instructions: 0.6,
      arithmetic: 0.75,
      algebra: 0.5,
      programs: 0.75,
      units: 0.75,
      facts: 0.9,
      'veli-facts': 0.9,
      translation: 0.9,
    },
  },
} as const;
const { maxPromptTokens, maxNewTokens, profileSamples } = fullPlan.budgets;

const verify: Verify = (preset, samples) =>
  Promise.all(samples.map(async (sample) => presetNamed(preset).verify(sample)));

describe.each(Object.entries(models))('the built-in model %s', (name, { parameters, skills }) => {
  const folder = fileURLToPath(new URL(`../../../public/models/${name}/`, import.meta.url));
  const json = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8'));
  let codec: Codec;
  let policy: Policy;

  beforeAll(async () => {
    await openInNode('wasm');
    codec = loadCodec({
      tokenizerJson: json('tokenizer.json'),
      tokenizerConfig: json('tokenizer_config.json'),
      generationConfig: json('generation_config.json'),
      config: json('config.json'),
    });
    const bytes = readFileSync(join(folder, 'model.safetensors'));
    const source = {
      name: 'model.safetensors',
      size: bytes.length,
      read: async (start: number, end: number) => Uint8Array.from(bytes.subarray(start, end)),
    };
    const entries = await openWeights(new Map([['model.safetensors', source]]), null);
    policy = await loadPolicy(readModelConfig(json('config.json')), entries, { trained: false });
    return () => disposePolicy(policy);
  });

  it('has the size that is promised, and a tokenizer that fits', () => {
    const count = [...policy.weights.values()].reduce((sum, { size }) => sum + size, 0);
    expect(count).toBeGreaterThanOrEqual(parameters[0]);
    expect(count).toBeLessThanOrEqual(parameters[1]);
    codec.fitsVocabulary(policy.config.vocabulary);
    expect(codec.toolFormat).toBe('template');
  });

  it('gives every prompt the same tokens alone as with its reply, whatever the reply begins with', () => {
    const user = { role: 'user' as const, content: 'Hi', isTrainable: false };
    const prompt = codec.promptIds([user], []);
    for (const content of ['(red)', '"a"', './a', '{"a": 1}', '\n', '5', 'word'])
      expect(codec.tokenizer.encode(`${codec.promptText([user], [])}${content}`).slice(0, prompt.length)).toEqual(prompt); // prettier-ignore
  });

  it.each(worlds.map((world) => [world.name, world] as const))(
    'reads and acts within the limits of a study in the %s world, and leaves at least a fifth of the turns mixed',
    async (_, world) => {
      const turns = await demonstratedTurns(world, 'train', 'built-in model', 30, codec, Infinity);
      expect(Math.max(...turns.map(({ promptIds }) => promptIds.length))).toBeLessThan(maxPromptTokens);
      for (const { message, prefix, tools } of turns)
        expect(codec.actionIds(message, prefix, tools).length).toBeLessThan(maxNewTokens);
      const rollouts = await sampleActions(
        { policy, codec },
        {
          prompts: turns.map(({ promptIds }) => promptIds),
          promptSeeds: turns.map(({ candidateId }) => hash32('test', candidateId)),
          samplesPerPrompt: profileSamples,
        },
        { temperature: 1, maxNewTokens },
      );
      const judged = await judge(turns, rollouts, codec, world.verifier, verify);
      const isMixed = judged.map((samples, p) => {
        const right = samples.filter(({ verdict }) => isAccepted(turns[p]!, verdict.reward)).length;
        return right > 0 && right < profileSamples;
      });
      expect(isMixed.filter(Boolean).length / turns.length).toBeGreaterThanOrEqual(0.2);
    },
  );

  it('has learned the eight out-of-domain skills as well as its README says', async () => {
    const answered = await askSkills({ policy, codec }, 25, 0);
    expect(Object.keys(answered)).toEqual(Object.keys(skills));
    for (const [skill, floor] of Object.entries(skills))
      expect(successRate(answered[skill]!), skill).toBeGreaterThanOrEqual(floor);
  });
});
