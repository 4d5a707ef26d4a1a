/**
 * Log-probability and entropy of chosen tokens, straight from hidden states and the vocabulary projection, in chunks
 * of the vocabulary: a [M, V] tensor of a large vocabulary never exists. Sampling tokens is `sample-tokens.ts`.
 *
 * With logits z = s·h·Eᵀ, p = softmax(z), Z = log Σ exp z:  logProb = z[target] − Z;  entropy H = Z − Σ p·z.
 * Backward recomputes each chunk of p from Z: ∂logProb/∂z = 1[target] − p;  ∂H/∂z = −p·(log p + H).
 */
import * as tf from '@tensorflow/tfjs';
import { differentiableMany, isTrained } from '../differentiable.ts';
import { fastKernels } from '../kernels.ts';
import { multiply } from '../multiply.ts';
import type { Kernels } from '../operations.ts';
import { dense, type Weight } from '../packed.ts';

/** Logits held at once by the stock version: 16 MiB. */
const chunkElements = 1 << 22;

function* chunks(head: tf.Tensor2D, tokens: number): Generator<{ start: number; part: tf.Tensor2D }> {
  const [vocabulary, width] = head.shape;
  const size = Math.min(vocabulary, Math.max(256, Math.floor(chunkElements / Math.max(1, tokens))));
  for (let start = 0; start < vocabulary; start += size) {
    const rows = Math.min(size, vocabulary - start);
    yield { start, part: rows === vocabulary ? head : tf.slice(head, [start, 0], [rows, width]) };
  }
}

/** Runs one chunk after the other, keeping only what `step` returns. */
function fold(
  head: tf.Tensor2D,
  tokens: number,
  first: tf.Tensor[],
  step: (state: tf.Tensor[], part: tf.Tensor2D, start: number) => tf.Tensor[],
): tf.Tensor[] {
  let state = first;
  for (const { start, part } of chunks(head, tokens)) {
    const next = tf.tidy(() => step(state, part, start));
    tf.dispose(state);
    if (part !== head) part.dispose();
    state = next;
  }
  return state;
}

/** 1 for a token id, 0 for a negative target, which is not counted. */
function realTargets(targets: tf.Tensor): tf.Tensor {
  return tf.where(
    tf.greaterEqual(targets, tf.scalar(0, 'int32')),
    tf.ones(targets.shape),
    tf.zeros(targets.shape),
  );
}

export const stock = {
  logProb(hiddenStates: tf.Tensor, projection: Weight, targets: tf.Tensor, scale: number) {
    return tf.tidy(() => {
      const [hidden, head] = [hiddenStates, dense(projection)] as [tf.Tensor2D, tf.Tensor2D];
      const tokens = hidden.shape[0];
      const start = [tf.fill([tokens, 1], -1e30), tf.zeros([tokens, 1]), tf.zeros([tokens, 1])];
      const [highest, total, weighted] = fold(head, tokens, start, ([m, l, w], part) => {
        const logits = tf.mul(multiply(hidden, part, false, true), scale); // [M, chunk]
        const next = tf.maximum(m!, tf.max(logits, 1, true));
        const shrink = tf.exp(tf.sub(m!, next));
        const e = tf.exp(tf.sub(logits, next));
        return [
          next,
          tf.add(tf.mul(l!, shrink), tf.sum(e, 1, true)),
          // Σ e·(z − highest), moved to the new highest: keeps the entropy exact where logits are large.
          tf.add(
            tf.mul(shrink, tf.add(w!, tf.mul(l!, tf.sub(m!, next)))),
            tf.sum(tf.mul(e, tf.sub(logits, next)), 1, true),
          ),
        ];
      }) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const ids = tf.maximum(targets, tf.scalar(0, 'int32')) as tf.Tensor1D;
      const chosen = tf.mul(tf.sum(tf.mul(hidden, tf.gather(head, ids)), 1, true), scale);
      const logTotal = tf.log(total);
      const counted = (x: tf.Tensor) => tf.mul(tf.reshape(x, [-1]), realTargets(targets));
      return {
        logProb: counted(tf.sub(tf.sub(chosen, highest), logTotal)),
        entropy: counted(tf.sub(logTotal, tf.div(weighted, total))),
        logSumExp: counted(tf.add(highest, logTotal)),
      };
    }) as { logProb: tf.Tensor; entropy: tf.Tensor; logSumExp: tf.Tensor };
  },
  logProbBackward(
    dLogProb: tf.Tensor | null,
    dEntropy: tf.Tensor | null,
    hiddenStates: tf.Tensor,
    projection: Weight,
    targets: tf.Tensor,
    scale: number,
    logSumExp: tf.Tensor,
    entropy: tf.Tensor,
    wantHead: boolean,
  ) {
    const parts: tf.Tensor[] = [];
    const dHidden = tf.tidy(() => {
      const [hidden, head] = [hiddenStates, dense(projection)] as [tf.Tensor2D, tf.Tensor2D];
      const tokens = hidden.shape[0];
      const column = (x: tf.Tensor) => tf.reshape(x, [-1, 1]);
      const real = realTargets(targets);
      const [upLogProb, upEntropy] = [dLogProb, dEntropy].map((dy) => dy && column(tf.mul(dy, real)));
      const [sum] = fold(head, tokens, [tf.zerosLike(hidden)], ([sum], part, start) => {
        const logits = tf.mul(multiply(hidden, part, false, true), scale);
        const logP = tf.sub(logits, column(logSumExp));
        const p = tf.exp(logP);
        // Targets outside of this chunk get a row of zeros.
        const chosen = tf.oneHot(tf.sub(targets, tf.scalar(start, 'int32')), part.shape[0]);
        let dLogits: tf.Tensor = upLogProb ? tf.mul(upLogProb, tf.sub(chosen, p)) : tf.zerosLike(p);
        if (upEntropy) {
          dLogits = tf.sub(dLogits, tf.mul(upEntropy, tf.mul(p, tf.add(logP, column(entropy)))));
        }
        const scaled = tf.mul(dLogits, scale);
        if (wantHead) parts.push(tf.keep(multiply(scaled, hidden, true, false)));
        return [tf.add(sum!, multiply(scaled, part))];
      });
      return sum!;
    });
    const dHead = wantHead ? tf.concat(parts, 0) : null;
    tf.dispose(parts);
    return { dHidden, dHead };
  },
} satisfies Pick<Kernels, 'logProb' | 'logProbBackward'>;

export interface ChosenLogProbOptions {
  /** Multiplies the logits before the temperature divides them (Granite divides by `logits_scaling`). */
  logitScale?: number;
  temperature?: number;
  /** Whether the entropy needs a gradient too (an entropy bonus); otherwise it is only a measurement. */
  entropyGradient?: boolean;
}

/**
 * @param hidden [M, C] final hidden states that predict the targets
 * @param head [V, C] vocabulary projection
 * @param targets [M] int32, negative = not counted (both results 0); the caller keeps them until the gradient has run
 * @returns natural-log probability [M] and entropy in nats [M]
 */
export function chosenLogProb(
  hidden: tf.Tensor2D,
  head: Weight,
  targets: tf.Tensor1D,
  { logitScale = 1, temperature = 1, entropyGradient = false }: ChosenLogProbOptions = {},
): { logProb: tf.Tensor1D; entropy: tf.Tensor1D } {
  const kernels = fastKernels() ?? stock;
  const scale = logitScale / temperature;
  const trained = isTrained(head);
  const [logProb, entropy] = differentiableMany(trained ? [hidden, head] : [hidden], (keep) => {
    const { logProb, entropy, logSumExp } = kernels.logProb(hidden, head, targets, scale);
    keep(hidden, logSumExp, entropy);
    return {
      values: [logProb, entropy],
      gradient: (dys, kept) => {
        const [hidden, logSumExp, entropy] = kept as [tf.Tensor, tf.Tensor, tf.Tensor];
        const { dHidden, dHead } = kernels.logProbBackward(
          dys[0]!,
          entropyGradient ? dys[1]! : null,
          hidden,
          head,
          targets,
          scale,
          logSumExp,
          entropy,
          trained,
        );
        return trained ? [dHidden, dHead!] : [dHidden];
      },
    };
  }) as [tf.Tensor1D, tf.Tensor1D];
  return { logProb, entropy };
}
