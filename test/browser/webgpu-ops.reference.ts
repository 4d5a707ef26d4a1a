/** Float64 arithmetic, written for clarity, that the WebGPU kernels are compared with, and numbers to compare on. */
import type { Random } from '../../src/base/random.ts';

export type Values = number[];

/** Normal numbers as float32 values, so that both sides start from the same. */
export function normals(random: Random, size: number, scale = 1): Values {
  return Array.from({ length: size }, () => Math.fround(scale * random.normal()));
}

/** Σ over k of a(i, k)·b(k, j), as rows of j. */
export function product(
  m: number,
  n: number,
  k: number,
  a: (i: number, k: number) => number,
  b: (k: number, j: number) => number,
): Values {
  const c: Values = [];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a(i, p) * b(p, j);
      c.push(sum);
    }
  }
  return c;
}

export function rmsNorm(x: Values, w: Values, dy: Values, epsilon: number) {
  const width = w.length;
  const y: Values = [];
  const dx: Values = [];
  const inverseRms: Values = [];
  const dw = new Array<number>(width).fill(0);
  for (let start = 0; start < x.length; start += width) {
    const row = x.slice(start, start + width);
    const up = dy.slice(start, start + width);
    const r = 1 / Math.sqrt(row.reduce((sum, value) => sum + value * value, 0) / width + epsilon);
    const projection = row.reduce((sum, value, c) => sum + value * up[c]! * w[c]!, 0);
    inverseRms.push(r);
    row.forEach((value, c) => {
      y.push(value * r * w[c]!);
      dx.push(r * up[c]! * w[c]! - (value * r ** 3 * projection) / width);
      dw[c]! += up[c]! * value * r;
    });
  }
  return { y, inverseRms, dx, dw };
}

export interface Heads {
  heads: number;
  kvHeads: number;
  headWidth: number;
  scale: number;
}

/** Attention of one row and its gradient, everything written out: q and dOut [T, H·D], k and v [T, KV·D]. */
export function attention(q: Values, k: Values, v: Values, dOut: Values, segments: Values, shape: Heads) {
  const { heads, kvHeads, headWidth: width, scale } = shape;
  const zeros = (size: number) => new Array<number>(size).fill(0);
  const [out, dq, dk, dv] = [q, q, k, v].map((x) => zeros(x.length)) as [Values, Values, Values, Values];
  const logSumExp = zeros(segments.length * heads);
  segments.forEach((own, i) => {
    if (own < 0) return;
    for (let h = 0; h < heads; h++) {
      const at = (i * heads + h) * width;
      const from = (j: number) => (j * kvHeads + Math.floor((h * kvHeads) / heads)) * width;
      const keys = segments
        .map((_, j) => j)
        .filter((j) => j <= i && (segments[j] === 0 || segments[j] === own));
      const dot = (a: Values, aAt: number, b: Values, bAt: number) => {
        let sum = 0;
        for (let d = 0; d < width; d++) sum += a[aAt + d]! * b[bAt + d]!;
        return sum;
      };
      const scores = keys.map((j) => scale * dot(q, at, k, from(j)));
      const top = Math.max(...scores);
      const total = scores.reduce((sum, s) => sum + Math.exp(s - top), 0);
      logSumExp[i * heads + h] = top + Math.log(total);
      const shares = scores.map((s) => Math.exp(s - top) / total);
      keys.forEach((j, n) => {
        for (let d = 0; d < width; d++) out[at + d]! += shares[n]! * v[from(j) + d]!;
      });
      const spread = dot(dOut, at, out, at);
      keys.forEach((j, n) => {
        const dScore = shares[n]! * (dot(dOut, at, v, from(j)) - spread) * scale;
        for (let d = 0; d < width; d++) {
          dv[from(j) + d]! += shares[n]! * dOut[at + d]!;
          dq[at + d]! += dScore * k[from(j) + d]!;
          dk[from(j) + d]! += dScore * q[at + d]!;
        }
      });
    }
  });
  return { out, logSumExp, dq, dk, dv };
}

/** Log-probability and entropy of each target, and gradients for incoming ones; 0 where the target is negative. */
export function logProb(
  hidden: Values,
  head: Values,
  targets: Values,
  width: number,
  scale: number,
  upLogProb: Values | null,
  upEntropy: Values | null,
) {
  const vocabulary = head.length / width;
  const dHidden = hidden.map(() => 0);
  const dHead = head.map(() => 0);
  const [logProbs, entropies, totals] = [0, 1, 2].map(() => targets.map(() => 0)) as [Values, Values, Values];
  targets.forEach((target, row) => {
    if (target < 0) return;
    const x = hidden.slice(row * width, (row + 1) * width);
    const z = Array.from({ length: vocabulary }, (_, j) =>
      x.reduce((sum, value, c) => sum + scale * value * head[j * width + c]!, 0),
    );
    const top = z.reduce((a, b) => Math.max(a, b));
    const total = top + Math.log(z.reduce((sum, value) => sum + Math.exp(value - top), 0));
    const entropy = -z.reduce((sum, value) => sum + Math.exp(value - total) * (value - total), 0);
    logProbs[row] = z[target]! - total;
    entropies[row] = entropy;
    totals[row] = total;
    z.forEach((value, j) => {
      const p = Math.exp(value - total);
      let dz = (upLogProb?.[row] ?? 0) * (Number(j === target) - p);
      dz -= (upEntropy?.[row] ?? 0) * p * (value - total + entropy);
      for (let c = 0; c < width; c++) {
        dHidden[row * width + c]! += dz * scale * head[j * width + c]!;
        dHead[j * width + c]! += dz * scale * x[c]!;
      }
    });
  });
  return { logProb: logProbs, entropy: entropies, logSumExp: totals, dHidden, dHead };
}

/** The unit roundoff of float32. */
export const epsilon = 2 ** -24;

/**
 * What log-probabilities, entropies and gradients of the head may be off by. Four standard deviations of the roundings of a logit are 4·ε times the
 * sum of its products' magnitudes (each partial sum is rounded, and none exceeds that); a probability is off by that
 * of its own logit and that of the sum of exponentials, relatively, and by `exp` and `log` themselves (2⁻²⁰). The
 * slopes of a row sum to 2 in magnitude for the log-probability, to 2·ln V for the entropy; roundings of rows are
 * independent.
 */
export function scoreBounds(
  hidden: Values,
  head: Values,
  width: number,
  scale: number,
  up: { logProb: Values | null; entropy: Values | null },
): { logProb: number; entropy: number; dHidden: number; dHead: number } {
  const most = (values: Values | null) =>
    (values ?? []).reduce((top, value) => Math.max(top, Math.abs(value)), 0);
  const [rows, vocabulary] = [hidden.length / width, head.length / width];
  let magnitude = 0;
  for (let row = 0; row < rows; row++)
    for (let v = 0; v < vocabulary; v++) {
      let sum = 0;
      for (let c = 0; c < width; c++) sum += Math.abs(hidden[row * width + c]! * head[v * width + c]!);
      magnitude = Math.max(magnitude, sum);
    }
  const logProb = 2 * 4 * epsilon * scale * magnitude + 2 ** -20;
  const surprise = Math.log(vocabulary + 1);
  const slopes = 2 * most(up.logProb) + 2 * surprise * most(up.entropy);
  const gradient = logProb * scale * slopes;
  return {
    logProb,
    entropy: 2 * surprise * logProb,
    dHidden: gradient * most(head),
    dHead: gradient * most(hidden) * Math.sqrt(rows),
  };
}
