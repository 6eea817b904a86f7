import {
  formatBytes,
  formatCompact,
  formatCount,
  formatDb,
  formatMs,
  formatNumber,
  formatPercent,
  formatShape,
} from '../../../main/judge/format.ts';
import type { LayerFacts } from '../../state/layer-facts.ts';

type Cell = number | string | null;

export interface Column {
  readonly id: string;
  readonly title: string;
  /** What the heading means, where it is not plain. */
  readonly hint: string;
  readonly width: number;
  readonly align: 'left' | 'right';
  /** For sorting and for files; units as in `unit`. */
  readonly value: (layer: LayerFacts) => Cell;
  readonly text: (layer: LayerFacts) => string;
  /** Unit of the value in files: "ms", "bytes". */
  readonly unit: string;
}

export interface Sort {
  readonly column: string;
  readonly descending: boolean;
}

interface NumberColumn {
  readonly id: string;
  readonly title: string;
  readonly hint: string;
  readonly width: number;
  readonly unit: string;
  readonly value: (layer: LayerFacts) => number | null;
  readonly format: (value: number) => string;
}

function numeric({ format, ...column }: NumberColumn): Column {
  return {
    ...column,
    align: 'right',
    text: (layer) => {
      const value = column.value(layer);
      return value === null ? '' : format(value);
    },
  };
}

function textual(column: Pick<Column, 'id' | 'title' | 'hint' | 'width'>, text: (layer: LayerFacts) => string): Column {
  return { ...column, align: 'left', unit: '', value: text, text };
}

/** The table's columns, in order. */
export const COLUMNS: readonly Column[] = [
  numeric({
    id: 'index',
    title: '#',
    hint: 'Place in the model',
    width: 48,
    unit: '',
    value: (layer) => layer.index + 1,
    format: formatCount,
  }),
  textual({ id: 'name', title: 'name', hint: 'Layer', width: 270 }, (layer) => layer.name),
  textual({ id: 'op', title: 'op', hint: 'Operator', width: 165 }, (layer) => layer.op),
  textual({ id: 'shape', title: 'shape', hint: 'Shape of the first output', width: 130 }, (layer) =>
    formatShape(layer.shape),
  ),
  textual(
    { id: 'dtype', title: 'dtype', hint: 'Type that the layer computes in', width: 70 },
    (layer) => layer.dtype ?? '',
  ),
  numeric({
    id: 'params',
    title: 'params',
    hint: 'Elements in the weights',
    width: 76,
    unit: '',
    value: (layer) => layer.parameters,
    format: (value) => (value === 0 ? '' : formatCompact(value)),
  }),
  numeric({
    id: 'macs',
    title: 'MACs',
    hint: 'Multiply–accumulates for one sample',
    width: 76,
    unit: '',
    value: (layer) => layer.macs,
    format: (value) => (value === 0 ? '' : formatCompact(value)),
  }),
  numeric({
    id: 'memory',
    title: 'memory',
    hint: 'Bytes read and written once',
    width: 84,
    unit: 'bytes',
    value: (layer) => layer.bytes,
    format: formatBytes,
  }),
  {
    ...numeric({
      id: 'time',
      title: 'time',
      hint: 'Mean over the profiled runs; fused: in the kernel of another layer',
      width: 80,
      unit: 'ms',
      value: (layer) => layer.timeMs,
      format: formatMs,
    }),
    text: (layer) => (layer.folded ? 'fused' : layer.timeMs === null ? '' : formatMs(layer.timeMs)),
  },
  numeric({
    id: 'share',
    title: '%',
    hint: 'Share of the profiled time',
    width: 64,
    unit: 'share',
    value: (layer) => layer.share,
    format: (share) => (share === 0 ? '' : formatPercent(share)),
  }),
  numeric({
    id: 'speed',
    title: 'GMAC/s',
    hint: '10⁹ multiply–accumulates a second',
    width: 74,
    unit: '',
    value: (layer) => layer.gmacsPerSecond,
    format: formatNumber,
  }),
  numeric({
    id: 'sparsity',
    title: 'sparsity',
    hint: 'Zero share of the weights',
    width: 74,
    unit: 'share',
    value: (layer) => layer.sparsity,
    format: formatPercent,
  }),
  numeric({
    id: 'sqnr',
    title: 'SQNR',
    hint: 'Quantized against float at this layer',
    width: 74,
    unit: 'dB',
    value: (layer) => layer.sqnrDb,
    format: formatDb,
  }),
];

/** The layers in the order of a column; those without a value last either way. */
export function sortLayers(layers: readonly LayerFacts[], sort: Sort): readonly LayerFacts[] {
  const column = COLUMNS.find((candidate) => candidate.id === sort.column);
  if (column === undefined) return layers;
  const sign = sort.descending ? -1 : 1;
  return [...layers].sort((a, b) => {
    const x = column.value(a);
    const y = column.value(b);
    if (x === null || y === null) return x === y ? a.index - b.index : x === null ? 1 : -1;
    const order =
      typeof x === 'number' && typeof y === 'number'
        ? x - y
        : String(x).localeCompare(String(y), 'en', { numeric: true });
    return order * sign || a.index - b.index;
  });
}

/** The next sort when a heading is clicked: numbers begin with the greatest, texts with A; a third click ends it. */
export function nextSort(sort: Sort, column: Column): Sort {
  const first = column.align === 'right' && column.id !== 'index';
  if (sort.column !== column.id) return { column: column.id, descending: first };
  if (sort.descending === first) return { column: column.id, descending: !first };
  return { column: 'index', descending: false };
}

/** The table as CSV (RFC 4180) in plain numbers, units in the headings. */
export function toCsv(layers: readonly LayerFacts[], separator = ','): string {
  const head = COLUMNS.map(({ title, unit }) => quote(unit === '' ? title : `${title} [${unit}]`)).join(separator);
  const lines = layers.map((layer) =>
    COLUMNS.map((column) => quote(String(column.value(layer) ?? ''))).join(separator),
  );
  return `${[head, ...lines].join('\r\n')}\r\n`;
}

/** Sums of the layers that are listed, for the foot of the table. */
export function totals(layers: readonly LayerFacts[]): {
  readonly params: number;
  readonly macs: number;
  readonly timeMs: number | null;
} {
  const timed = layers.filter((layer) => layer.timeMs !== null);
  return {
    params: layers.reduce((sum, layer) => sum + layer.parameters, 0),
    macs: layers.reduce((sum, layer) => sum + (layer.macs ?? 0), 0),
    timeMs: timed.length === 0 ? null : timed.reduce((sum, layer) => sum + (layer.timeMs ?? 0), 0),
  };
}

function quote(text: string): string {
  return /[",\r\n\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
