/**
 * Lays prompts and their completions out for training: one row a group, the prompt once (`compute/batch.ts`), rows of
 * similar length together under a token budget. Says which hidden state predicts which token; knows no rewards.
 *
 * The hidden state of the prompt's last token predicts the first token of every completion; a completion's last token
 * predicts nothing and is left out. So a group of G costs P + Σ(R − 1) tokens.
 */
import type { PackedBatch } from '../compute/batch.ts';
import { assert } from '../base/errors.ts';

export interface GroupTokens {
  prompt: ArrayLike<number>; // [P], at least one token
  completions: readonly ArrayLike<number>[]; // G × [R], each at least one token
}

export interface TrainingBatch {
  batch: PackedBatch;
  /** Index into the N tokens of the batch of the hidden state that predicts each action token. */
  at: Int32Array; // [M]
  targets: Int32Array; // [M]
  /** Which group, completion and token of it each action token is. */
  group: Int32Array; // [M]
  completion: Int32Array; // [M]
  token: Int32Array; // [M]
}

/** Rows are padded to a multiple, so that few different shapes occur. */
const BUCKET = 32;

interface Row {
  group: number;
  completions: number[];
  length: number;
}

/**
 * @param budgetTokens most tokens of one batch, padding included; a longer group is spread over rows that repeat its
 *   prompt (the same mathematics), and a single row may exceed it
 * @returns batches that together hold every token of every completion exactly once
 */
export function packGroups(groups: readonly GroupTokens[], budgetTokens: number): TrainingBatch[] {
  const rows = groups.flatMap((group, index) => rowsOf(group, index, budgetTokens));
  rows.sort((a, b) => a.length - b.length || a.group - b.group);
  const batches: Row[][] = [];
  for (const row of rows) {
    const current = batches.at(-1);
    // Sorted ascending, so the new row sets the width of all.
    if (current && (current.length + 1) * padded(row.length) <= budgetTokens) current.push(row);
    else batches.push([row]);
  }
  return batches.map((batch) => layOut(groups, batch));
}

/** Tokens of a group in one row. */
export const groupLength = ({ prompt, completions }: GroupTokens): number =>
  prompt.length + completions.reduce((sum, { length }) => sum + length - 1, 0);

function rowsOf({ prompt, completions }: GroupTokens, group: number, budget: number): Row[] {
  assert(prompt.length > 0, 'a prompt has at least one token');
  const rows: Row[] = [];
  completions.forEach((completion, index) => {
    assert(completion.length > 0, 'a completion has at least one token');
    const extra = completion.length - 1;
    const current = rows.at(-1);
    if (current && padded(current.length + extra) <= budget) {
      current.completions.push(index);
      current.length += extra;
    } else rows.push({ group, completions: [index], length: prompt.length + extra });
  });
  return rows;
}

function padded(length: number): number {
  return Math.ceil(length / BUCKET) * BUCKET;
}

function layOut(groups: readonly GroupTokens[], rows: readonly Row[]): TrainingBatch {
  const length = padded(Math.max(...rows.map((row) => row.length)));
  const size = rows.length * length;
  const ids = new Int32Array(size);
  const positions = new Int32Array(size);
  const segments = new Int32Array(size).fill(-1);
  const scored: { at: number; target: number; group: number; completion: number; token: number }[] = [];
  rows.forEach((row, r) => {
    const { prompt, completions } = groups[row.group]!;
    let cursor = r * length;
    const place = (id: number, position: number, segment: number) => {
      ids[cursor] = id;
      positions[cursor] = position;
      segments[cursor] = segment;
      return cursor++;
    };
    let promptEnd = cursor;
    for (let i = 0; i < prompt.length; i++) promptEnd = place(prompt[i]!, i, 0);
    row.completions.forEach((index, j) => {
      const completion = completions[index]!;
      let at = promptEnd;
      for (let token = 0; token < completion.length; token++) {
        scored.push({ at, target: completion[token]!, group: row.group, completion: index, token });
        if (token + 1 < completion.length) at = place(completion[token]!, prompt.length + token, j + 1);
      }
    });
  });
  const column = (name: keyof (typeof scored)[number]) => Int32Array.from(scored, (entry) => entry[name]);
  return {
    batch: { rows: rows.length, length, ids, positions, segments },
    at: column('at'),
    targets: column('target'),
    group: column('group'),
    completion: column('completion'),
    token: column('token'),
  };
}
