/**
 * Keys and values during decoding: those of each prompt once, shared by its rows, and each row's own, which grow by one
 * a step. What is sampled, and when rows leave, is `generate.ts`.
 *
 * A policy whose base is packed keeps them in f16 where the kernels can read that: who gave up bits of the weights for
 * memory gives up these too, and at long prompts the caches are the larger part. The products are summed in f32.
 */
import * as tf from '@tensorflow/tfjs';
import { packSequences, uploadBatch, disposeBatch } from '../compute/batch.ts';
import { attention } from '../compute/ops/attention.ts';
import { appendKv, decodeAttention, halved, keepRows, stackRows } from '../compute/ops/decode-attention.ts';
import { pickRows } from '../compute/ops/embedding.ts';
import { isPacked } from '../compute/packed.ts';
import { upload } from '../compute/transfer.ts';
import type { Policy } from '../model/policy.ts';
import { attentionShape, runLayers } from '../model/transformer.ts';
import { bucketLength } from './buckets.ts';

/** Tokens of a forward pass over prompts: bounds its activations. */
const prefillTokens = 4096;
const firstCapacity = 32;

interface LayerCache {
  prefixK: tf.Tensor; // [P, Tp, W], in f16 int32 [P, Tp, W/2]
  prefixV: tf.Tensor;
  suffixK: tf.Variable; // [≥R, Ts, W] likewise
  suffixV: tf.Variable;
}

export interface KvCache {
  layers: LayerCache[];
  prefixLengths: tf.Tensor1D; // [P] int32
  pivotOfRow: tf.Tensor1D; // [R] int32
  /** R */
  rows: number;
  /** Ts */
  capacity: number;
}

/**
 * Runs the prompts, in several passes if there are many.
 * @param pivotOfRow the prompt of each row to be decoded, [R]
 * @param reach one more than the largest position there will be, later tokens included
 * @returns the cache, and the hidden states after each prompt's last token, [P, C]
 */
export function prefill(
  policy: Policy,
  prompts: readonly ArrayLike<number>[],
  pivotOfRow: Int32Array,
  reach: number,
): { cache: KvCache; last: tf.Tensor2D } {
  const longest = bucketLength(Math.max(...prompts.map((prompt) => prompt.length)));
  const passes = prefillPasses(prompts).map((pass) => prefillPass(policy, pass, reach));
  const rows = pivotOfRow.length;
  const joined = (of: (pass: (typeof passes)[number]) => tf.Tensor[]) =>
    of(passes[0]!).map((_, layer) => {
      const parts = passes.map((pass) => of(pass)[layer]!);
      const whole = stackRows(parts, prompts.length, longest);
      // Layer by layer, so that there are never two of the whole.
      tf.dispose(parts);
      return whole;
    });
  const [keys, values] = [joined((pass) => pass.keys), joined((pass) => pass.values)];
  const last = tf.concat2d(
    passes.map((pass) => pass.last),
    0,
  );
  tf.dispose(passes.map((pass) => pass.last));
  const { dtype, shape } = keys[0]!;
  // Zero bits are zero in f16 too.
  const empty = () => suffixVariable(tf.zeros([rows, firstCapacity, shape[2]!], dtype));
  const cache: KvCache = {
    layers: keys.map((prefixK, layer) => ({
      prefixK,
      prefixV: values[layer]!,
      suffixK: empty(),
      suffixV: empty(),
    })),
    prefixLengths: uploaded(Int32Array.from(prompts, (prompt) => prompt.length)),
    pivotOfRow: uploaded(pivotOfRow),
    rows,
    capacity: firstCapacity,
  };
  return { cache, last };
}

/** Now and not at its first use, which is recorded and repeated. */
function uploaded(values: Int32Array): tf.Tensor1D {
  const tensor = tf.tensor1d(values, 'int32');
  upload(tensor);
  return tensor;
}

/** Neighbours share a pass as long as their padded tokens stay within bounds. */
function prefillPasses(prompts: readonly ArrayLike<number>[]): ArrayLike<number>[][] {
  const passes: ArrayLike<number>[][] = [];
  let pass: ArrayLike<number>[] = [];
  let longest = 0;
  for (const prompt of prompts) {
    const next = Math.max(longest, bucketLength(prompt.length));
    if (pass.length && (pass.length + 1) * next > prefillTokens) {
      passes.push(pass);
      pass = [];
      longest = 0;
    }
    pass.push(prompt);
    longest = Math.max(longest, bucketLength(prompt.length));
  }
  return [...passes, pass];
}

function prefillPass(policy: Policy, prompts: ArrayLike<number>[], reach: number) {
  const length = bucketLength(Math.max(...prompts.map((prompt) => prompt.length)));
  const batch = uploadBatch(packSequences(prompts, length));
  const shape = attentionShape(policy.config);
  const packed = halvingFor(policy);
  const passed = tf.tidy(() => {
    const keys: tf.Tensor[] = [];
    const values: tf.Tensor[] = [];
    const stored = (x: tf.Tensor) => {
      const byPrompt = tf.reshape(x, [prompts.length, length, x.shape[1]!]);
      return packed ? packed(byPrompt) : byPrompt;
    };
    const hidden = runLayers(policy, batch.ids, batch.positions, reach, (q, k, v) => {
      // Each layer gives back what it does not return.
      keys.push(tf.keep(stored(k)));
      values.push(tf.keep(stored(v)));
      return attention(q, k, v, batch, shape);
    });
    const ends = prompts.map((prompt, row) => row * length + prompt.length - 1);
    return { keys, values, last: pickRows(hidden, tf.tensor1d(ends, 'int32')) };
  }) as { keys: tf.Tensor[]; values: tf.Tensor[]; last: tf.Tensor2D };
  disposeBatch(batch);
  return passed;
}

const halvingFor = ({ config, weights }: Policy) =>
  [...weights.values()].some(isPacked) ? halved(config.headWidth) : null;

/** Whether keys and values of this policy are kept in f16. */
export const isInHalves = (policy: Policy): boolean => halvingFor(policy) !== null;

function suffixVariable(tensor: tf.Tensor): tf.Variable {
  upload(tensor);
  const variable = tf.variable(tensor, false);
  tensor.dispose();
  return variable;
}

/**
 * One step of all rows: takes the tokens in, gives the hidden states that predict the next ones.
 * @param ids [R] int32
 * @param positions [R] int32, each below `reach`
 * @param step how many tokens each row already has in the cache
 * @returns [R, C]
 */
export function decodeStep(
  policy: Policy,
  cache: KvCache,
  ids: tf.Tensor1D,
  positions: tf.Tensor1D,
  reach: number,
  step: number,
): tf.Tensor2D {
  const shape = attentionShape(policy.config);
  const { prefixLengths, pivotOfRow } = cache;
  return tf.tidy(() =>
    runLayers(policy, ids, positions, reach, (q, k, v, layer) => {
      const own = cache.layers[layer]!;
      appendKv(own.suffixK, k, step);
      appendKv(own.suffixV, v, step);
      return decodeAttention({ q, ...own, prefixLengths, suffixLength: step + 1, pivotOfRow }, shape);
    }),
  );
}

/** Doubles the room for own tokens, which `decodeStep` needs when as many were taken in as there is room for: rows mostly end early, so the full room is rarely needed. */
export function growCache(cache: KvCache): void {
  const { rows, capacity } = cache;
  const grown = (old: tf.Variable) => {
    const next = stackRows([old], rows, 2 * capacity);
    old.dispose();
    return suffixVariable(next);
  };
  for (const layer of cache.layers) {
    layer.suffixK = grown(layer.suffixK);
    layer.suffixV = grown(layer.suffixV);
  }
  cache.capacity = 2 * capacity;
}

/** Leaves only some rows, by their present numbers, ascending. @param pivotOfRow of those that stay */
export function compactCache(cache: KvCache, keep: Int32Array, pivotOfRow: Int32Array): void {
  for (const layer of cache.layers) {
    layer.suffixK = keepRows(layer.suffixK, keep);
    layer.suffixV = keepRows(layer.suffixV, keep);
  }
  cache.pivotOfRow.dispose();
  cache.pivotOfRow = uploaded(pivotOfRow);
  cache.rows = keep.length;
}

export function disposeCache(cache: KvCache): void {
  for (const { prefixK, prefixV, suffixK, suffixV } of cache.layers)
    tf.dispose([prefixK, prefixV, suffixK, suffixV]);
  tf.dispose([cache.prefixLengths, cache.pivotOfRow]);
}
