/** Proves: WebGPU kernels equal float64 in poisoned memory, in both tile families; models equal stock operations. */
import { expect, it } from 'vitest';
import { runInBrowserWorker } from '../../scripts/lib/browser-worker.ts';
import type * as ops from './webgpu-ops.report.ts';

type Report = ops.Report & { error?: string };

const divided = ['products', 'packedProducts', 'packedTables', 'tables', 'optimizers', 'scores'];

const wrong = ({ outcomes }: Report) => outcomes.filter(({ distance, bound }) => !(distance <= bound));

// A binding of 16 KiB is so small that tables, heads and parameters are cut into parts.
it.each([
  [{ family: 'registers' }, { family: 'registers', bindingBytes: 16384, only: divided }],
  [
    { family: 'tiled' },
    { family: 'tiled', bindingBytes: 16384, only: ['packedProducts', 'packedTables', 'optimizers'] },
  ],
])('computes every operation within its bound: %j, %j', async (...options) => {
  const report = await runInBrowserWorker<Report>('test/browser/webgpu-ops.worker.ts', options);
  expect(report.error).toBeUndefined();
  expect(report.outcomes.length).toBeGreaterThan(200);
  expect(wrong(report)).toEqual([]);
});

it('gives the gradients and the tokens of stock operations in models of every family', async () => {
  const report = await runInBrowserWorker<Report>('test/browser/webgpu-ops.worker.ts', 'models');
  expect(report.error).toBeUndefined();
  expect(report.outcomes.length).toBeGreaterThan(100);
  expect(wrong(report)).toEqual([]);
});
