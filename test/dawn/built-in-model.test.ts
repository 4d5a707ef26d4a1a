/** Proves: the built-in model trains and decodes through Dawn as it does on WASM. */
import { describe, expect, it } from 'vitest';
import { softwareAdapters } from '../../scripts/lib/dawn.ts';
import { runWithDawn } from '../helpers/dawn.ts';
import type { Outcome } from './built-in-model.process.ts';

describe.each(['SwiftShader', 'lavapipe'])('on %s', (name) => {
  const adapter = softwareAdapters().find((known) => known.name === name);

  it.skipIf(!adapter)('gives the losses, norms and tokens of WASM', async () => {
    const [gpu, wasm] = await runWithDawn<[Outcome, Outcome]>(
      'test/dawn/built-in-model.process.ts',
      null,
      adapter!,
    );
    expect(gpu.losses).toHaveLength(4);
    for (const field of ['losses', 'gradNorms'] as const)
      gpu[field].forEach((value, i) => expect(value / wasm[field][i]!).toBeCloseTo(1, 3));
    expect(gpu.losses.at(-1)).toBeLessThan(gpu.losses[0]!);
    expect(gpu.ids.flat().length).toBeGreaterThan(40);
    expect(gpu.ids).toEqual(wasm.ids);
  });
});
