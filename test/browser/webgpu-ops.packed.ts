/** Checks of `webgpu-ops.checks.ts` on packed weights: against float64 arithmetic with the values that were packed. */
import * as tf from '@tensorflow/tfjs';
import { logProb as exactLogProb } from '../../src/compute/float64.ts';
import { pack, tensorsOf, unpack, type PackedFormat } from '../../src/compute/packed.ts';
import { floats, ints, sumBound, type Context } from './webgpu-ops.checks.ts';
import { normals, product, scoreBounds } from './webgpu-ops.reference.ts';

const formats: PackedFormat[] = ['f16', 'int8', 'int4'];

/** [M, O, I]: one row, few rows, inputs that are no multiple of a group, of four, of two; several parts and splits. */
const sizes = [
  [1, 7, 1],
  [1, 130, 512],
  [5, 12, 300],
  [8, 200, 96],
  [33, 70, 1030],
  [64, 256, 512],
  [100, 200, 520],
  [130, 131, 37],
] as const;

export async function packedProducts({ kernels, random, check }: Context): Promise<void> {
  for (const format of formats) {
    for (const [m, n, k] of sizes) {
      const name = `${format} ${m}×${n}×${k}`;
      const [x, bias, dy] = [m * k, n, m * n].map((size) => normals(random, size)) as [
        number[],
        number[],
        number[],
      ];
      const packed = pack(Float32Array.from(normals(random, n * k)), [n, k], format);
      const w = await unpack(packed);
      const [tx, ty] = [floats(x, [m, k]), floats(dy, [m, n])];
      const rowOf = (i: number, p: number) => x[i * k + p]!;
      const y = product(m, n, k, rowOf, (p, j) => w[j * k + p]!).map((value, i) => value + bias[i % n]!);
      await check(`linear of ${name}`, kernels.linear(tx, packed, floats(bias, [n])), y, sumBound(k));
      const upRow = (i: number, p: number) => dy[i * n + p]!;
      const dx = product(m, k, n, upRow, (p, j) => w[p * k + j]!);
      await check(`linearBackwardX of ${name}`, kernels.linearBackwardX(ty, packed), dx, sumBound(n));
      tf.dispose([tx, ty, ...tensorsOf(packed)]);
    }
  }
}

export async function packedTables({ kernels, random, check }: Context): Promise<void> {
  for (const format of formats) {
    for (const [vocabulary, tokens, width] of [
      [1, 3, 1],
      [300, 70, 67],
      [1000, 33, 96],
    ] as const) {
      const name = `${format} ${vocabulary}×${width}`;
      const packed = pack(
        Float32Array.from(normals(random, vocabulary * width)),
        [vocabulary, width],
        format,
      );
      const table = Array.from(await unpack(packed));
      const ids = Array.from({ length: tokens }, () => random.integer(vocabulary + 2) - 1);
      const rows = ids.flatMap((id) =>
        Array.from({ length: width }, (_, c) => (id < 0 || id >= vocabulary ? 0 : table[id * width + c]!)),
      );
      await check(`embedding of ${name}`, kernels.embedding(packed, ints(ids)), rows, 0);

      const hidden = normals(random, tokens * width);
      const targets = ids.map((id) => Math.min(id, vocabulary - 1));
      const scale = 0.5;
      const expected = exactLogProb(hidden, table, targets, width, scale);
      const [th, tt] = [floats(hidden, [tokens, width]), ints(targets)];
      const { logProb, entropy, logSumExp } = kernels.logProb(th, packed, tt, scale);
      const upstream = floats(normals(random, tokens), [tokens]);
      const saved = [th, packed, tt, scale, logSumExp, entropy, false] as const;
      const { dHidden } = kernels.logProbBackward(upstream, null, ...saved);
      // p − 1[target] comes from the log-probabilities of all tokens, which float64 has from the dense table.
      const up = await upstream.data();
      const gradient = hidden.map(() => 0);
      for (let row = 0; row < tokens; row++) {
        if (targets[row]! < 0) continue;
        const logits = Array.from({ length: vocabulary }, (_, v) => {
          let sum = 0;
          for (let c = 0; c < width; c++) sum += hidden[row * width + c]! * table[v * width + c]!;
          return scale * sum;
        });
        const top = Math.max(...logits);
        const total = logits.reduce((sum, z) => sum + Math.exp(z - top), 0);
        logits.forEach((z, v) => {
          const slope = Number(v === targets[row]) - Math.exp(z - top) / total;
          for (let c = 0; c < width; c++)
            gradient[row * width + c]! += scale * up[row]! * slope * table[v * width + c]!;
        });
      }
      const bounds = scoreBounds(hidden, table, width, scale, { logProb: Array.from(up), entropy: null });
      await check(`logProb's dHidden, head of ${name}`, dHidden, gradient, bounds.dHidden);
      await check(`logProb, head of ${name}`, logProb, expected.logProb, bounds.logProb);
      await check(`entropy, head of ${name}`, entropy, expected.entropy, bounds.entropy);
      tf.dispose([th, tt, upstream, logSumExp, ...tensorsOf(packed)]);
    }
  }
}
