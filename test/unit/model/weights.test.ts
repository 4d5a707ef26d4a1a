/** Proves: weights load from one file or shards, and every tensor that is missing, unexpected or mis-shaped is named. */
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  disposePolicy,
  loadPolicy,
  snapshotPolicy,
  restoreParameters,
  trainedParameters,
} from '../../../src/model/policy.ts';
import {
  readTensor,
  writeSafetensors,
  type ByteSource,
  type NamedTensor,
} from '../../../src/model/safetensors.ts';
import { checkWeights, expectedTensors, openWeights, readWeights } from '../../../src/model/weights.ts';
import { tensorsOf } from '../../../src/compute/packed.ts';
import { openInNode } from '../../helpers/backends.ts';
import { bytesSource } from '../../helpers/model-files.ts';
import { randomConfig } from '../../helpers/random-policy.ts';

const config = randomConfig({ family: 'llama' });

function tensors(change: (tensor: NamedTensor) => NamedTensor | null = (tensor) => tensor): NamedTensor[] {
  return [...expectedTensors(config)].flatMap(([name, shape], index) => {
    const size = shape.reduce((product, n) => product * n, 1);
    return change({ name, shape, values: new Float32Array(size).fill(index + 1) }) ?? [];
  });
}

function files(...parts: NamedTensor[][]): Map<string, ByteSource> {
  return new Map(
    parts.map((part, index) => {
      const name = parts.length === 1 ? 'model.safetensors' : `model-0000${index + 1}.safetensors`;
      return [name, bytesSource(name, writeSafetensors(part))];
    }),
  );
}

describe('weights', () => {
  it('come from one file or from shards alike', async () => {
    const all = tensors();
    const [first, second] = [all.slice(0, 7), all.slice(7)];
    const map = Object.fromEntries(
      all.map(({ name }, i) => [name, `model-0000${i < 7 ? 1 : 2}.safetensors`]),
    );
    const sharded = await openWeights(
      files(first, second),
      JSON.stringify({ metadata: {}, weight_map: map }),
    );
    const whole = await openWeights(files(all));
    expect([...sharded.keys()].sort()).toEqual([...whole.keys()].sort());
    for (const [name, entry] of whole)
      expect(await readTensor(sharded.get(name)!)).toEqual(await readTensor(entry));
    await openInNode('cpu');
    const names: string[] = [];
    for await (const { name, weight } of readWeights(config, whole)) {
      names.push(name);
      tf.dispose(tensorsOf(weight));
    }
    expect(names).toEqual(all.map(({ name }) => name));
  });

  it('may hold what transformers ignores too: inverse frequencies, a copy of a tied head', async () => {
    const tied = { ...config, tied: true };
    const extra = {
      name: 'model.layers.0.self_attn.rotary_emb.inv_freq',
      shape: [3],
      values: new Float32Array(3),
    };
    const entries = await openWeights(files([...tensors(), extra]));
    expect(() => checkWeights(tied, entries)).not.toThrow();
  });

  it.each<[string, (tensor: NamedTensor) => NamedTensor | null, string[]]>([
    [
      'missing',
      (t) => (t.name.includes('1.mlp.up') ? null : t),
      ['1 missing', 'model.layers.1.mlp.up_proj.weight'],
    ],
    [
      'unexpected',
      (t) => (t.name === 'model.norm.weight' ? { ...t, name: 'model.norm.bias' } : t),
      ['1 missing (model.norm.weight)', '1 unexpected (model.norm.bias)'],
    ],
    [
      'of another shape',
      (t) => (t.name === 'lm_head.weight' ? { ...t, shape: [20, 31] } : t),
      ['lm_head.weight is [20, 31]', '[31, 20]'],
    ],
  ])('name the tensor that is %s', async (_, change, said) => {
    const entries = await openWeights(files(tensors(change)));
    let message = '';
    try {
      checkWeights(config, entries);
    } catch (error) {
      expect(error).toMatchObject({ code: 'weights-mismatch', place: { file: 'model.safetensors' } });
      message = (error as Error).message;
    }
    for (const text of said) expect(message).toContain(text);
  });

  it.each<[string, Map<string, ByteSource>, string | null, string]>([
    ['no files', new Map(), null, 'weights-missing'],
    [
      'an index whose shard is not there',
      files(tensors()),
      '{"weight_map":{"a":"gone.safetensors"}}',
      'weights-missing',
    ],
    ['an index that is no JSON', files(tensors()), '{', 'weights-index-invalid'],
    ['an index without a map', files(tensors()), '{"weight_map":{}}', 'weights-index-invalid'],
  ])('are refused with %s', async (_, sources, index, code) => {
    await expect(openWeights(sources, index)).rejects.toMatchObject({ code });
  });

  it('leave no tensors when loading fails in the middle, and come back from a snapshot', async () => {
    await openInNode('cpu');
    const before = tf.memory().numTensors;
    const sources = files(tensors());
    const [name, source] = [...sources][0]!;
    const cut: ByteSource = {
      ...source,
      read: (start, end) => source.read(start, end > 4000 ? end - 1 : end),
    };
    const broken = await openWeights(new Map([[name, cut]]));
    await expect(loadPolicy(config, broken, { trained: true })).rejects.toMatchObject({
      code: 'safetensors-invalid',
    });
    expect(tf.memory().numTensors).toBe(before);

    const shares: number[] = [];
    const entries = await openWeights(sources);
    const policy = await loadPolicy(config, entries, {
      trained: true,
      onProgress: (share) => shares.push(share),
    });
    expect(shares.at(-1)).toBe(1);
    const snapshot = await snapshotPolicy(policy);
    const parameters = trainedParameters(policy);
    for (const variable of parameters.values()) tf.tidy(() => variable.assign(tf.zerosLike(variable)));
    restoreParameters(parameters, snapshot);
    expect([...(await parameters.get('model.norm.weight')!.data())]).toEqual([
      ...snapshot.get('model.norm.weight')!,
    ]);
    expect(snapshot.get('model.norm.weight')![0]).toBeGreaterThan(1);
    disposePolicy(policy);
    expect(tf.memory().numTensors).toBe(before);
  });
});
