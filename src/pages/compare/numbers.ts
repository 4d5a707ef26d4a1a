/** Numbers of the report as people read them: an estimate with its interval, a number of the paper. */
import type { Estimate } from '../../study/bootstrap.ts';
import { count, decimal } from '../../ui/format.ts';

export function numberText(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'never' : '–';
  const size = Math.abs(value);
  return size >= 1000 ? count(value) : decimal(value, size !== 0 && size < 1 ? 2 : 1);
}

/** "" for a number without chance; one seed alone leaves an interval without bounds. */
export function intervalText({ low, high }: Estimate): string {
  if (low === -Infinity && high === Infinity) return 'no interval yet';
  return high > low ? `${numberText(low)} … ${numberText(high)}` : '';
}

export function estimateText(estimate: Estimate | null): string {
  if (!estimate) return '–';
  const interval = intervalText(estimate);
  return interval ? `${numberText(estimate.value)} (${interval})` : numberText(estimate.value);
}
