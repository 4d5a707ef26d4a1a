/** The three tools of the search world and what the two that look things up answer. */
import { isObject } from '../../base/json.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import type { Action, Tool, ToolCall } from '../../trajectory/record.ts';
import { retrieve } from '../../verifier/search-steps.ts';
import type { SearchDocument } from './corpus.ts';

function tool(name: string, description: string, argument: string, type: string): Tool {
  const properties: JsonObject = { [argument]: { type } };
  return { name, description, parameters: { type: 'object', properties, required: [argument] } };
}

export const TOOLS: readonly Tool[] = [
  tool('search', 'Numbers and titles of the three best documents; at most six words.', 'query', 'string'),
  tool('open', 'Text of a document.', 'id', 'integer'),
  tool('answer', 'Give the final answer, one name.', 'text', 'string'),
];

/** A turn of one call. */
export function callAction(name: 'search' | 'open' | 'answer', value: string | number): Action {
  const { required } = TOOLS.find((tool) => tool.name === name)!.parameters as { required: string[] };
  const given = { [required[0]!]: value };
  return {
    kind: 'calls',
    content: '',
    calls: [{ name, arguments: given, argumentsText: JSON.stringify(given) }],
  };
}

/** The only argument of a call, or null when the call does not fit its tool's schema. */
export function argumentOf(call: ToolCall): string | number | null {
  const found = TOOLS.find(({ name }) => name === call.name);
  if (!found || !isObject(call.arguments)) return null;
  const [[name, { type }]] = Object.entries(
    found.parameters.properties as Record<string, { type: string }>,
  ) as [[string, { type: string }]];
  const value = call.arguments[name];
  if (Object.keys(call.arguments).length !== 1) return null;
  if (type === 'integer') return Number.isInteger(value) ? (value as number) : null;
  return typeof value === 'string' ? value : null;
}

/** Documents that a query shows, best first. */
export function searchDocuments(documents: readonly SearchDocument[], query: string): SearchDocument[] {
  const ids = retrieve(documents as unknown as Json[], query);
  return ids.map((id) => documents.find((document) => String(document.id) === id)!);
}

export function resultText(found: readonly SearchDocument[]): string {
  return found.map(({ id, title }) => `${id} ${title}`).join(', ') || 'nothing';
}
