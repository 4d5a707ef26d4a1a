/** One process of `pretrain-tokens.ts`: makes the documents of one part after the other, as it is told. */
import { readFileSync } from 'node:fs';
import type { JsonObject } from '../src/base/json.ts';
import { sources } from '../src/environment/pretraining/mixture.ts';
import { tokenDocuments } from '../src/session/pretrain-data.ts';
import { packTokens, type TokenDocument } from '../src/session/token-stream.ts';
import { loadTokenizer } from '../src/text/tokenizer.ts';
import { PART_DOCUMENTS, SEED, TOKENIZER_FILE, writeWhole } from './lib/pretrain-recipe.ts';

/** Documents `number * PART_DOCUMENTS` and following of a source, and the file that they go to. */
export interface Part {
  source: string;
  number: number;
  file: string;
}

const tokenizer = loadTokenizer(JSON.parse(readFileSync(TOKENIZER_FILE, 'utf8')) as JsonObject);

process.on('message', async ({ source, number, file }: Part) => {
  const documentAt = tokenDocuments(
    sources.find(({ name }) => name === source)!,
    SEED,
    tokenizer,
  );
  const documents: TokenDocument[] = [];
  for (let i = 0; i < PART_DOCUMENTS; i++) documents.push(await documentAt(number * PART_DOCUMENTS + i));
  writeWhole(file, new Uint8Array(packTokens(documents).buffer));
  process.send!('made');
});
process.on('disconnect', () => process.exit(0));
