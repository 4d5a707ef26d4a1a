/**
 * Log-probability and entropy of chosen tokens and their gradient, in chunks of the vocabulary: the logits of one chunk
 * exist at a time. Sampling is `sample.ts`.
 */
import type { Tensor } from '@tensorflow/tfjs';
import type { Kernels } from '../operations.ts';
import { multiply } from './gemm.ts';
import type { Gpu } from './gpu.ts';
import type { Weight } from '../packed.ts';
import { plainRows, weightParts, type MatrixRows } from './weight.ts';
import { elementBlocks, elementFor, elementwise, lanesOf, logarithm, rowBlocks, rowwise } from './wgsl.ts';

type LogProb = Pick<Kernels, 'logProb' | 'logProbBackward'>;

/** Logits held at once: 16 MiB. */
const chunkValues = 1 << 22;

interface Chunk {
  first: number;
  count: number;
  /** Those rows of the projection. */
  part: MatrixRows;
}

export function logProb(gpu: Gpu): LogProb {
  /** Each begins on a multiple of 64 rows of the projection. */
  function chunks(head: Weight, tokens: number): Iterable<Chunk> {
    return weightParts(gpu, head, Math.max(64, Math.floor(chunkValues / Math.max(1, tokens) / 64) * 64));
  }

  /** hidden · partᵀ, [tokens, chunk] */
  function logitsOf(hidden: Tensor, { count, part }: Chunk): Tensor {
    const width = hidden.shape.at(-1)!;
    const tokens = hidden.size / width;
    const logits = gpu.empty([tokens, count]);
    multiply(gpu, { form: 'NT', m: tokens, n: count, k: width, a: hidden, b: part, c: logits });
    return logits;
  }

  return {
    logProb(hidden, head, targets, scale) {
      const tokens = targets.size;
      const vocabulary = head.shape[0]!;
      // Of the chunks so far: highest logit z, Σ exp(z − highest), Σ exp(z − highest)·(z − highest), the target's logit.
      const state = gpu.empty([tokens, 4]);
      const [logProb, entropy, logSumExp] = [0, 1, 2].map(() => gpu.empty([tokens])) as [
        Tensor,
        Tensor,
        Tensor,
      ];
      for (const chunk of chunks(head, tokens)) {
        const logits = logitsOf(hidden, chunk);
        gpu.run(
          'logProb',
          () =>
            rowwise(gpu.family, {
              reads: { logits: 'f32', targets: 'i32' },
              writes: { state: 'vec4<f32>', logProb: 'f32', entropy: 'f32', logSumExp: 'f32' },
              numbers: { first: 'u32', count: 'u32', isLast: 'u32', scale: 'f32' },
              declarations: logarithm,
              main: `  let start = row * n.count;
  var before = vec4<f32>(-3.0e38, 0.0, 0.0, 0.0);
  if (n.first > 0u) { before = state[row]; }
  var top = before.x;
  for (var j = part; j < n.count; j += parts) { top = max(top, logits[start + j] * n.scale); }
  top = maxOver(top, part);
  var sum = 0.0;
  var weighted = 0.0;
  for (var j = part; j < n.count; j += parts) {
    let below = logits[start + j] * n.scale - top;
    let e = exp(below);
    sum += e;
    weighted += e * below;
  }
  sum = sumOver(sum, part);
  weighted = sumOver(weighted, part);
  if (part != 0u) { return; }
  if (before.y > 0.0) {
    let shrink = exp(before.x - top);
    sum += shrink * before.y;
    weighted += shrink * (before.z + before.y * (before.x - top));
  }
  let goal = targets[row];
  var chosen = before.w;
  if (goal >= i32(n.first) && goal < i32(n.first + n.count)) {
    chosen = logits[start + u32(goal) - n.first] * n.scale;
  }
  state[row] = vec4<f32>(top, sum, weighted, chosen);
  if (n.isLast == 1u) {
    let logSum = ln(sum);
    let counted = goal >= 0;
    logProb[row] = select(0.0, chosen - top - logSum, counted);
    entropy[row] = select(0.0, logSum - weighted / sum, counted);
    logSumExp[row] = select(0.0, top + logSum, counted);
  }`,
            }),
          [logits, targets, state, logProb, entropy, logSumExp],
          [tokens, chunk.first, chunk.count, Number(chunk.first + chunk.count === vocabulary), scale],
          rowBlocks(gpu.family, tokens),
        );
        logits.dispose();
      }
      state.dispose();
      return { logProb, entropy, logSumExp };
    },

    logProbBackward(dLogProb, dEntropy, hidden, head, targets, scale, logSumExp, entropy, wantHead) {
      const tokens = targets.size;
      const width = hidden.shape.at(-1)!;
      const dHidden = gpu.empty(hidden.shape);
      const dHead = wantHead ? gpu.empty([...head.shape]) : null;
      for (const chunk of chunks(head, tokens)) {
        const { first, count, part } = chunk;
        const logits = logitsOf(hidden, chunk);
        const element = elementFor(count);
        const columns = count / lanesOf(element);
        const each =
          element === 'f32'
            ? 'f32(i32(column) == goal)'
            : 'vec4<f32>(vec4<i32>(column) + vec4<i32>(0, 1, 2, 3) == vec4<i32>(goal))';
        gpu.run(
          `logitGradient ${element} ${Boolean(dLogProb)} ${Boolean(dEntropy)}`,
          () =>
            elementwise({
              reads: {
                targets: 'i32',
                logSumExp: 'f32',
                ...(dLogProb && { upLogProb: 'f32' }),
                ...(dEntropy && { upEntropy: 'f32', entropy: 'f32' }),
              },
              writes: { logits: element },
              numbers: { columns: 'u32', first: 'i32', scale: 'f32' },
              main: `  let row = i / n.columns;
  let column = i32(i % n.columns * ${lanesOf(element)}u);
  let goal = targets[row] - n.first;
  var dz = ${element}();
  if (targets[row] >= 0) {
    let logP = logits[i] * n.scale - logSumExp[row];
    let p = exp(logP);
    ${dLogProb ? `dz += upLogProb[row] * (${each} - p);` : ''}
    ${dEntropy ? 'dz -= upEntropy[row] * p * (logP + entropy[row]);' : ''}
  }
  logits[i] = dz * n.scale;`,
            }),
          [
            targets,
            logSumExp,
            ...(dLogProb ? [dLogProb] : []),
            ...(dEntropy ? [dEntropy, entropy] : []),
            logits,
          ],
          [tokens * columns, columns, first, scale],
          elementBlocks(tokens * columns),
        );
        const forward = { form: 'NN', m: tokens, n: width, k: count } as const;
        multiply(gpu, { ...forward, a: logits, b: part, c: dHidden, accumulate: first > 0 });
        if (dHead) {
          const c = { tensor: dHead, start: first * width, size: count * width };
          const b = plainRows(hidden, width);
          multiply(gpu, { form: 'TN', m: count, n: width, k: tokens, a: logits, b, c });
        }
        logits.dispose();
      }
      return { dHidden, dHead };
    },
  };
}
