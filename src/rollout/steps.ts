/**
 * Decoding step after step: the newest token of each row goes in, the next one is sampled and filed. Nothing comes back
 * to the host between reads, and where there is a GPU a step is recorded once and sent again. When rows have ended, and
 * when it pays to leave them behind, is `generate.ts`.
 */
import * as tf from '@tensorflow/tfjs';
import type { Repetition, TokenFile } from '../compute/operations.ts';
import { pickRows } from '../compute/ops/embedding.ts';
import { fileTokens } from '../compute/ops/file-tokens.ts';
import { sampleTokens } from '../compute/ops/sample-tokens.ts';
import { repeat } from '../compute/repeat.ts';
import { readValues, upload } from '../compute/transfer.ts';
import type { Policy } from '../model/policy.ts';
import { logits } from '../model/transformer.ts';
import { compactCache, decodeStep, growCache, type KvCache } from './cache.ts';

export interface Sampling {
  /** 0 is greedy. */
  temperature: number;
  /** 1 is off. */
  topP: number;
  /** 0 is off. */
  topK: number;
  /** 0 is off. */
  minP: number;
}

export interface DecodedRow {
  /** Names the row in the noise. */
  id: number;
  promptLength: number;
  /** Which of the cache's prompts. */
  pivot: number;
}

/** One token of each row. */
export interface SampledStep {
  ids: Int32Array; // [R]
  logProbs: Float32Array; // [R]
}

export interface DecodeSteps {
  /** Tokens that each row has so far. */
  readonly count: number;
  /** Samples one more for each row. */
  next(): void;
  /**
   * Whether the tokens not read yet should be: at once where reading is free, else the more seldom the longer the rows
   * are, so that a row that ended costs a fraction of its length. The file must not overflow.
   */
  isReadDue(): boolean;
  /** All steps since the last read. */
  read(): Promise<SampledStep[]>;
  /** After a read: leaves only some rows, by their present numbers, ascending. */
  keep(rows: Int32Array): void;
  dispose(): void;
}

/** Steps that the file holds where reading waits for a GPU, and the fewest between two reads. */
const [mostSteps, fewestSteps] = [32, 8];

/**
 * Samples the first token of each row.
 * @param last hidden states after each prompt's last token, [P, C]
 * @param reach one more than the largest position there will be
 */
export function startDecoding(start: {
  policy: Policy;
  cache: KvCache;
  last: tf.Tensor2D;
  rows: readonly DecodedRow[];
  sampling: Sampling;
  reach: number;
}): DecodeSteps {
  const { policy, cache, last, sampling, reach } = start;
  const isAsynchronous = tf.getBackend() === 'webgpu';
  const fileSteps = isAsynchronous ? mostSteps : 1;
  let { rows } = start;
  let file = createFile(new Int32Array(rows.length), fileSteps);
  let repetition: Repetition | null = null;
  let count = 0;
  let read = 0;
  let latest: Int32Array = new Int32Array(0);

  function sample(next: tf.Tensor2D, step: number): void {
    const rowIds = Int32Array.from(rows, ({ id }) => id);
    fileTokens(sampleTokens(next, rowIds, { ...sampling, seed: 0, step }), file, step);
  }

  function steps(): Repetition {
    const first = count;
    return repeat((turn) => {
      const step = first + turn;
      const places = Int32Array.from(rows, ({ promptLength }) => promptLength + step - 1);
      const positions = tf.tensor1d(places, 'int32');
      const ids = file.latest as tf.Tensor1D;
      sample(logits(policy, decodeStep(policy, cache, ids, positions, reach, step - 1)), step);
    });
  }

  function forget(): void {
    repetition?.dispose();
    repetition = null;
  }

  tf.tidy(() => sample(pickRows(logits(policy, last), cache.pivotOfRow), 0));
  count = 1;
  return {
    get count() {
      return count;
    },
    next() {
      if (count > cache.capacity) {
        forget();
        growCache(cache);
      }
      repetition ??= steps();
      repetition.run();
      count++;
    },
    isReadDue() {
      if (!isAsynchronous) return true;
      // A quarter of the length so far, as a power of two.
      const between = 2 ** Math.floor(Math.log2(count / 4));
      return count % Math.min(mostSteps, Math.max(fewestSteps, between)) === 0;
    },
    async read() {
      const [ids, logProbs] = await Promise.all([
        readValues<Int32Array>(file.ids),
        readValues(file.logProbs),
      ]);
      const sampled: SampledStep[] = [];
      for (; read < count; read++) {
        const start = (read % fileSteps) * rows.length;
        const end = start + rows.length;
        sampled.push({ ids: ids.slice(start, end), logProbs: logProbs.slice(start, end) });
      }
      latest = sampled.at(-1)!.ids;
      return sampled;
    },
    keep(kept) {
      forget();
      rows = Array.from(kept, (row) => rows[row]!);
      compactCache(
        cache,
        kept,
        Int32Array.from(rows, ({ pivot }) => pivot),
      );
      disposeFile(file);
      file = createFile(
        Int32Array.from(kept, (row) => latest[row]!),
        fileSteps,
      );
    },
    dispose() {
      forget();
      disposeFile(file);
    },
  };
}

function createFile(latest: Int32Array, steps: number): TokenFile {
  const size = [steps, latest.length];
  const [ids, logProbs] = [tf.zeros(size, 'int32'), tf.zeros(size)];
  const file = [tf.tensor1d(latest, 'int32'), ids, logProbs].map((tensor) => {
    upload(tensor);
    const variable = tf.variable(tensor, false);
    tensor.dispose();
    return variable;
  }) as [tf.Variable, tf.Variable, tf.Variable];
  return { latest: file[0], ids: file[1], logProbs: file[2] };
}

function disposeFile({ latest, ids, logProbs }: TokenFile): void {
  tf.dispose([latest, ids, logProbs]);
}
