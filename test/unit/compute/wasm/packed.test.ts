/**
 * Proves: kernels on packed weights give, bit for bit, what they give on the same values in f32 (which other tests
 * compare with float64), at odd sizes, in poisoned memory, and write nowhere else.
 */
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../../../src/base/random.ts';
import { dense, pack, type PackedFormat } from '../../../../src/compute/packed.ts';
import type { WasmKernels } from '../../../../src/compute/wasm/kernels.ts';
import { brokenFences, openGuarded, variants } from './guarded-heap.ts';
import { floats, ints, normals } from './reference.ts';

const formats: PackedFormat[] = ['f16', 'int8', 'int4'];
const cases = formats.flatMap((format) =>
  [
    [1, 1, 1],
    [2, 7, 5],
    [33, 9, 67],
    [5, 70, 32],
    [130, 24, 1100],
    [8, 512, 128],
  ].map(([m, n, k]) => [format, m!, n!, k!] as const),
);

describe.each(variants)('packed weights with fused multiply-add: %s', (relaxed) => {
  let kernels: WasmKernels;
  let random: Random;
  beforeAll(async () => {
    kernels = await openGuarded(relaxed);
    random = new Random(17);
  });
  afterEach(() => expect(brokenFences()).toEqual([]));

  const same = (found: tf.Tensor, expected: tf.Tensor) => {
    expect(found.shape).toEqual(expected.shape);
    expect(found.dataSync().every(Number.isFinite)).toBe(true);
    expect(found.dataSync()).toEqual(expected.dataSync());
  };

  it.each(cases)('in %s multiply [%i, %i] over depth %i', (format, m, n, k) => {
    tf.tidy(() => {
      const packed = pack(Float32Array.from(normals(random, n * k)), [n, k], format);
      const plain = dense(packed);
      const [x, dy, bias] = [
        floats(normals(random, m * k), [m, k]),
        floats(normals(random, m * n), [m, n]),
        floats(normals(random, n), [n]),
      ];
      same(kernels.linear(x, packed, bias), kernels.linear(x, plain, bias));
      same(kernels.linear(x, packed, null), kernels.linear(x, plain, null));
      same(kernels.linearBackwardX(dy, packed), kernels.linearBackwardX(dy, plain));
      const ids = ints([0, n - 1, -1, n, n >> 1]);
      same(kernels.embedding(packed, ids), kernels.embedding(plain, ids));
    });
  });

  it.each(formats)('in %s score tokens, in several blocks, and differentiate', (format) => {
    tf.tidy(() => {
      const [tokens, vocabulary, width] = [37, 1500, 45];
      const packed = pack(
        Float32Array.from(normals(random, vocabulary * width)),
        [vocabulary, width],
        format,
      );
      const plain = dense(packed);
      const hidden = floats(normals(random, tokens * width), [tokens, width]);
      const targets = ints(
        Array.from({ length: tokens }, (_, i) => (i % 5 === 4 ? -1 : random.integer(vocabulary))),
      );
      const [up, upEntropy] = [0, 1].map(() => floats(normals(random, tokens), [tokens])) as [
        tf.Tensor,
        tf.Tensor,
      ];
      const [one, other] = [packed, plain].map((head) => {
        const { logProb, entropy, logSumExp } = kernels.logProb(hidden, head, targets, 0.7);
        const rest = [targets, 0.7, logSumExp, entropy, false] as const;
        const { dHidden } = kernels.logProbBackward(up, upEntropy, hidden, head, ...rest);
        return [logProb, entropy, logSumExp, dHidden];
      });
      one!.forEach((found, i) => same(found, other![i]!));
    });
  });
});
