/** Model folders on disk as the loader sees them; reads from ../shared/data/models where that is there. */
import { existsSync, readFileSync } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Json } from '../../src/base/json.ts';
import { readModelConfig } from '../../src/model/config.ts';
import { loadPolicy, type Policy } from '../../src/model/policy.ts';
import type { ByteSource } from '../../src/model/safetensors.ts';
import { openWeights, type BaseFormat } from '../../src/model/weights.ts';

export const modelsFolder = resolve(import.meta.dirname, '../../../shared/data/models');

export function hasModel(name: string): boolean {
  return existsSync(join(modelsFolder, name, 'config.json'));
}

export function readModelJson<T>(name: string, file: string): T {
  return JSON.parse(readFileSync(join(modelsFolder, name, file), 'utf8')) as T;
}

export function bytesSource(name: string, bytes: Uint8Array): ByteSource {
  return { name, size: bytes.byteLength, read: async (start, end) => bytes.subarray(start, end) };
}

export async function folderSources(folder: string): Promise<Map<string, ByteSource>> {
  const sources = new Map<string, ByteSource>();
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.safetensors')) continue;
    const path = join(folder, name);
    const handle = await open(path);
    const { size } = await handle.stat();
    await handle.close();
    sources.set(name, {
      name,
      size,
      async read(start, end) {
        const file = await open(path);
        const bytes = new Uint8Array(end - start);
        const { bytesRead } = await file.read(bytes, 0, end - start, start);
        await file.close();
        return bytes.subarray(0, bytesRead);
      },
    });
  }
  return sources;
}

export async function loadModel(name: string, trained: boolean, base: BaseFormat = 'f32'): Promise<Policy> {
  const config = readModelConfig(readModelJson<Json>(name, 'config.json'));
  const entries = await openWeights(await folderSources(join(modelsFolder, name)));
  return loadPolicy(config, entries, { trained, base });
}
