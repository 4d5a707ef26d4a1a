import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { helpdesk } from '../../../src/environment/helpdesk/helpdesk.ts';
import { loadPolicy } from '../../../src/model/policy.ts';
import { openCodec, openConfig, openTensors } from '../../../src/session/load.ts';
import { teach, type LessonEvent } from '../../../src/session/lesson.ts';
import { presetNamed } from '../../../src/verifier/presets.ts';
import { openInNode } from '../../helpers/backends.ts';

const folder = fileURLToPath(new URL('../../../public/models/fulcrum-mini/', import.meta.url));
const names = [
  'config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'generation_config.json',
  'model.safetensors',
];
const files = new Map(names.map((name) => [name, new Blob([readFileSync(folder + name)])]));

async function lesson(seed: string): Promise<LessonEvent[]> {
  const codec = await openCodec(files);
  const policy = await loadPolicy(await openConfig(files), await openTensors(files), { trained: true });
  const events: LessonEvent[] = [];
  const stream = teach({
    policy,
    codec,
    world: helpdesk,
    seed,
    verify: (preset, samples) =>
      Promise.all(samples.map(async (sample) => presetNamed(preset).verify(sample))),
  });
  for await (const event of stream) events.push(event);
  return events;
}

const one = <Type extends LessonEvent['type']>(events: LessonEvent[], type: Type) =>
  events.find((event) => event.type === type) as Extract<LessonEvent, { type: Type }>;

describe('a lesson on one pivot', () => {
  let events: LessonEvent[];
  let tensors: number;

  beforeAll(async () => {
    await openInNode('wasm');
    tensors = tf.memory().numTensors;
    events = await lesson('first');
  });

  it('shows a turn whose eight attempts disagree, with the statistics of exactly those', () => {
    const { attempts, mean, variance } = one(events, 'group');
    const rewards = attempts.map(({ reward }) => reward!);
    const average = rewards.reduce((sum, reward) => sum + reward, 0) / 8;
    expect(mean).toBeCloseTo(average, 12);
    expect(variance).toBeCloseTo(rewards.reduce((sum, reward) => sum + (reward - average) ** 2, 0) / 8, 12);
    expect(variance).toBeGreaterThan(0);
    expect(mean).toBeLessThan(0.6);
    expect(rewards).toContain(1);
  });

  it('makes the best attempts likelier and the worst less likely by one update', () => {
    const { attempts } = one(events, 'group');
    const sorted = attempts.toSorted((a, b) => a.advantage - b.advantage);
    const change = ({ logProb, logProbAfter }: (typeof attempts)[number]) => logProbAfter - logProb;
    expect(change(sorted.at(-1)!)).toBeGreaterThan(0);
    expect(change(sorted[0]!)).toBeLessThan(0);
  });

  it('raises the turn’s mean reward by the updates that follow', () => {
    expect(one(events, 'after').mean).toBeGreaterThan(one(events, 'group').mean);
  });

  it('does not show the model the demonstrated action', () => {
    const { prompt, expected, messages } = one(events, 'pivot');
    expect(messages).not.toContain(expected);
    expect(prompt.trimEnd().endsWith('<|im_start|>assistant')).toBe(true);
  });

  it('is the same for the same seed and leaves nothing behind', async () => {
    expect(await lesson('first')).toEqual(events);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
