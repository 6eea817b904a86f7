/**
 * The pure model of the quantization-error heatmap: layers down, metrics across, one cell each, coloured by how bad it
 * is. Every metric has its own range, as decibels, cosines and squared errors share no scale.
 */
import { formatDb } from '../../../main/judge/format.ts';
import type { ErrorLayer, ErrorTable } from '../../../main/contract/results.ts';

export type ErrorMetric = 'localSqnrDb' | 'sqnrDb' | 'cosine' | 'mse';

/** A column of the heatmap. */
export interface ErrorColumn {
  readonly metric: ErrorMetric;
  readonly title: string;
  /** For the narrow header of the heatmap. */
  readonly short: string;
  readonly unit: string;
  readonly help: string;
}

export const ERROR_COLUMNS: readonly ErrorColumn[] = [
  {
    metric: 'localSqnrDb',
    title: 'Local SQNR',
    short: 'Local',
    unit: 'dB',
    help: 'Signal to quantization noise at the layer’s output when only this layer is quantized and its inputs are float. Low: this layer itself suffers.',
  },
  {
    metric: 'sqnrDb',
    title: 'Accumulated SQNR',
    short: 'Accum.',
    unit: 'dB',
    help: 'Signal to noise at the layer’s output in the whole quantized model, errors of the layers before included.',
  },
  {
    metric: 'cosine',
    title: 'Cosine',
    short: 'Cosine',
    unit: '',
    help: 'Cosine between the float and the quantized output; 1 is equal.',
  },
  {
    metric: 'mse',
    title: 'MSE',
    short: 'MSE',
    unit: '',
    help: 'Mean squared difference between the float and the quantized output.',
  },
];

/** Value of a cell; null where it was not measured. */
export function cellValue(layer: ErrorLayer, metric: ErrorMetric): number | null {
  const value = layer[metric];
  return value === null || Number.isNaN(value) ? null : value;
}

/** A cell's number with its unit; '–' where it was not measured. */
export function cellText(layer: ErrorLayer, metric: ErrorMetric): string {
  const value = cellValue(layer, metric);
  if (value === null) return '–';
  if (metric === 'cosine') return value.toFixed(4);
  return metric === 'mse' ? value.toExponential(1).replace('-', '−') : formatDb(value);
}

/**
 * How bad a value is on a scale that suits its metric, before normalising: −dB for signal-to-noise, 1 − cosine and the
 * squared error on a logarithmic scale. Larger is worse.
 */
function badness(metric: ErrorMetric, value: number): number {
  if (metric === 'cosine') return Math.log10(Math.max(1e-7, 1 - value));
  if (metric === 'mse') return Math.log10(Math.max(1e-12, value));
  return -Math.min(value, 120);
}

/** Normalised cells: `cells[row][column]` is 0 (best of the column) … 1 (worst), null where not measured. */
export interface Heatmap {
  readonly layers: readonly ErrorLayer[];
  readonly columns: readonly ErrorColumn[];
  readonly cells: readonly (readonly (number | null)[])[];
}

function normalised(values: readonly (number | null)[]): (number | null)[] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value === null) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return values.map((value) => (value === null ? null : high > low ? (value - low) / (high - low) : 0));
}

/** Builds the heatmap of an error table, rows in the table's order. */
export function buildHeatmap(errors: ErrorTable): Heatmap {
  const byColumn = ERROR_COLUMNS.map((column) =>
    normalised(
      errors.layers.map((layer) => {
        const value = cellValue(layer, column.metric);
        return value === null ? null : badness(column.metric, value);
      }),
    ),
  );
  return {
    layers: errors.layers,
    columns: ERROR_COLUMNS,
    cells: errors.layers.map((_, row) => byColumn.map((column) => column[row]!)),
  };
}

/** A position of the keyboard's or the pointer's cell. */
export interface CellPosition {
  readonly row: number;
  readonly column: number;
}

/** Moves a cell by the arrow, Home, End and page keys; null for any other key. */
export function moveCell(
  from: CellPosition,
  key: string,
  size: { rows: number; columns: number },
): CellPosition | null {
  const clamp = (value: number, count: number): number => Math.min(Math.max(value, 0), Math.max(0, count - 1));
  const to = (row: number, column: number): CellPosition => ({
    row: clamp(row, size.rows),
    column: clamp(column, size.columns),
  });
  switch (key) {
    case 'ArrowUp':
      return to(from.row - 1, from.column);
    case 'ArrowDown':
      return to(from.row + 1, from.column);
    case 'ArrowLeft':
      return to(from.row, from.column - 1);
    case 'ArrowRight':
      return to(from.row, from.column + 1);
    case 'PageUp':
      return to(from.row - 10, from.column);
    case 'PageDown':
      return to(from.row + 10, from.column);
    case 'Home':
      return to(0, from.column);
    case 'End':
      return to(size.rows - 1, from.column);
    default:
      return null;
  }
}

/** The `count` layers that are worst by a metric, worst first; not measured ones are left out. */
export function worstLayers(errors: ErrorTable, metric: ErrorMetric, count: number): ErrorLayer[] {
  return errors.layers
    .filter((layer) => cellValue(layer, metric) !== null)
    .sort((a, b) => badness(metric, cellValue(b, metric)!) - badness(metric, cellValue(a, metric)!))
    .slice(0, count);
}

/** Above this a channel is as good as untouched: constant channels reach any number and would flatten the others' colours. */
const CLEAN_DB = 60;

/** Channels of a layer as a strip of 0 (best) … 1 (worst) on the range of all layers' channels, up to 60 dB. */
export function channelStrip(errors: ErrorTable, layerName: string): { sqnrDb: number; badness: number }[] {
  const layer = errors.layers.find((candidate) => candidate.name === layerName);
  if (!layer || layer.channels.length === 0) return [];
  let low = Infinity;
  let high = -Infinity;
  for (const other of errors.layers) {
    for (const value of other.channels) {
      const shown = Math.min(value, CLEAN_DB);
      if (!Number.isFinite(shown)) continue;
      low = Math.min(low, shown);
      high = Math.max(high, shown);
    }
  }
  const range = high > low ? high - low : 1;
  return layer.channels.map((sqnrDb) => {
    const shown = Math.min(sqnrDb, CLEAN_DB);
    return { sqnrDb, badness: Number.isFinite(shown) ? (high - shown) / range : 1 };
  });
}
