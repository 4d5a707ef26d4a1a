/**
 * Writes the embedded dataset, `public/datasets/helpdesk.jsonl`: expert trajectories of the helpdesk world as OpenAI
 * chat JSON Lines, first the training split, then the held-out one. The same code gives the same file.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { demonstrationRows } from '../src/environment/rows.ts';
import { helpdesk } from '../src/environment/helpdesk/helpdesk.ts';

export const DATASET_PATH = fileURLToPath(new URL('../public/datasets/helpdesk.jsonl', import.meta.url));

/** The whole file's text. */
export async function datasetText(): Promise<string> {
  const rows = [
    ...(await demonstrationRows(helpdesk, 1, 'train', 320)),
    ...(await demonstrationRows(helpdesk, 1, 'heldout', 80)),
  ];
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = await datasetText();
  mkdirSync(dirname(DATASET_PATH), { recursive: true });
  writeFileSync(DATASET_PATH, text);
  console.log(`${DATASET_PATH}: ${text.split('\n').length - 1} trajectories, ${text.length} bytes`);
}
