/** The three tools of the search world and what the two that look things up answer. */
import { isObject } from '../../base/json.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import type { Action, Tool, ToolCall } from '../../trajectory/record.ts';
import { retrieve } from '../../verifier/search-steps.ts';
import type { SearchDocument } from './corpus.ts';

/** Each tool takes one argument: its name and type. */
const ARGUMENTS = {
  search: ['query', 'string'],
  open: ['id', 'integer'],
  answer: ['text', 'string'],
} as const;

type ToolName = keyof typeof ARGUMENTS;

function tool(name: ToolName, description: string): Tool {
  const [argument, type] = ARGUMENTS[name];
  const properties: JsonObject = { [argument]: { type } };
  return { name, description, parameters: { type: 'object', properties, required: [argument] } };
}

export const TOOLS: readonly Tool[] = [
  tool('search', 'Numbers and titles of the three best documents; at most six words.'),
  tool('open', 'Text of a document.'),
  tool('answer', 'Give the final answer, one name.'),
];

/** A turn of one call. */
export function callAction(name: ToolName, value: string | number): Action {
  const given = { [ARGUMENTS[name][0]]: value };
  const call = { name, arguments: given, argumentsText: JSON.stringify(given) };
  return { kind: 'calls', content: '', calls: [call] };
}

/** The argument of a call, or null when the call does not fit its tool's schema. */
export function argumentOf({ name, arguments: given }: ToolCall): string | number | null {
  if (!Object.hasOwn(ARGUMENTS, name) || !isObject(given) || Object.keys(given).length !== 1) return null;
  const [argument, type] = ARGUMENTS[name as ToolName];
  const value = given[argument];
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
