/**
 * The operations in plain float64 arithmetic, written for clarity: what the self-test and the tests compare the
 * backends with. Forward only; gradients are central differences of these. Never used to compute a result.
 */
import type { AdamWSettings, AttentionShape } from './operations.ts';

type Values = readonly number[];

/** y = x·wᵀ. x [N, I], w [O, I] → [N, O]. */
export function linear(x: Values, w: Values, inputs: number, bias: Values | null = null): number[] {
  const [tokens, outputs] = [x.length / inputs, w.length / inputs];
  const y: number[] = [];
  for (let n = 0; n < tokens; n++) {
    for (let o = 0; o < outputs; o++) {
      let sum = bias ? bias[o]! : 0;
      for (let i = 0; i < inputs; i++) sum += x[n * inputs + i]! * w[o * inputs + i]!;
      y.push(sum);
    }
  }
  return y;
}

/** table [V, C], ids [N] → [N, C]. */
export function embedding(table: Values, ids: ArrayLike<number>, width: number): number[] {
  return Array.from(ids).flatMap((id) => table.slice(id * width, (id + 1) * width));
}

/** x [N, C], w [C] → [N, C]. */
export function rmsNorm(x: Values, w: Values, epsilon: number): number[] {
  const width = w.length;
  return x.map((value, at) => {
    const start = at - (at % width);
    let squares = 0;
    for (let i = 0; i < width; i++) squares += x[start + i]! ** 2;
    return (value / Math.sqrt(squares / width + epsilon)) * w[at % width]!;
  });
}

/** x [N, H·D] turned by angle = position · frequency of each pair (d, d + D/2). */
export function rope(x: Values, positions: ArrayLike<number>, frequencies: Values, heads: number): number[] {
  const half = frequencies.length;
  const rowWidth = heads * 2 * half;
  return x.map((value, at) => {
    const within = at % (2 * half);
    const angle = positions[Math.floor(at / rowWidth)]! * frequencies[within % half]!;
    const partner = within < half ? -x[at + half]! : x[at - half]!;
    return value * Math.cos(angle) + partner * Math.sin(angle);
  });
}

/** Whether token j of a row is visible to token i (see batch.ts). */
export function isVisible(segments: ArrayLike<number>, i: number, j: number): boolean {
  const [own, other] = [segments[i]!, segments[j]!];
  return j <= i && own >= 0 && (other === 0 || other === own);
}

/** q [B·T, H·D], k and v [B·T, K·D], segments [B·T] → [B·T, H·D]. */
export function attention(
  q: Values,
  k: Values,
  v: Values,
  segments: ArrayLike<number>,
  length: number,
  { heads, kvHeads, headWidth, scale }: AttentionShape,
): number[] {
  const out = new Array<number>(q.length).fill(0);
  for (let token = 0; token < segments.length; token++) {
    const start = token - (token % length);
    for (let head = 0; head < heads; head++) {
      const to = (token * heads + head) * headWidth;
      const from = (j: number) => (j * kvHeads + Math.floor((head * kvHeads) / heads)) * headWidth;
      const weights = new Map<number, number>();
      for (let j = start; j <= token; j++) {
        if (!isVisible(segments, token, j)) continue;
        let score = 0;
        for (let d = 0; d < headWidth; d++) score += q[to + d]! * k[from(j) + d]!;
        weights.set(j, score * scale);
      }
      const highest = Math.max(...weights.values());
      let total = 0;
      for (const [j, score] of weights) {
        weights.set(j, Math.exp(score - highest));
        total += weights.get(j)!;
      }
      for (const [j, weight] of weights) {
        for (let d = 0; d < headWidth; d++) out[to + d]! += (weight / total) * v[from(j) + d]!;
      }
    }
  }
  return out;
}

export function swiglu(gate: Values, up: Values): number[] {
  return gate.map((g, i) => (g / (1 + Math.exp(-g))) * up[i]!);
}

/** hidden [M, C], head [V, C], targets [M] → log-probability and entropy, [M] each; 0 for a negative target. */
export function logProb(
  hidden: Values,
  head: Values,
  targets: ArrayLike<number>,
  width: number,
  scale: number,
) {
  const vocabulary = head.length / width;
  const all = linear(hidden, head, width);
  const result = { logProb: [] as number[], entropy: [] as number[] };
  Array.from(targets).forEach((target, m) => {
    const logits = all.slice(m * vocabulary, (m + 1) * vocabulary).map((logit) => logit * scale);
    const highest = Math.max(...logits);
    const total = highest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0));
    const entropy = total - logits.reduce((sum, logit) => sum + Math.exp(logit - total) * logit, 0);
    result.logProb.push(target < 0 ? 0 : logits[target]! - total);
    result.entropy.push(target < 0 ? 0 : entropy);
  });
  return result;
}

/** One update; returns the new parameter, m and v. @param norm of the whole gradient, of which this may be a part */
export function adamW(
  p: Values,
  gradient: Values,
  m: Values,
  v: Values,
  norm: number,
  settings: AdamWSettings,
) {
  const { learningRate, beta1, beta2, epsilon, weightDecay, step, maxNorm } = settings;
  const g = gradient.map((value) => value * Math.min(1, maxNorm / (norm + 1e-6)));
  const nextM = m.map((value, i) => beta1 * value + (1 - beta1) * g[i]!);
  const nextV = v.map((value, i) => beta2 * value + (1 - beta2) * g[i]! ** 2);
  const next = p.map((value, i) => {
    const spread = Math.sqrt(nextV[i]! / (1 - beta2 ** step)) + epsilon;
    return (
      value * (1 - learningRate * weightDecay) - (learningRate * nextM[i]!) / (1 - beta1 ** step) / spread
    );
  });
  return { p: next, m: nextM, v: nextV };
}

export function add(a: Values, b: Values): number[] {
  return a.map((value, i) => value + b[i]!);
}

/** Gradient of a scalar function by central differences. */
export function differences(f: (x: number[]) => number, x: Values, step = 1e-5): number[] {
  const at = x.slice();
  return x.map((value, i) => {
    at[i] = value + step;
    const above = f(at);
    at[i] = value - step;
    const below = f(at);
    at[i] = value;
    return (above - below) / (2 * step);
  });
}

/** Largest |found − expected| relative to 1 or the largest expected value, if that is more; NaN counts as infinite. */
export function largestError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Infinity;
  let scale = 1;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]!));
    const error = Math.abs(found[i]! - expected[i]!);
    largest = error <= largest ? largest : Number.isNaN(error) ? Infinity : error;
  }
  return largest / scale;
}
