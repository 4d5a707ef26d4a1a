/**
 * The expert: the right next step of an episode, and its wording with a free choice among equivalent actions (either
 * name of a tool that is listed twice, what to search for, a file or the lines that matter, how much text to replace,
 * operands in either order, one of several sentences). The kind of step is never free, as the paper's verifier
 * rewards nothing else. It never errs; erring is `novice.ts`.
 */
import type { JsonObject } from '../../base/json.ts';
import type { Random } from '../../base/random.ts';
import type { Action } from '../../trajectory/record.ts';
import type { RepairEpisode } from './episode.ts';
import { bugIn, shownIn } from './episode.ts';
import { print, spellings } from './expression.ts';
import type { Code, ProjectFunction } from './project.ts';
import { callChain, codeLine } from './project.ts';
import type { ToolFunction } from './tools.ts';
import { functionOf } from './tools.ts';

/** `reproduce`: tests before anything is known; `follow`: search a function that a right one calls. */
export type Step = 'reproduce' | 'search' | 'view' | 'follow' | 'edit' | 'test' | 'finish';

/** What has to be done now, seen from what the conversation has shown, and to which function. */
export function nextStep(episode: RepairEpisode): { step: Step; one?: ProjectFunction } {
  const { failing, tests, hasEdited, isLocated, isViewed } = shownIn(episode);
  if (tests === 'pass') return { step: 'finish' };
  if (hasEdited && tests === undefined) return { step: 'test' };
  if (!failing) return { step: 'reproduce' };
  for (const one of callChain(episode.task.functions, failing.name)) {
    if (!isLocated(one)) return { step: one === failing ? 'search' : 'follow', one };
    if (!isViewed(one)) return { step: 'view', one };
    if (bugIn(episode, one)) return { step: 'edit', one };
  }
  // All looks right that was looked at, which happens only to those who left the expert's way.
  return { step: 'test' };
}

/** The function of the tool that a step calls. */
export function toolOfStep(step: Step): ToolFunction {
  if (step === 'reproduce') return 'test';
  return step === 'follow' ? 'search' : step;
}

/** A call of the tool under one of its listed names. */
export function callTool(
  episode: RepairEpisode,
  key: ToolFunction,
  given: JsonObject,
  random: Random,
): Action {
  const { name } = random.pick(episode.tools.filter((tool) => functionOf(tool.name) === key));
  return {
    kind: 'calls',
    content: '',
    calls: [{ name, arguments: given, argumentsText: JSON.stringify(given) }],
  };
}

/** What the agent says when it hands in; the first two are the novice's too. */
export const FINISHED = [
  'The tests pass.',
  'It is fixed.',
  'All tests pass now.',
  'It is fixed, the tests pass.',
];

/** The edits that turn one code of a function into another, the shortest first; the old text has to occur once. */
export function replacements(
  { files }: RepairEpisode,
  one: ProjectFunction,
  from: Code,
  to: Code,
): JsonObject[] {
  const widths = (code: Code) => [
    ...(from.returns === to.returns ? [print(code.body)] : []),
    code.isBlock ? `{ ${code.returns ? 'return ' : ''}${print(code.body)}` : `=> ${print(code.body)}`,
    codeLine(one, code),
  ];
  const fresh = widths(to);
  const unique = widths(from)
    .map((old, at) => ({ path: one.file, old_str: old, new_str: fresh[at]! }))
    .filter(({ old_str: old }) => files[one.file]!.split(old).length === 2);
  // The whole line only where nothing shorter will do.
  return unique.length > 1 ? unique.slice(0, -1) : unique;
}

function argumentsOf(episode: RepairEpisode, random: Random): JsonObject {
  const { step, one } = nextStep(episode);
  if (step === 'finish') return { message: random.pick(FINISHED) };
  if (!one) return {};
  if (step === 'view') {
    const line = shownIn(episode).lineOf(one);
    return line !== undefined && random.bool() ? { path: one.file, line } : { path: one.file };
  }
  if (step === 'edit') {
    const { body, isBlock } = one;
    const to = { body: random.pick(spellings(body)), isBlock, returns: true };
    return random.pick(replacements(episode, one, bugIn(episode, one)!, to));
  }
  const definition = codeLine(one, one).split(' =')[0]!;
  return { pattern: random.pick([one.name, definition, `${one.name} =`]) };
}

/** The expert's action at this point of the episode. */
export function expertAction(episode: RepairEpisode, random: Random): Action {
  return callTool(episode, toolOfStep(nextStep(episode).step), argumentsOf(episode, random), random);
}
