/**
 * The default verifier: rewards an equivalent action and nothing that merely looks like one. Leaves out running
 * anything: see `sql.ts`, `shell.ts`, `script-tools.ts`.
 *
 * Rewards, from −1 to 1. Where a call was demonstrated:
 *    1 … 0   f1 of the calls made against the calls demonstrated, in any order: 2·matched / (expected + made);
 *            a call counts when tool and arguments are equivalent (`equivalence.ts`), there is no credit for shape
 *    −0.5    a message: below the worst call, so that giving up on calls never pays
 *    −1      output that departs from the format in any way, or was cut off; nothing is salvaged from it
 * Where a message was demonstrated:
 *    0.5     a message; its content is not checked, so it earns half of what a right call earns, and since all
 *            messages earn the same, such turns teach only when to talk
 *            (or, where the option says so, read: `told.ts`)
 *    0       a call
 *    −1      malformed, cut off or empty output
 *
 * Why: NVIDIA's published comparison, used as a reward, taught models to answer everything with prose, to spray
 * calls, to leave tags open and to hide text between them; each of these is a test here.
 */
import type { JsonObject } from '../base/json.ts';
import type { ToolCall, Tool } from '../trajectory/record.ts';
import { argumentDifference } from './equivalence.ts';
import { formatVerdict } from './format-gate.ts';
import { maximumMatching } from './matching.ts';
import type { PythonValue } from './python-json.ts';
import { tryPythonJson } from './python-json.ts';
import { SchemaView, schemaViolation } from './schema.ts';
import { toldVerdict, UNCHECKED_REWARD } from './told.ts';
import type { Sample, Verdict, Verify } from './verdict.ts';
import { notApplicable, verifierFailed } from './verdict.ts';

export interface GuardedOptions {
  /** `capped`: half a point for any message; `excluded`: no verdict on such turns; `told`: as `told.ts` reads it. */
  messageTurns: 'capped' | 'excluded' | 'told';
}

interface ReadCall {
  name: string;
  arguments: Map<string, PythonValue>;
}

interface Mismatch {
  category: string;
  reason: string;
}

export function guarded({ messageTurns = 'capped' }: Partial<GuardedOptions> = {}): Verify {
  return (sample: Sample): Verdict => {
    const { expected, attempt, tools } = sample;
    if (expected.kind === 'message' && messageTurns === 'excluded') {
      return notApplicable('A message was demonstrated here; this preset judges calls only.');
    }
    const early = formatVerdict(sample);
    if (early) return early;
    if (expected.kind === 'message' && messageTurns === 'told') return toldVerdict(sample);
    if (expected.kind === 'message' || attempt.action.kind === 'message') {
      return verdict(
        UNCHECKED_REWARD,
        'EXPECTED_MESSAGE',
        'A message, as demonstrated; its content is not checked.',
      );
    }
    return compareCalls(expected.calls, attempt.action.calls, tools);
  };
}

function verdict(reward: number, category: string, reason: string): Verdict {
  return { reward, category, reason };
}

function compareCalls(expected: ToolCall[], actual: ToolCall[], tools: Tool[]): Verdict {
  const wanted: ReadCall[] = [];
  for (const call of expected) {
    const read = readCall(call);
    if (!read)
      return verifierFailed(`The demonstrated call to ${call.name} has arguments that are no JSON object.`);
    wanted.push(read);
  }
  const made = actual.map((call) => readCall(call)!); // the format gate has let only JSON objects through
  const schemas = new Map(tools.map((tool) => [tool.name, tool.parameters]));
  const nearMisses: Mismatch[] = [];
  const candidates = wanted.map((call, index) => {
    const fitting: number[] = [];
    const mismatches: Mismatch[] = [];
    for (const [at, other] of made.entries()) {
      const mismatch = callMismatch(call, expected[index]!, other, schemas);
      if (mismatch) mismatches.push(mismatch);
      else fitting.push(at);
    }
    if (fitting.length === 0) nearMisses.push(...mismatches);
    return fitting;
  });
  const matched = maximumMatching(candidates).size;
  const reward = (2 * matched) / (expected.length + actual.length);
  if (reward === 1) {
    return expected.length === 1
      ? verdict(1, 'EXPECTED_TOOL_CALL', 'The call is equivalent to the demonstrated one.')
      : verdict(
          1,
          'EXPECTED_TOOL_CALL_BATCH',
          `All ${matched} calls are equivalent to the demonstrated ones.`,
        );
  }
  const counts = `${matched} of ${expected.length} demonstrated calls matched, ${actual.length} made.`;
  const nearest = nearMisses.sort(nearestFirst)[0];
  if (matched > 0) {
    return verdict(reward, 'PARTIAL_TOOL_CALLS', nearest ? `${counts} ${nearest.reason}` : counts);
  }
  return verdict(0, nearest!.category, nearest!.reason);
}

/** A reason past the name explains more than a wrong name; beyond that any order that ignores the calls' own will do. */
function nearestFirst(a: Mismatch, b: Mismatch): number {
  const rank = ({ category }: Mismatch) =>
    category === 'UNEXPECTED_TOOL' ? 1 : category === 'UNKNOWN_TOOL' ? 2 : 0;
  return rank(a) - rank(b) || (a.reason < b.reason ? -1 : a.reason > b.reason ? 1 : 0);
}

function readCall(call: ToolCall): ReadCall | null {
  const value = tryPythonJson(call.argumentsText);
  return value instanceof Map ? { name: call.name, arguments: value } : null;
}

/** Null when the calls are equivalent. The schema decides only what to tell when they are not. */
function callMismatch(
  expected: ReadCall,
  demonstrated: ToolCall,
  actual: ReadCall,
  schemas: Map<string, JsonObject>,
): Mismatch | null {
  if (expected.name !== actual.name) {
    return schemas.size > 0 && !schemas.has(actual.name)
      ? { category: 'UNKNOWN_TOOL', reason: `There is no tool called ${actual.name}.` }
      : { category: 'UNEXPECTED_TOOL', reason: `${actual.name} was called instead of ${expected.name}.` };
  }
  const schema = schemas.get(expected.name) ?? {};
  const difference = argumentDifference(
    expected.arguments,
    actual.arguments,
    new SchemaView(schema),
    demonstrated.accepted,
  );
  if (!difference) return null;
  const violation = schemaViolation(schema, actual.arguments);
  if (violation && !schemaViolation(schema, expected.arguments)) {
    return {
      category: 'SCHEMA_VIOLATION',
      reason: `The arguments do not fit the schema of ${actual.name}: ${violation}`,
    };
  }
  const what = {
    ARGUMENT_MISSING: 'is missing',
    ARGUMENT_UNEXPECTED: 'is not part of the demonstrated call',
    ARGUMENT_VALUE_DIFFERENT: 'has another value than demonstrated',
  }[difference.category];
  return { category: difference.category, reason: `Argument ${difference.place} of ${actual.name} ${what}.` };
}
