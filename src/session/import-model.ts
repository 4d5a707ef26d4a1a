/**
 * Takes in a Hugging Face model folder: checks that config, tokenizer and weights fit each other, copies the files
 * into OPFS, and only then records the model. Nothing that was there before is touched when a check fails.
 */
import { AppError } from '../base/errors.ts';
import type { ModelConfig } from '../model/config.ts';
import { checkWeights, expectedTensors } from '../model/weights.ts';
import { deleteFolder, writeFile } from '../store/files.ts';
import { getModel, putModel } from '../store/models.ts';
import type { ModelRecord } from '../store/schema.ts';
import { openCodec, openConfig, openTensors } from './load.ts';
import type { OnProgress } from './services.ts';

/** Files of a model folder that are kept; others (README, .bin, onnx/ …) are ignored. */
const KEPT =
  /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|model\.safetensors\.index)\.json$|^chat_template\.jinja$|\.safetensors$/;

/** Names inside the folder that holds config.json, whatever it was dropped in. */
export function folderFiles(files: readonly { name: string; path: string; blob: Blob }[]): Map<string, Blob> {
  const config = files.find((file) => file.name === 'config.json');
  const root = config ? config.path.slice(0, -'config.json'.length) : '';
  const kept = files.filter((file) => file.path.startsWith(root) && KEPT.test(file.path.slice(root.length)));
  return new Map(kept.map((file) => [file.path.slice(root.length), file.blob]));
}

export interface CheckedModel {
  config: ModelConfig;
  parameters: number;
}

/** @throws AppError naming the file, the place and the remedy */
export async function checkModel(files: ReadonlyMap<string, Blob>): Promise<CheckedModel> {
  for (const [name, blob] of files)
    if (blob.size === 0)
      throw new AppError(
        'file-empty',
        `${name} is empty (0 bytes).`,
        'Download it again; the download was cut off.',
        { file: name },
      );
  const config = await openConfig(files);
  const codec = await openCodec(files);
  codec.fitsVocabulary(config.vocabulary);
  checkWeights(config, await openTensors(files));
  const parameters = [...expectedTensors(config).values()].reduce(
    (sum, shape) => sum + shape.reduce((product, size) => product * size, 1),
    0,
  );
  return { config, parameters };
}

/** SHA-256 over the SHA-256 of 8 MiB pieces: whole-file digests would need the whole file in memory. */
export async function hashFiles(
  files: ReadonlyMap<string, Blob>,
  onBytes?: (bytes: number) => void,
): Promise<string> {
  const PIECE = 8 << 20;
  const digests: Uint8Array[] = [];
  for (const name of [...files.keys()].sort()) {
    const blob = files.get(name)!;
    digests.push(new TextEncoder().encode(`${name}:${blob.size}`));
    for (let at = 0; at < blob.size; at += PIECE) {
      const piece = await blob.slice(at, at + PIECE).arrayBuffer();
      digests.push(new Uint8Array(await crypto.subtle.digest('SHA-256', piece)));
      onBytes?.(piece.byteLength);
    }
  }
  const whole = new Uint8Array(
    await crypto.subtle.digest('SHA-256', await new Blob(digests as BlobPart[]).arrayBuffer()),
  );
  return [...whole.slice(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Checks and stores; the same files again give the record that is there. */
export async function importModel(
  name: string,
  source: string,
  files: ReadonlyMap<string, Blob>,
  onProgress: OnProgress,
): Promise<ModelRecord> {
  const total = [...files.values()].reduce((sum, file) => sum + file.size, 0);
  const { config, parameters } = await checkModel(files);
  let done = 0;
  const hash = await hashFiles(files, (bytes) => {
    done += bytes;
    onProgress({ label: `Checking ${name}`, done, total, unit: 'bytes' });
  });
  const known = await getModel(hash);
  if (known) return known;
  const record: ModelRecord = {
    id: hash,
    name,
    kind: 'stored',
    source,
    family: config.family,
    parameters,
    sizeBytes: total,
    hash,
    createdAt: Date.now(),
    files: [...files].map(([path, file]) => ({ path, sizeBytes: file.size })),
    contextTokens: config.maxPositions,
  };
  try {
    done = 0;
    for (const [path, file] of files) {
      await writeFile(`models/${hash}/${path}`, [file]);
      done += file.size;
      onProgress({ label: `Storing ${name}`, done, total, unit: 'bytes' });
    }
    await putModel(record);
  } catch (error) {
    await deleteFolder(`models/${hash}`);
    throw error;
  }
  return record;
}

/** The record of a model that comes with the app; its files stay on the site. */
export async function describeBuiltInModel(
  name: string,
  files: ReadonlyMap<string, Blob>,
): Promise<ModelRecord> {
  const { config, parameters } = await checkModel(files);
  return {
    id: `built-in-${name}`,
    name,
    kind: 'built-in',
    source: 'comes with Fulcrum',
    family: config.family,
    parameters,
    sizeBytes: [...files.values()].reduce((sum, file) => sum + file.size, 0),
    hash: await hashFiles(files),
    createdAt: 0,
    files: [...files].map(([path, file]) => ({ path, sizeBytes: file.size })),
    contextTokens: config.maxPositions,
  };
}
