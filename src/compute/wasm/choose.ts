/**
 * Log-probability and entropy of chosen tokens, their gradient, and sampling, on tensors. The gradient goes block by
 * block (rows × vocabulary): logits of the block, then two products, so no [N, V] tensor exists.
 */
import type { Tensor } from '@tensorflow/tfjs';
import { addressOf, bytesAt, emptyTensor, heapMemory, withScratch } from './heap.ts';
import type { Kernels } from '../operations.ts';
import { bitsOf, groupSize, isPacked } from '../packed.ts';
import { matrixArguments, multiply, plainMatrix, widthOf, type MatrixArguments } from './layers.ts';
import { chunksFor, type Pool } from './pool.ts';

type Choose = Pick<Kernels, 'logProb' | 'logProbBackward' | 'sample' | 'fileTokens'>;

/** Block of the gradient: 512 rows × 1,024 columns of logits are 2 MiB. */
const BLOCK_ROWS = 512;
const BLOCK_COLUMNS = 1024;

/** Runs `use` with the address of the int32 list of rows whose target is not negative. */
function withActiveRows<T>(targets: Tensor, use: (list: number, count: number) => T): T {
  return withScratch(Math.max(4, targets.size * 4), (list) => {
    const { buffer } = heapMemory();
    const ids = new Int32Array(buffer, addressOf(targets), targets.size);
    const rows = new Int32Array(buffer, list, targets.size);
    let count = 0;
    for (let row = 0; row < ids.length; row++) if (ids[row]! >= 0) rows[count++] = row;
    return use(list, count);
  });
}

function fillZero(x: Tensor): Tensor {
  bytesAt(addressOf(x), x.size * 4).fill(0);
  return x;
}

export function choose(pool: Pool): Choose {
  return {
    logProb(hidden, head, targets, scale) {
      const [vocab, width] = [head.shape[0]!, widthOf(head)];
      const results = [0, 1, 2].map(() => fillZero(emptyTensor([targets.size])));
      const perThread = pool.exports.logProbScratch!(width);
      withActiveRows(targets, (list, count) =>
        withScratch(pool.slots * perThread, (scratch) => {
          const chunks = chunksFor(pool, Math.ceil(count / 32), (count * vocab * width) / 20);
          const inputs = [addressOf(hidden), ...matrixArguments(head), addressOf(targets)];
          pool.run(
            'logProb',
            chunks,
            count,
            list,
            width,
            vocab,
            ...inputs,
            scale,
            ...results.map(addressOf),
            scratch,
          );
        }),
      );
      const [logProb, entropy, logSumExp] = results as [Tensor, Tensor, Tensor];
      return { logProb, entropy, logSumExp };
    },

    logProbBackward(dLogProb, dEntropy, hidden, head, targets, scale, logSumExp, entropy, wantHead) {
      const [vocab, width] = [head.shape[0]!, widthOf(head)];
      const dHidden = fillZero(emptyTensor(hidden.shape));
      const dHead = wantHead ? fillZero(emptyTensor([...head.shape])) : null;
      const rowBytes = width * 4;
      const whole = matrixArguments(head);
      /** The head's rows from `row` on. */
      const from = (row: number): MatrixArguments => {
        const [format, values, stride, scales] = whole;
        const bytes = isPacked(head) ? (row * stride * bitsOf[head.format]) / 8 : row * rowBytes;
        return [format, values + bytes, stride, scales && scales + ((row * stride) / groupSize) * 4];
      };
      const logitBytes = BLOCK_ROWS * Math.min(vocab, BLOCK_COLUMNS) * 4;
      const stripBytes = pool.slots * pool.exports.stripScratch!(width);
      const incoming = [dLogProb, dEntropy].map((x) => (x ? addressOf(x) : 0));
      const saved = [...incoming, addressOf(logSumExp), addressOf(entropy)];

      function block(list: number, rows: number, gathered: number): void {
        const dGathered = gathered + BLOCK_ROWS * rowBytes;
        const logits = dGathered + BLOCK_ROWS * rowBytes;
        const strips = logits + logitBytes;
        pool.run('gatherRows', 1, rows, width, targets.size, addressOf(hidden), list, gathered);
        for (let v0 = 0; v0 < vocab; v0 += BLOCK_COLUMNS) {
          const columns = Math.min(BLOCK_COLUMNS, vocab - v0);
          const chunks = chunksFor(pool, Math.ceil(rows / 16), (rows * columns * width) / 20);
          const inputs = [gathered, ...whole, addressOf(targets), scale, ...saved];
          pool.run('logitGradient', chunks, rows, list, width, v0, columns, ...inputs, logits, strips);
          multiply(pool, [rows, width, columns], [logits, columns * 4, 4], from(v0), dGathered, v0 > 0);
          if (!dHead) continue;
          const target = addressOf(dHead) + v0 * rowBytes;
          multiply(
            pool,
            [columns, width, rows],
            [logits, 4, columns * 4],
            plainMatrix(gathered, width),
            target,
            true,
          );
        }
        pool.run('scatterRows', 1, rows, width, dGathered, list, addressOf(dHidden));
      }

      withActiveRows(targets, (list, count) =>
        withScratch(2 * BLOCK_ROWS * rowBytes + logitBytes + stripBytes, (gathered) => {
          for (let row = 0; row < count; row += BLOCK_ROWS) {
            block(list + row * 4, Math.min(BLOCK_ROWS, count - row), gathered);
          }
        }),
      );
      return { dHidden, dHead };
    },

    sample(logits, rowIds, { temperature, topK, topP, minP, seed, step }) {
      const [rows, vocab] = [rowIds.size, widthOf(logits)];
      const ids = emptyTensor([rows], 'int32');
      const logProbs = emptyTensor([rows]);
      withScratch(pool.slots * pool.exports.sampleScratch!(vocab), (scratch) => {
        const settings = [temperature, topK, topP, minP, seed, step];
        const inputs = [addressOf(logits), addressOf(rowIds)];
        const outputs = [addressOf(ids), addressOf(logProbs), scratch];
        pool.run(
          'sample',
          chunksFor(pool, rows, logits.size * 4),
          rows,
          vocab,
          ...inputs,
          ...settings,
          ...outputs,
        );
      });
      return { ids, logProbs };
    },

    fileTokens({ ids, logProbs }, file, step) {
      const row = (step % (file.ids.size / ids.size)) * ids.size * 4;
      const copy = (from: Tensor, to: Tensor, offset: number) => {
        bytesAt(addressOf(to) + offset, ids.size * 4).set(bytesAt(addressOf(from), ids.size * 4));
      };
      copy(ids, file.latest, 0);
      copy(ids, file.ids, row);
      copy(logProbs, file.logProbs, row);
    },
  };
}
