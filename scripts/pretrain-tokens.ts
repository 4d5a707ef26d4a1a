/**
 * Makes what the built-in models are trained on, in `.cache/pretrain`: the tokenizer, and the mixture as one token
 * file. Two processes make the documents; what they have made is kept in parts, so that a stopped run continues
 * and a source that did not change is not made again. The
 * same code gives the same files; where they are already there, nothing is done.
 */
import { fork } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { hash32 } from '../src/base/random.ts';
import { ADDED_TOKENS, WORD_PATTERN } from '../src/environment/pretraining/chat-format.ts';
import { sources } from '../src/environment/pretraining/mixture.ts';
import { documentText, shareOf, tokenizerTexts } from '../src/session/pretrain-data.ts';
import { documentStarts, isActionToken } from '../src/session/token-stream.ts';
import { trainBytePairs } from '../src/text/bpe-trainer.ts';
import {
  CACHE, PART_DOCUMENTS, ROW_TOKENS, SEED, STREAM_TOKENS, SUMMARY_FILE, TOKENIZER_CHARACTERS, TOKENIZER_FILE,
  TOKENS_FILE, VOCABULARY, writeWhole, type TokensSummary,
} from './lib/pretrain-recipe.ts'; // prettier-ignore
import type { Part } from './pretrain-tokens.part.ts';

const PROCESSES = 2;

const began = performance.now();
mkdirSync(CACHE, { recursive: true });

// Tokenizer

const tokenizerJson = trainBytePairs(await tokenizerTexts(SEED, TOKENIZER_CHARACTERS), {
  vocabSize: VOCABULARY,
  specialTokens: ADDED_TOKENS.filter(({ special }) => special).map(({ content }) => content),
  addedTokens: ADDED_TOKENS.filter(({ special }) => !special).map(({ content }) => content),
  pattern: WORD_PATTERN,
});
const tokenizerText = `${JSON.stringify(tokenizerJson)}\n`;

/** For each source a hash of its first documents, which all later ones follow from. */
const fingerprints = new Map<string, string>();
for (const source of sources) {
  const texts: string[] = [];
  for (let index = 0; index < 200; index++) texts.push(await documentText(source, SEED, index));
  fingerprints.set(source.name, hash32(texts.join('\n')).toString(16));
}
const shares = sources.map((source) => `${source.name} ${fingerprints.get(source.name)} ${shareOf(source)}`);
const key = hash32(tokenizerText, STREAM_TOKENS, ...shares).toString(16);
const stored = existsSync(SUMMARY_FILE)
  ? (JSON.parse(readFileSync(SUMMARY_FILE, 'utf8')) as TokensSummary)
  : null;
if (stored?.key === key && existsSync(TOKENS_FILE)) {
  console.log(`Tokens: ${stored.tokens} in ${stored.documents} documents, as before.`);
  process.exit(0);
}
writeWhole(TOKENIZER_FILE, tokenizerText);
console.log(`Tokenizer: ${Object.keys((tokenizerJson.model as { vocab: object }).vocab).length} tokens.`);

// Documents, in parts

const [texts, parts] = [join(CACHE, 'texts'), join(CACHE, 'parts')];
for (const folder of [texts, parts]) mkdirSync(folder, { recursive: true });
const tokenizerKey = hash32(tokenizerText).toString(16);

function partOf(source: string, number: number): Part {
  const name = `${source}-${fingerprints.get(source)}-${number}`;
  return {
    source,
    number,
    textFile: join(texts, `${name}.txt`),
    tokenFile: join(parts, `${tokenizerKey}-${name}.bin`),
  };
}

function readTokens(file: string): Uint16Array {
  const bytes = readFileSync(file);
  return new Uint16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** How far each source is. */
const progress = sources.map((source) => ({
  source: source.name,
  wanted: Math.round(STREAM_TOKENS * shareOf(source)),
  made: 0,
  begun: 0,
}));

/** The next part of the source that lacks most; undefined when nothing is missing, as far as parts under way allow to say. */
function nextPart(): Part | undefined {
  const lacking = progress.filter(({ made, wanted }) => made < wanted);
  const next = lacking.sort((a, b) => a.made / a.wanted - b.made / b.wanted || a.begun - b.begun)[0];
  return next && partOf(next.source, next.begun++);
}

let reported = performance.now();
function took(part: Part): void {
  progress.find(({ source }) => source === part.source)!.made += readTokens(part.tokenFile).length;
  if (performance.now() - reported < 10_000) return;
  reported = performance.now();
  const made = progress.reduce((sum, source) => sum + Math.min(source.made, source.wanted), 0);
  console.log(`${((100 * made) / STREAM_TOKENS).toFixed(1)} % of ${STREAM_TOKENS} tokens`);
}

function work(): Promise<void> {
  const script = fileURLToPath(new URL('pretrain-tokens.part.ts', import.meta.url));
  const child = fork(script, { execArgv: ['--import', 'tsx'] });
  let under: Part | undefined;
  const next = (): void => {
    for (under = nextPart(); under && existsSync(under.tokenFile); under = nextPart()) took(under);
    if (under) child.send(under);
    else child.disconnect();
  };
  return new Promise((resolve, reject) => {
    child.on('message', () => {
      took(under!);
      next();
    });
    child.on('exit', (code) => (code ? reject(new Error(`A part failed: ${code}.`)) : resolve()));
    next();
  });
}
await Promise.all(Array.from({ length: PROCESSES }, work));

// One file

const summary: TokensSummary = {
  key, documents: 0, tokens: 0, actionTokens: 0, cutDocuments: 0, sources: {}, seconds: 0,
}; // prettier-ignore
const taken: Uint16Array[] = [];
for (const { source, wanted } of progress) {
  const of = { documents: 0, tokens: 0, longestTokens: 0 };
  for (let number = 0; of.tokens < wanted; number++) {
    const part = readTokens(partOf(source, number).tokenFile);
    const starts = documentStarts(part);
    // Whole documents only, up to the one that reaches what is wanted.
    let count = 0;
    for (; count < PART_DOCUMENTS && of.tokens < wanted; count++) {
      const length = starts[count + 1]! - starts[count]!;
      of.tokens += length;
      of.documents++;
      of.longestTokens = Math.max(of.longestTokens, length);
      if (length > ROW_TOKENS) summary.cutDocuments++;
    }
    taken.push(part.subarray(0, starts[count]));
  }
  summary.sources[source] = of;
  summary.tokens += of.tokens;
  summary.documents += of.documents;
}
const all = new Uint16Array(summary.tokens);
let at = 0;
for (const part of taken) {
  all.set(part, at);
  at += part.length;
}
for (const token of all) if (isActionToken(token)) summary.actionTokens++;
summary.seconds = Math.round((performance.now() - began) / 1000);
writeWhole(TOKENS_FILE, gzipSync(new Uint8Array(all.buffer)));
writeWhole(SUMMARY_FILE, `${JSON.stringify(summary, null, 2)}\n`);
console.log(JSON.stringify(summary, null, 2));
