/** A study's tables and claims as plain text, for terminals and logs. */
import { allClaims, type Claim } from './claims.ts';
import type { StudyResults } from './results.ts';
import { allTables, type Table, type TableCell } from './tables.ts';

const shortened = (value: number): string =>
  Number.isFinite(value) ? value.toFixed(Math.abs(value) >= 1000 ? 0 : Math.abs(value) < 1 ? 3 : 1) : '∞';

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

/** Everything, a blank line between two tables. */
export function studyText(results: StudyResults): string {
  const claims = ['Claims', ...allClaims(results).map(claimText)].join('\n');
  return [...allTables(results).map(tableText), claims].join('\n\n');
}
