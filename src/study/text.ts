/** A study's tables and claims as plain text, for terminals and logs. */
import { allClaims, type Claim } from './claims.ts';
import type { StudyResults } from './results.ts';
import { runsOf } from './select.ts';
import type { Table, TableCell } from './table.ts';
import { allTables } from './tables.ts';

function shortened(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  return value.toFixed(size >= 1000 ? 0 : size < 1 ? 3 : 1);
}

function cellText({ ours, paper }: TableCell): string {
  const own = ours ? shortened(ours.value) : '–';
  const interval = ours && ours.high > ours.low ? ` [${shortened(ours.low)}, ${shortened(ours.high)}]` : '';
  return `${own}${interval}${paper === null ? '' : ` (paper ${shortened(paper)})`}`;
}

function columnsAligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function tableText({ name, title, columns, rows, note }: Table): string {
  const body = [['', ...columns], ...rows.map(({ label, cells }) => [label, ...cells.map(cellText)])];
  return `${name}. ${title}\n${columnsAligned(body)}\n${note}`;
}

export function claimText({ verdict, statement, ours, paper }: Claim): string {
  return `${verdict.toUpperCase()}: ${statement} ${cellText({ ours, paper })}`;
}

/** What a reader must know before believing an interval; empty where there is nothing to say. */
export function cautionOf(results: StudyResults): string {
  const { worlds, methods, seeds } = results.plan;
  if (seeds.length === 1)
    return 'One seed: the intervals are over tasks alone and know nothing of how much training itself varies.';
  const unfinished = worlds.flatMap((world) => {
    const fewest = Math.min(...methods.map((method) => runsOf(results, world, method).length));
    return fewest < seeds.length ? [`${world} has ${fewest} of ${seeds.length} seeds`] : [];
  });
  return unfinished.length ? `Not finished: ${unfinished.join(', ')}.` : '';
}

/** Everything, a blank line between two tables. */
export function studyText(results: StudyResults): string {
  const claims = ['Claims', ...allClaims(results).map(claimText)].join('\n');
  const parts = [...allTables(results).map(tableText), claims, cautionOf(results)];
  return parts.filter(Boolean).join('\n\n');
}
