/** Proves: through Dawn in Node too, kernels equal float64 in poisoned memory and models equal stock operations. */
import { describe, expect, it } from 'vitest';
import { softwareAdapters } from '../../scripts/lib/dawn.ts';
import type { Report, Work } from '../browser/webgpu-ops.report.ts';
import { runWithDawn } from '../helpers/dawn.ts';

/** What reduces over workgroups. */
const reducing = ['reductions', 'norms', 'optimizers', 'scores', 'samples', 'decoding', 'products'];

const wrong = ({ outcomes }: Report) => outcomes.filter(({ distance, bound }) => !(distance <= bound));

// What a GPU runs is proven on lavapipe, which has shader-f16 and subgroups; SwiftShader takes the other tiles.
describe.each([
  ['SwiftShader', 'registers'],
  ['lavapipe', 'tiled'],
] as const)('on %s', (name, family) => {
  const adapter = softwareAdapters().find((known) => known.name === name);
  const report = (work: Work) => runWithDawn<Report>('test/dawn/operations.process.ts', work, adapter!);

  it.skipIf(!adapter)(`computes every operation within its bound in ${family} tiles`, async () => {
    // With and without subgroups, for those who have none.
    const found = await report([{ family }, { family, subgroups: false, only: reducing }]);
    expect(found.outcomes.length).toBeGreaterThan(200);
    expect(wrong(found)).toEqual([]);
  });

  it.skipIf(!adapter)('computes the same of weights and tables cut into parts', async () => {
    // So small a binding holds no matrix whole.
    const only = ['products', 'packedProducts', 'packedTables', 'scores'];
    const found = await report([{ family, bindingBytes: 16384, only }]);
    expect(found.outcomes.length).toBeGreaterThan(100);
    expect(wrong(found)).toEqual([]);
  });

  it.skipIf(!adapter)('gives the gradients and the tokens of stock operations', async () => {
    const found = await report('models');
    expect(found.outcomes.length).toBeGreaterThan(100);
    expect(wrong(found)).toEqual([]);
  });
});
