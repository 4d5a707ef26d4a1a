import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { hash32, Random } from '../../../src/base/random.ts';
import { demonstrate } from '../../../src/environment/demonstrations.ts';
import { helpdesk } from '../../../src/environment/helpdesk/helpdesk.ts';
import { listing, type CopyExercise } from '../../../src/environment/pretraining/copying.ts';
import { readModelConfig } from '../../../src/model/config.ts';
import { disposePolicy, loadPolicy, type Policy } from '../../../src/model/policy.ts';
import { openWeights } from '../../../src/model/weights.ts';
import { generate } from '../../../src/rollout/generate.ts';
import type { Sampling } from '../../../src/rollout/steps.ts';
import { loadCodec, type Codec } from '../../../src/text/codec.ts';
import { actionOf, type Message, type Tool } from '../../../src/trajectory/record.ts';
import { guarded } from '../../../src/verifier/guarded.ts';
import { openInNode } from '../../helpers/backends.ts';

const folder = fileURLToPath(new URL('../../../public/models/fulcrum-mini/', import.meta.url));
const json = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const sampled: Sampling = { temperature: 1, topP: 1, topK: 0, minP: 0 };

/** Turns of expert demonstrations of training tasks. */
async function turnsOf(tasks: number) {
  const turns: { message: Message; prefix: Message[]; tools: Tool[] }[] = [];
  for (let index = 0; index < tasks; index++) {
    const random = new Random('built-in-model').fork(index);
    const { episode } = await demonstrate(helpdesk, helpdesk.drawTask(random, 'train'), random);
    const { messages, tools } = episode;
    messages.forEach((message, at) => {
      if (message.role === 'assistant') turns.push({ message, prefix: messages.slice(0, at), tools });
    });
  }
  return turns;
}

describe('the built-in model', () => {
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
    const config = readModelConfig(json('config.json'));
    const bytes = readFileSync(join(folder, 'model.safetensors'));
    const source = {
      name: 'model.safetensors',
      size: bytes.length,
      read: async (start: number, end: number) => Uint8Array.from(bytes.subarray(start, end)),
    };
    policy = await loadPolicy(config, await openWeights(new Map([['model.safetensors', source]]), null), {
      trained: false,
    });
    return () => disposePolicy(policy);
  });

  const roll = (prompts: number[][], samplesPerPrompt: number, sampling: Sampling) =>
    generate({
      policy,
      prompts,
      promptSeeds: prompts.map((_, index) => hash32('test', index)),
      samplesPerPrompt,
      sampling,
      maxNewTokens: 64,
      stopIds: codec.stopIds,
    });

  it('has at most a million parameters and a tokenizer that fits', () => {
    const parameters = [...policy.weights.values()].reduce((sum, { size }) => sum + size, 0);
    expect(parameters).toBeLessThanOrEqual(1e6);
    codec.fitsVocabulary(policy.config.vocabulary);
    expect(codec.toolFormat).toBe('template');
  });

  it('sees prompts of about a hundred tokens and actions of at most forty', async () => {
    const turns = await turnsOf(60);
    const prompts = turns.map(({ prefix, tools }) => codec.promptIds(prefix, tools).length);
    const actions = turns.map(({ message, prefix, tools }) => codec.actionIds(message, prefix, tools).length);
    expect(prompts.reduce((sum, length) => sum + length, 0) / prompts.length).toBeLessThan(130);
    expect(Math.max(...actions)).toBeLessThanOrEqual(40);
  });

  it('leaves at least a fifth of candidate turns mixed: neither always nor never right', async () => {
    const turns = await turnsOf(24);
    const rollouts = await roll(
      turns.map(({ prefix, tools }) => codec.promptIds(prefix, tools)),
      8,
      sampled,
    );
    const verify = guarded();
    let mixed = 0;
    for (const [index, { message, tools }] of turns.entries()) {
      const expected = actionOf(message);
      const full = expected.kind === 'calls' ? 1 : 0.5;
      const rewards = await Promise.all(
        rollouts[index]!.map(async ({ ids, finish }) => {
          const attempt = codec.read(ids, finish === 'stop', tools);
          return (await verify({ expected, attempt, tools })).reward!;
        }),
      );
      const right = rewards.filter((reward) => reward >= full).length;
      if (right > 0 && right < 8) mixed++;
    }
    expect(mixed / turns.length).toBeGreaterThanOrEqual(0.2);
  });

  const sorting = (random: Random): CopyExercise => {
    const numbers = random.shuffle([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).slice(0, 3 + random.integer(4));
    return { question: `Sort ${numbers.join(' ')}.`, answer: numbers.toSorted((a, b) => a - b).join(' ') };
  };

  it.each([
    ['sort', sorting, 0.9],
    ['list', listing, 0.4],
  ] as const)('can %s, a skill that training could make it lose', async (_, exercise, least) => {
    const asked = Array.from({ length: 40 }, (_, index) => exercise(new Random('skills').fork(index)));
    const prompts = asked.map(({ question }) => {
      const message: Message = { role: 'user', content: question, isTrainable: false };
      return codec.promptIds([message], []);
    });
    const replies = await roll(prompts, 1, { ...sampled, temperature: 0 });
    const right = asked.filter(
      ({ answer }, index) => codec.read(replies[index]![0]!.ids, true).text === answer,
    ).length;
    expect(right / asked.length).toBeGreaterThan(least);
  });
});
