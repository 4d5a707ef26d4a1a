/** What the tables of a report are made of, and the few words and units that they share. Pure. */
import type { Estimate } from './bootstrap.ts';
import { paperWorlds } from './paper.ts';
import { methodTitles } from './plan.ts';
import type { Row } from './select.ts';

export interface TableCell {
  /** In the table's unit; null: not measured yet. */
  ours: Estimate | null;
  /** The paper's number; null where it has none. */
  paper: number | null;
}

export interface Table {
  /** "Table 1", "Fig. 1" … as in the paper; "Table 0" is ours. */
  name: string;
  title: string;
  columns: string[];
  rows: { label: string; cells: TableCell[] }[];
  /** How to read it, one sentence. */
  note: string;
}

export const points = (estimate: Estimate): Estimate => ({
  value: 100 * estimate.value,
  low: 100 * estimate.low,
  high: 100 * estimate.high,
});
export const exactly = (value: number): Estimate => ({ value, low: value, high: value });
export const titleOf = (row: Row) => (row === 'base' ? 'Base' : methodTitles[row]);
export const worldTitle = (name: string) => {
  const world = paperWorlds[name];
  return world ? `${world.title} (${world.standsFor})` : name;
};
