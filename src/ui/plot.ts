/** A uPlot chart of some lines: axes, crosshair shared by all charts of a page, the dashed baseline. No data in it. */
import type uPlot from 'uplot';
import { compact } from './format.ts';
import { paddedRange, resolvedColour, type Line } from './lines.ts';

export interface PlotParts {
  host: HTMLElement;
  height: number;
  lines: readonly Line[];
  /** Asked anew for every drawing: it is known only once the first evaluation is in. */
  baseline: () => number | null;
  onHover: (index: number | null) => void;
  onZoom: (isZoomed: boolean) => void;
}

/** Distances of ticks on the x axis: steps and turns are whole. */
const WHOLE = [1, 10, 100, 1000, 1e4, 1e5, 1e6].flatMap((power) => [power, 2 * power, 5 * power]);

/** Short for axes: 0.25, 120, 31 k. */
export function tick(value: number): string {
  return Math.abs(value) >= 10_000 ? compact(value) : String(Number(value.toPrecision(6)));
}

export function plotOptions({ host, height, lines, baseline, onHover, onZoom }: PlotParts): uPlot.Options {
  const soft = resolvedColour(host, 'soft');
  const grid = { stroke: resolvedColour(host, 'line'), width: 1 };
  const axis = { stroke: soft, grid, ticks: { show: false }, font: '12px system-ui, sans-serif' };
  const labels = (_: uPlot, ticks: (number | null)[]): string[] =>
    ticks.map((value) => (value === null ? '' : tick(value)));

  function drawBaseline(chart: uPlot): void {
    const value = baseline();
    if (value === null) return;
    const { ctx, bbox } = chart;
    const y = chart.valToPos(value, 'y', true);
    ctx.save();
    ctx.strokeStyle = soft;
    ctx.lineWidth = devicePixelRatio * 1.25;
    ctx.setLineDash([5 * devicePixelRatio, 5 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.restore();
  }

  return {
    width: host.clientWidth,
    height,
    legend: { show: false },
    padding: [8, 16, 0, 0],
    cursor: {
      sync: { key: 'fulcrum', scales: ['x', null] },
      points: { size: 6 },
      drag: { x: true, y: false },
    },
    scales: {
      // A single point stands in the middle of its neighbours, not somewhere between 0 and 100.
      x: { time: false, range: (_, low, high) => (low < high ? [low, high] : [low - 1, low + 1]) },
      y: {
        range: (_, low, high) => {
          const level = baseline();
          return paddedRange(Math.min(low, level ?? low), Math.max(high, level ?? high));
        },
      },
    },
    axes: [
      { ...axis, size: 28, gap: 4, space: 60, incrs: WHOLE, values: labels },
      { ...axis, size: 52, gap: 6, space: 34, values: labels },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.label,
        stroke: resolvedColour(host, line.colour, line.isFaint ? 0.28 : 1),
        width: line.isFaint ? 1 : 2,
        spanGaps: true,
        ...(line.dash ? { dash: line.dash } : {}),
        points: { show: line.hasPoints ?? false, size: 5 },
      })),
    ],
    hooks: {
      draw: [drawBaseline],
      setCursor: [(chart) => onHover(chart.cursor.idx ?? null)],
      setSelect: [(chart) => onZoom(chart.select.width > 0)],
    },
  };
}
