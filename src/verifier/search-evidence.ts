/**
 * Search queries by what they find: two queries are equivalent when they retrieve the same evidence from the dataset's
 * own corpus, ranked by BM25+. Leaves out the web; `gym-search` compares the words of queries instead.
 *
 * The sample's `world`: `{documents: [{id, title?, text}], evidence?: [ids]}`. With `evidence`, only those documents
 * count; without, the documents that the demonstrated query ranks highest.
 */
import { isObject } from '../base/json.ts';
import { findDocuments } from './document-index.ts';
import { formatVerdict } from './format-gate.ts';
import { maximumMatching } from './matching.ts';
import { programsOf } from './program.ts';
import type { Sample, Verdict, Verify } from './verdict.ts';
import { notApplicable } from './verdict.ts';

export interface SearchEvidenceOptions {
  /** How many documents a query retrieves. */
  retrieved: number;
  /** Least share of retrieved documents in common (intersection over union), where no evidence is named. */
  overlap: number;
}

const PARAMETERS = ['query', 'q', 'search_query', 'search_term', 'keywords', 'question', 'text', 'input'];

export function searchEvidence({
  retrieved = 5,
  overlap = 0.6,
}: Partial<SearchEvidenceOptions> = {}): Verify {
  return (sample: Sample): Verdict => {
    const early = formatVerdict(sample);
    if (early) return early;
    const { world } = sample;
    if (!isObject(world) || !Array.isArray(world.documents) || world.documents.length === 0) {
      return notApplicable('The dataset brings no documents for this turn.');
    }
    const wanted = programsOf(sample.expected, PARAMETERS);
    if (!wanted) return notApplicable('The demonstrated action holds no query.');
    const made = programsOf(sample.attempt.action, PARAMETERS);
    if (!made) return verdict(0, 'NO_QUERY', 'The call holds no query.');

    const { documents } = world;
    const named = Array.isArray(world.evidence) ? new Set(world.evidence.map(String)) : null;
    const find = (query: string) => findDocuments(documents, query, retrieved);
    const targets = wanted.map(({ text }) => find(text).filter((id) => !named || named.has(id)));
    if (targets.some((target) => target.length === 0)) {
      return notApplicable('The demonstrated query finds no evidence in these documents.');
    }
    const found = made.map(({ text }) => find(text));
    const candidates = targets.map((target, i) =>
      found.flatMap((ids, at) => {
        const sameTool = made[at]!.tool === wanted[i]!.tool;
        return sameTool && isSameEvidence(target, ids, named !== null, overlap) ? [at] : [];
      }),
    );
    const matched = maximumMatching(candidates).size;
    const reward = (2 * matched) / (wanted.length + made.length);
    if (reward === 1)
      return verdict(1, 'SAME_EVIDENCE', 'The query finds the same evidence as the demonstrated one.');
    const shown = (ids: string[]) => (ids.length > 0 ? ids.join(', ') : 'nothing');
    return matched > 0
      ? verdict(
          reward,
          'PARTIAL_EVIDENCE',
          `${matched} of ${wanted.length} queries matched, ${made.length} made.`,
        )
      : verdict(
          0,
          'OTHER_EVIDENCE',
          `Found ${shown(found[0]!)}; the demonstrated query finds ${shown(targets[0]!)}.`,
        );
  };
}

function verdict(reward: number, category: string, reason: string): Verdict {
  return { reward, category, reason };
}

function isSameEvidence(target: string[], found: string[], isNamed: boolean, overlap: number): boolean {
  const shared = target.filter((id) => found.includes(id)).length;
  return isNamed ? shared === target.length : shared / (target.length + found.length - shared) >= overlap;
}
