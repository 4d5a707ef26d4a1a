/**
 * Steps of a search for evidence: a search counts when it retrieves a document that the next step needs, opening
 * counts for any such document, every other call by its arguments, as `guarded.ts` compares them. Leaves out whether
 * the answer follows from what was opened.
 *
 * The sample's `world`: `{documents: [{id, title?, text}], evidence: [ids]}`, where each named document will do.
 * A search is a call with a text argument `query` (or one of its usual names). Prose and malformed output earn what
 * they earn when guarded; several calls in one turn earn their f1.
 *
 * What must not pay: a query that names everything retrieves no more than any other and is refused when long; more
 * calls in a turn lower the f1; a second search where opening was demonstrated is another call; arguments beside the
 * query must be the demonstrated ones.
 */
import type { Json } from '../base/json.ts';
import { isObject } from '../base/json.ts';
import type { Action, ToolCall } from '../trajectory/record.ts';
import { findDocuments } from './document-index.ts';
import { formatVerdict } from './format-gate.ts';
import { guarded } from './guarded.ts';
import { maximumMatching } from './matching.ts';
import { tryPythonJson } from './python-json.ts';
import type { Sample, Verdict, Verify } from './verdict.ts';
import { notApplicable } from './verdict.ts';

export interface SearchStepsOptions {
  /** How many documents a query retrieves. */
  retrieved: number;
  /** A query of more words retrieves nothing. */
  longestQueryWords: number;
}

export const SEARCH_STEPS_DEFAULTS: SearchStepsOptions = { retrieved: 3, longestQueryWords: 6 };

const QUERY_NAMES = ['query', 'q', 'search_query', 'search_term', 'keywords'];
const compareArguments = guarded() as (sample: Sample) => Verdict;

export function searchSteps(options: Partial<SearchStepsOptions> = {}): Verify {
  const { retrieved, longestQueryWords } = { ...SEARCH_STEPS_DEFAULTS, ...options };

  function findsEvidence(query: string, documents: Json[], evidence: Json[]): boolean {
    const found = retrieve(documents, query, retrieved, longestQueryWords);
    return evidence.some((id) => found.includes(String(id)));
  }

  /** The verdict on one call beside one demonstrated call. */
  function compare(wanted: ToolCall, made: ToolCall, sample: Sample, documents: Json[], evidence: Json[]) {
    const query = queryOf(made);
    const isSearch = query !== null && queryOf(wanted)?.name === query.name && made.name === wanted.name;
    if (isSearch && !findsEvidence(query.text, documents, evidence)) {
      return verdict(0, 'OTHER_EVIDENCE', 'The query finds no document that the next step needs.');
    }
    const accepted = isSearch ? { [query.name]: [query.text] } : openable(wanted, evidence);
    const compared = compareArguments({
      ...sample,
      expected: single({ ...wanted, accepted: { ...wanted.accepted, ...accepted } }),
      attempt: { ...sample.attempt, action: single(made) },
    });
    return isSearch && compared.reward === 1
      ? verdict(1, 'EVIDENCE_FOUND', 'The query finds a document that the next step needs.')
      : compared;
  }

  return (sample: Sample): Verdict => {
    const { expected, attempt, world } = sample;
    const { action } = attempt;
    const early = formatVerdict(sample);
    if (early) return early;
    if (expected.kind === 'message' || action.kind === 'message') return compareArguments(sample);
    const { documents, evidence } = isObject(world) ? world : {};
    if (!Array.isArray(documents) || !Array.isArray(evidence)) {
      return notApplicable('The dataset names no documents and evidence for this turn.');
    }
    const queries = expected.calls.map(queryOf).filter((query) => query !== null);
    if (!queries.every(({ text }) => findsEvidence(text, documents, evidence))) {
      return notApplicable('The demonstrated query finds no evidence in these documents.');
    }
    const verdicts = expected.calls.map((wanted) =>
      action.calls.map((made) => compare(wanted, made, sample, documents, evidence)),
    );
    if (expected.calls.length === 1 && action.calls.length === 1) return verdicts[0]![0]!;
    const fitting = verdicts.map((row) => row.flatMap(({ reward }, at) => (reward === 1 ? [at] : [])));
    const matched = maximumMatching(fitting).size;
    const reward = (2 * matched) / (expected.calls.length + action.calls.length);
    return verdict(
      reward,
      reward === 1 ? 'ALL_STEPS' : 'OTHER_STEPS',
      `${matched} of ${expected.calls.length} demonstrated calls matched, ${action.calls.length} made.`,
    );
  };
}

/** What a search shows: ids of the best documents; nothing for a query that is too long. */
export function retrieve(
  documents: readonly Json[],
  query: string,
  retrieved = SEARCH_STEPS_DEFAULTS.retrieved,
  longestQueryWords = SEARCH_STEPS_DEFAULTS.longestQueryWords,
): string[] {
  const words = query.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  return words.length > longestQueryWords ? [] : findDocuments(documents, query, retrieved);
}

function single(call: ToolCall): Action {
  return { kind: 'calls', calls: [call], content: '' };
}

function verdict(reward: number, category: string, reason: string): Verdict {
  return { reward, category, reason };
}

function queryOf(call: ToolCall): { name: string; text: string } | null {
  const given = tryPythonJson(call.argumentsText);
  if (!(given instanceof Map)) return null;
  for (const name of QUERY_NAMES) {
    const text = given.get(name);
    if (typeof text === 'string') return { name, text };
  }
  return null;
}

/** Every needed document, for each argument that names one of them. */
function openable(call: ToolCall, evidence: Json[]): Record<string, Json[]> {
  const named = Object.entries(call.arguments ?? {}).filter(([, value]) => evidence.includes(value));
  return Object.fromEntries(named.map(([name]) => [name, evidence]));
}
