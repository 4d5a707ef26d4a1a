/** Proves: on WebGPU too, no phase leaves a buffer behind, whatever the lengths, and the pool stays near what is needed. */
import { expect, it } from 'vitest';
import { softwareAdapters } from '../../scripts/lib/dawn.ts';
import { runWithDawn } from '../helpers/dawn.ts';
import type { Phase } from './growth.process.ts';

const adapter = softwareAdapters().find(({ name }) => name === 'SwiftShader');

/** Numbers of kernels, kept for the next time: some bytes for each combination. */
const uniformBytes = 128 << 10;
/** What values are read through. */
const stagingBytes = 4 << 20;

it.skipIf(!adapter)('nothing grows over twenty steps of lengths that differ', async () => {
  const phases = await runWithDawn<Phase[]>('test/dawn/growth.process.ts', 20, adapter!);
  expect(phases).toHaveLength(40);
  // After the first step the optimizer has its moments.
  const base = phases[1]!.liveBytes;
  let needed = Math.max(...phases.slice(0, 2).map(({ mostUsedBytes }) => mostUsedBytes));
  for (const { liveBytes, mostBytes, mostUsedBytes, freeBytes } of phases.slice(2)) {
    needed = Math.max(needed, mostUsedBytes);
    expect(freeBytes).toBe(0);
    expect(Math.abs(liveBytes - base)).toBeLessThan(uniformBytes);
    expect(mostBytes).toBeLessThan(1.1 * needed + stagingBytes + uniformBytes);
  }
  // Far more than what stayed came and went meanwhile.
  expect(needed).toBeGreaterThan(5 * base);
});
