/**
 * What hand-written kernels offer, on any backend: the hot operations on tensors, without gradients and without a tape,
 * which `ops/` adds. The kernels are in `wasm/` and `webgpu/`; which of them serve says `kernels.ts`.
 *
 * Hazards, for whoever calls:
 * - All tensors must live on the kernels' backend, dtype float32 unless said otherwise, and are read as row-major rows:
 *   only the sizes named in the comments matter, leading axes may be folded or not.
 * - Kernels never touch their inputs except where "in place" is said.
 * - "In place" writes through every tensor that shares the values (clones, reshapes, the source of a variable).
 */
import type { Tensor } from '@tensorflow/tfjs';
import type { Weight } from './packed.ts';

export interface AttentionShape {
  heads: number;
  kvHeads: number;
  headWidth: number;
  /** Factor on the scores before the softmax, usually 1/√headWidth. */
  scale: number;
}

export interface AdamWSettings {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Decoupled: parameter −= learningRate · weightDecay · parameter. */
  weightDecay: number;
  /** 1 at the first update; for the bias correction. */
  step: number;
  /** Gradients of a larger global norm are scaled down to it; Infinity = never. */
  maxNorm: number;
}

/** Running means of the gradient and of its square, of all parameters one after the other. */
export interface Moments {
  first: Tensor; // [total]
  second: Tensor; // [total]
  /** Where each parameter's begin, multiples of 64 values. */
  starts: readonly number[];
}

export interface SampleSettings {
  /** 0 is greedy: the largest logit, first on ties. */
  temperature: number;
  /** 0 is off; otherwise only logits ≥ the k-th largest stay (ties stay). */
  topK: number;
  /** 1 is off; the smallest set of most likely tokens, after top-k and renormalised, whose mass is ≥ topP (ties stay). */
  topP: number;
  /** 0 is off; otherwise only tokens with p ≥ minP · max p stay. */
  minP: number;
  /** Unsigned 32 bit. The noise of a token is a hash of (seed, row id, step, column), so it depends on nothing else. */
  seed: number;
  step: number;
}

export interface DecodeAttentionInputs {
  q: Tensor; // [R, H·D]
  /** Keys and values, all four in f32 or all in f16 (see `Kernels.halves`): then int32 [.., KV·D/2]. */
  prefixK: Tensor; // [P, Tp, KV·D]
  prefixV: Tensor; // [P, Tp, KV·D]
  prefixLengths: Tensor; // int32 [P], each 0..Tp
  suffixK: Tensor; // [≥R, Ts, KV·D]
  suffixV: Tensor; // [≥R, Ts, KV·D]
  /** Tokens of the suffix that are visible, the current one included; 0..Ts, the same for all rows. */
  suffixLength: number;
  pivotOfRow: Tensor; // int32 [R], each 0..P−1; rows of one pivot side by side are fastest
}

/** One token a row, and all since the last readback. */
export interface TokenFile {
  latest: Tensor; // int32 [R]
  ids: Tensor; // int32 [K, R]
  logProbs: Tensor; // [K, R]
}

/** The same work again and again. */
export interface Repetition {
  run(): void;
  /** Gives back what the work allocated. */
  dispose(): void;
}

/** N = any number of rows (tokens); see src/base/shapes.ts for the other letters. */
export interface Kernels {
  /** y = x·wᵀ + bias + addend. x [.., I], w [O, I], bias [O] → [.., O], which may be the addend's own memory. */
  linear(x: Tensor, w: Weight, bias: Tensor | null, addend?: Tensor | null): Tensor;
  /** dx = dy·w + addend. dy [.., O], w [O, I] → [.., I], which may be the addend's own memory. */
  linearBackwardX(dy: Tensor, w: Weight, addend?: Tensor | null): Tensor;
  /** dw = dyᵀ·x. dy [.., O], x [.., I] → [O, I]. */
  linearBackwardW(dy: Tensor, x: Tensor): Tensor;
  /** Sum over rows (gradient of a bias). dy [.., O] → [O]. */
  sumRows(dy: Tensor): Tensor;

  /** y = x / √(mean(x²) + eps) · w. x [.., C], w [C] → y like x, inverseRms [N]. */
  rmsNorm(x: Tensor, w: Tensor, eps: number): { y: Tensor; inverseRms: Tensor };
  /** dx with `addend` added to it. */
  rmsNormBackward(
    dy: Tensor,
    x: Tensor,
    w: Tensor,
    inverseRms: Tensor,
    addend?: Tensor | null,
  ): { dx: Tensor; dw: Tensor };
  /** sum = x + scale·branch and its norm. x, branch [.., C], w [C]. */
  addAndNorm(
    x: Tensor,
    branch: Tensor,
    scale: number,
    w: Tensor,
    eps: number,
  ): { sum: Tensor; y: Tensor; inverseRms: Tensor };

  /**
   * Rotates pairs (d, d + D/2) of each head ("rotate half", as Llama and Qwen do).
   * One or two xs [N, heads·D] with heads of their own number (queries and keys), positions int32 [N], cos and sin
   * [maxPosition, D/2] → like xs. `inverse` rotates back (the gradient).
   */
  rope(
    xs: readonly Tensor[],
    positions: Tensor,
    cos: Tensor,
    sin: Tensor,
    headWidth: number,
    inverse: boolean,
  ): Tensor[];

  /**
   * q [B·T, H·D], k and v [B·T, KV·D], segments int32 [B, T]: 0 prompt, j ≥ 1 completion j, negative padding.
   * Token j is visible to i when j ≤ i and (segment j = 0 or segment j = segment i) and neither is padding.
   * Fast when segments are contiguous, right always. Padding gets out 0, logSumExp 0. logSumExp [B·T, H];
   * on WebGPU [B·T, H, 2], of which the second is room for the backward pass.
   */
  attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    segments: Tensor,
    shape: AttentionShape,
  ): { out: Tensor; logSumExp: Tensor };
  attentionBackward(
    dOut: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    out: Tensor,
    logSumExp: Tensor,
    segments: Tensor,
    shape: AttentionShape,
  ): { dq: Tensor; dk: Tensor; dv: Tensor };

  /** silu(gate)·up, all of one shape. */
  swiglu(gate: Tensor, up: Tensor): Tensor;
  swigluBackward(dy: Tensor, gate: Tensor, up: Tensor): { dgate: Tensor; dup: Tensor };

  /** w [V, C], ids int32 [..] → [.., C]. An id outside 0..V−1 gives zeros. */
  embedding(w: Weight, ids: Tensor): Tensor;
  /** dy [.., C], ids int32 [..] → [V, C], summed in the order of the tokens. */
  embeddingBackward(dy: Tensor, ids: Tensor, vocab: number): Tensor;

  /**
   * Log-probability of each target and entropy of softmax(scale · hidden·headᵀ), without the [N, V] tensor.
   * hidden [N, C], head [V, C], targets int32 [N]; a negative target skips the row (all three results 0).
   */
  logProb(
    hidden: Tensor,
    head: Weight,
    targets: Tensor,
    scale: number,
  ): { logProb: Tensor; entropy: Tensor; logSumExp: Tensor }; // each [N]
  /** Either incoming gradient may be null; `wantHead` false leaves dHead null (frozen head). */
  logProbBackward(
    dLogProb: Tensor | null,
    dEntropy: Tensor | null,
    hidden: Tensor,
    head: Weight,
    targets: Tensor,
    scale: number,
    logSumExp: Tensor,
    entropy: Tensor,
    wantHead: boolean,
  ): { dHidden: Tensor; dHead: Tensor | null };

  /**
   * In place on parameters and moments; nothing changes when the norm is not finite. Gradients are in the order of the
   * parameters and only read.
   * @param norm scalar, of all gradients
   */
  adamW(
    parameters: readonly Tensor[],
    gradients: readonly Tensor[],
    moments: Moments,
    norm: Tensor,
    settings: AdamWSettings,
  ): void;
  /** Scalar tensor √Σx² over all tensors, the same each time. */
  globalNorm(tensors: readonly Tensor[]): Tensor;

  /**
   * One token a row. logits [R, V], rowIds int32 [R] (the row's name in the noise, unchanged by compaction).
   * logProbs are under the full softmax at that temperature (temperature 1 if greedy), before any filter.
   */
  sample(logits: Tensor, rowIds: Tensor, settings: SampleSettings): { ids: Tensor; logProbs: Tensor }; // int32 [R], [R]

  /** In place: latest = ids, and row `step` mod K of the file becomes the sampled ids and log-probabilities. */
  fileTokens(sampled: { ids: Tensor; logProbs: Tensor }, file: TokenFile, step: number): void;

  /** Attention of one new token a row to its pivot's prefix and its own suffix → [R, H·D]. */
  decodeAttention(inputs: DecodeAttentionInputs, shape: AttentionShape): Tensor;
  /** In place: cache[r, position] = rows[r], rounded if the cache is in f16. cache [≥R, Ts, W], rows [R, W]. */
  appendKv(cache: Tensor, rows: Tensor, position: number): void;
  /**
   * x rounded to f16, two neighbours in an int32, the first in the low bits: [.., W] → int32 [.., W/2], W a multiple of
   * four. Values beyond ±65504 saturate. Only where `decodeAttention` reads such caches.
   */
  halves?(x: Tensor): Tensor;
  /**
   * The first `rows` rows of the parts, one after the other, each with room for `capacity` tokens; what is in the room
   * beyond a row's own tokens is not said. Bits as they are, of f32 and int32. parts [Ri, Ti, W], Ti ≤ capacity →
   * [rows, capacity, W].
   */
  stackRows?(parts: readonly Tensor[], rows: number, capacity: number): Tensor;
  /** In place: row i of x becomes row keep[i], for ascending distinct `keep` (compaction). x [R, ..]. */
  compactRows(x: Tensor, keep: Int32Array): void;

  /**
   * Where recording pays: the work runs once, with turn 0, and is then sent again as it is. Its turns may differ by
   * nothing but the step numbers of `sample`, `fileTokens`, `decodeAttention` (suffixLength), `appendKv` (position) and
   * `rope` (positions), which grow by one a turn, and by what it changes in place. It may upload, but only tensors that
   * it makes and disposes of itself; whatever else it reads must be on the backend already.
   */
  repeat?(work: (turn: number) => void): Repetition;
}
