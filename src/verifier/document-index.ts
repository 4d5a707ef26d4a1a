/**
 * Finds documents by a query: MiniSearch's BM25+ over titles and texts, with the indexes of recent corpora kept.
 * Judges nothing.
 */
import MiniSearch from 'minisearch';
import { hash32 } from '../base/random.ts';
import type { Json } from '../base/json.ts';
import { isObject } from '../base/json.ts';

interface Document {
  id: string;
  title: string;
  text: string;
}

/** Building an index costs far more than a query; a corpus arrives as a copy with every batch of samples. */
const indexes = new Map<string, MiniSearch<Document>>();
const recent = new WeakMap<readonly Json[], MiniSearch<Document>>();
/** Of all kept indexes together; a single larger corpus is kept alone. */
const MOST_DOCUMENTS = 5000;
let keptDocuments = 0;

/**
 * Ids of the best documents, best first; those without a word in common are not found.
 * @param documents `{id, title?, text}` each, never changed afterwards
 */
export function findDocuments(documents: readonly Json[], query: string, count: number): string[] {
  return indexOf(documents)
    .search(query)
    .slice(0, count)
    .map(({ id }) => String(id));
}

function indexOf(given: readonly Json[]): MiniSearch<Document> {
  const known = recent.get(given);
  if (known) return known;
  const documents = given.map(readDocument);
  const key = contentKey(documents);
  let index = indexes.get(key);
  if (!index) {
    index = new MiniSearch<Document>({ fields: ['title', 'text'], searchOptions: { combineWith: 'OR' } });
    const seen = new Set<string>();
    index.addAll(documents.filter(({ id }) => !seen.has(id) && seen.add(id)));
    if (keptDocuments + documents.length > MOST_DOCUMENTS) {
      indexes.clear();
      keptDocuments = 0;
    }
    indexes.set(key, index);
    keptDocuments += documents.length;
  }
  recent.set(given, index);
  return index;
}

function readDocument(given: Json, position: number): Document {
  const text = (value: Json | undefined) => (typeof value === 'string' ? value : '');
  if (!isObject(given)) return { id: String(position), title: '', text: text(given) };
  const id =
    typeof given.id === 'string' || typeof given.id === 'number' ? String(given.id) : String(position);
  return { id, title: text(given.title), text: text(given.text ?? given.content) };
}

/** 64 bits over all of the content, and its size. */
function contentKey(documents: Document[]): string {
  const parts = documents.flatMap(({ id, title, text }) => [id, title, text]);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return `${documents.length} ${length} ${hash32('one', ...parts)} ${hash32('two', ...parts)}`;
}
