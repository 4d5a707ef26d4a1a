/**
 * `npm run index:models`: writes `public/models/index.json`, the records of the models that come with the app, from
 * their folders. The app reads it instead of every model's files; a test holds it to them.
 */
import { openAsBlob, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeBuiltInModel, folderFiles } from '../src/session/import-model.ts';
import type { ModelRecord } from '../src/store/schema.ts';

const folder = fileURLToPath(new URL('../public/models', import.meta.url));

export async function builtInModelRecords(): Promise<ModelRecord[]> {
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return Promise.all(
    names
      .map(({ name }) => name)
      .sort()
      .map(recordOf),
  );
}

async function recordOf(name: string): Promise<ModelRecord> {
  const listed = readdirSync(join(folder, name)).map(async (file) => ({
    name: file,
    path: file,
    blob: await openAsBlob(join(folder, name, file)),
  }));
  return describeBuiltInModel(name, folderFiles(await Promise.all(listed)));
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(join(folder, 'index.json'), `${JSON.stringify(await builtInModelRecords(), null, 2)}\n`);
