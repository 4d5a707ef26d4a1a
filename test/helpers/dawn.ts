/** Runs a program in a process of its own with Dawn on one software adapter; returns what its last line says, in JSON. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { SoftwareAdapter } from '../../scripts/lib/dawn.ts';

/**
 * @param entry the program, relative to the repository; `settings` are its only argument, in JSON
 * @throws Error with what the program wrote when it fails
 */
export async function runWithDawn<T>(
  entry: string,
  settings: unknown,
  { environment }: SoftwareAdapter,
): Promise<T> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', entry, JSON.stringify(settings)],
    { env: { ...process.env, ...environment }, maxBuffer: 2 ** 26 },
  );
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as T;
}
