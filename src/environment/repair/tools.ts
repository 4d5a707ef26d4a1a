/**
 * The coding tools: names (two for most, of one kind to NVIDIA's swe_pivot), schemas, and what they do to the files.
 * Running the tests is `test-run.ts`. Only listed names are taken here; swe_pivot rewards any name of the right kind.
 */
import { isObject } from '../../base/json.ts';
import type { JsonObject } from '../../base/json.ts';
import type { Random } from '../../base/random.ts';
import type { Tool, ToolCall } from '../../trajectory/record.ts';

export type ToolFunction = 'search' | 'view' | 'edit' | 'test' | 'finish';

interface Definition {
  names: readonly string[];
  description: string;
  properties: Record<string, JsonObject>;
  required: string[];
}

const path: JsonObject = { type: 'string', description: 'Name of a file.' };

export const FUNCTIONS: Record<ToolFunction, Definition> = {
  search: {
    names: ['grep', 'code_search'],
    description: 'Lines of the sources that contain a text.',
    properties: { pattern: { type: 'string' } },
    required: ['pattern'],
  },
  view: {
    names: ['view', 'read'],
    description: 'Text of a file, or one line of it with the line above.',
    properties: { path, line: { type: 'integer' } },
    required: ['path'],
  },
  edit: {
    names: ['edit', 'modify'],
    description: 'Replace a text that occurs once in a file.',
    properties: { path, old_str: { type: 'string' }, new_str: { type: 'string' } },
    required: ['path', 'old_str', 'new_str'],
  },
  test: {
    // swe_pivot knows no kind for runners of tests, so a second name would not be equal to the first.
    names: ['run_tests'],
    description: 'Run the tests; shows the first that fails.',
    properties: {},
    required: [],
  },
  finish: {
    names: ['finish', 'submit'],
    description: 'Hand the project in.',
    properties: { message: { type: 'string' } },
    required: ['message'],
  },
};

export const TOOL_FUNCTIONS = Object.keys(FUNCTIONS) as ToolFunction[];

/** Share of functions that are listed under both their names. */
const TWIN = 0.1;

export function drawTools(random: Random): string[] {
  const names = TOOL_FUNCTIONS.flatMap((key) => {
    const all = random.shuffle(FUNCTIONS[key].names);
    return random.bool(TWIN) ? all : all.slice(0, 1);
  });
  return random.shuffle(names);
}

export function functionOf(name: string): ToolFunction | undefined {
  return TOOL_FUNCTIONS.find((key) => FUNCTIONS[key].names.includes(name));
}

export function toolNamed(name: string): Tool {
  const { description, properties, required } = FUNCTIONS[functionOf(name)!];
  return { name, description, parameters: { type: 'object', properties, required } };
}

/** The function and arguments of a call, or what is wrong with it. */
export function readCall(
  tools: readonly Tool[],
  { name, arguments: given }: ToolCall,
): { key: ToolFunction; given: JsonObject } | { error: string } {
  const key = functionOf(name);
  if (!key || !tools.some((tool) => tool.name === name)) return { error: 'no such tool' };
  if (!isObject(given)) return { error: 'bad arguments' };
  const { required, properties } = FUNCTIONS[key];
  if (required.some((argument) => given[argument] === undefined)) return { error: 'missing argument' };
  if (Object.keys(given).some((argument) => !(argument in properties))) return { error: 'unknown argument' };
  return { key, given };
}

const MOST_HITS = 4;

/** `file:line: text` of the lines that contain the pattern. */
export function search(files: Record<string, string>, { pattern }: JsonObject): string {
  const text = String(pattern);
  const hits = Object.entries(files).flatMap(([file, content]) =>
    content
      .split('\n')
      .map((line, index) => ({ line, at: `${file}:${index + 1}` }))
      .filter(({ line }) => text !== '' && line.includes(text))
      .map(({ line, at }) => `${at}: ${line}`),
  );
  return hits.slice(0, MOST_HITS).join('\n') || 'no match';
}

export function view(files: Record<string, string>, { path, line }: JsonObject): string {
  const text = Object.hasOwn(files, String(path)) ? files[String(path)]! : undefined;
  if (text === undefined) return 'error: no such file';
  if (line === undefined) return text;
  const at = Number(line);
  return (
    text
      .split('\n')
      .slice(Math.max(0, at - 2), Math.max(0, at))
      .join('\n') || 'error: no such line'
  );
}

/** Edits a file in place; the old text must occur once, as in the editors that agents use. */
export function edit(files: Record<string, string>, { path, old_str, new_str }: JsonObject): string {
  const name = String(path);
  if (!Object.hasOwn(files, name)) return 'error: no such file';
  const parts = files[name]!.split(String(old_str));
  if (old_str === '' || parts.length === 1) return 'error: no match';
  if (parts.length > 2) return 'error: many matches';
  files[name] = parts.join(String(new_str));
  return 'ok';
}
