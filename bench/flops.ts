/** FLOPs of a piece of the bench's work: products alone, since norms, gates and softmax are bound by bytes. */
import type { Task } from './measure.ts';
import { decoding, parameterCount } from './work.ts';

/** Null where the work is neither a training step nor decoding. Decoding counts all tokens, extrapolated ones too. */
export function flopsOf({ work, engine, size, rows, length }: Task): number | null {
  const { layers, width } = size;
  const weights = parameterCount(size);
  // Both products of attention; who masks instead of skipping computes what is not visible too.
  const visible = engine === 'ours' ? 0.5 : 1;
  if (work === 'train') {
    const tokens = rows * length;
    return 3 * tokens * (2 * weights + layers * 4 * width * length * visible);
  }
  if (work !== 'decode') return null;
  const { samplesPerPrompt, promptTokens, newTokens } = decoding;
  const decoded = decoding.prompts * samplesPerPrompt * newTokens;
  const context = promptTokens + newTokens / 2;
  return (
    decoded * (2 * weights + layers * 4 * width * context) +
    decoding.prompts * promptTokens * (2 * weights + layers * 4 * width * promptTokens * visible)
  );
}
