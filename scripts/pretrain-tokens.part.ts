/** One process of `pretrain-tokens.ts`: makes the documents of one part after the other, as it is told. */
import { existsSync, readFileSync } from 'node:fs';
import type { JsonObject } from '../src/base/json.ts';
import { sources } from '../src/environment/pretraining/mixture.ts';
import { documentText, tokenDocument } from '../src/session/pretrain-data.ts';
import { packTokens } from '../src/session/token-stream.ts';
import { loadTokenizer } from '../src/text/tokenizer.ts';
import { PART_DOCUMENTS, SEED, TOKENIZER_FILE, writeWhole } from './lib/pretrain-recipe.ts';

/** Documents `number * PART_DOCUMENTS` and following of a source. */
export interface Part {
  source: string;
  number: number;
  /** Where their text is, or goes to: making it is slow where tools really run. */
  textFile: string;
  tokenFile: string;
}

/** Between documents of a text file. */
const SEPARATOR = '\0';

const tokenizer = loadTokenizer(JSON.parse(readFileSync(TOKENIZER_FILE, 'utf8')) as JsonObject);

async function textsOf({ source, number, textFile }: Part): Promise<string[]> {
  if (existsSync(textFile)) return readFileSync(textFile, 'utf8').split(SEPARATOR);
  const from = sources.find(({ name }) => name === source)!;
  const texts: string[] = [];
  for (let i = 0; i < PART_DOCUMENTS; i++)
    texts.push(await documentText(from, SEED, number * PART_DOCUMENTS + i));
  writeWhole(textFile, texts.join(SEPARATOR));
  return texts;
}

process.on('message', async (part: Part) => {
  const documents = (await textsOf(part)).map((text) => tokenDocument(text, tokenizer));
  writeWhole(part.tokenFile, new Uint8Array(packTokens(documents).buffer));
  process.send!('made');
});
process.on('disconnect', () => process.exit(0));
