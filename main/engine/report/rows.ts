import type { Measurement } from '../../contract/measurement.ts';
import { sayComparison, type MetricComparison } from '../../judge/comparison.ts';
import { formatDb, formatMs, formatNumber, formatPercent, formatTime } from '../../judge/format.ts';
import { formatSamples, formatWithInterval, type Metric } from '../../judge/metrics.ts';
import type { ReportInput } from './report-input.ts';

/** One number of the trial beside the baseline's, ready to be shown. */
export interface NumberRow {
  readonly metric: string;
  readonly trial: string;
  readonly baseline: string;
  /** What may be said of the trial: "faster: 0.52× [0.5, 0.54]", "cannot tell: …", "4× smaller". */
  readonly change: string;
  /** measured: by running; counted: from the file. */
  readonly source: 'measured' | 'counted';
}

/** The table of numbers: accuracies first, then time, size and likeness. Metrics that the trial lacks are left out. */
export function numberRows({ numbers }: Pick<ReportInput, 'numbers'>): readonly NumberRow[] {
  return numbers.flatMap((row) => {
    if (row.b === null) return [];
    const { metric } = row;
    const text = (each: MetricComparison['a']) => (each === null ? '–' : readingText(metric, each));
    return [
      {
        metric: metric.title,
        trial: text(row.b),
        baseline: text(row.a),
        change: changeText(row),
        source: metric.source,
      },
    ];
  });
}

function readingText(metric: Metric, reading: Measurement | number): string {
  if (typeof reading === 'number') return metric.format(reading);
  return `${formatWithInterval(metric, reading)} (${formatSamples(metric, reading.samples)})`;
}

function changeText(row: MetricComparison): string {
  const { metric, a, b } = row;
  return typeof a === 'number' && typeof b === 'number' ? countedChange(metric, a, b) : sayComparison(row);
}

/** "4× smaller" for 100 against 400. */
function countedChange({ words, direction }: Metric, a: number, b: number): string {
  if (direction === 'none') return '';
  if (a === b) return 'same';
  if (a === 0 || b === 0) return '–';
  const [better, worse] = words;
  const less = direction === 'lower' ? better : worse;
  const more = direction === 'lower' ? worse : better;
  return b < a ? `${formatNumber(a / b)}× ${less}` : `${formatNumber(b / a)}× ${more}`;
}

/** What else is to be known about the circumstances, as pairs of a name and a text. */
export function factRows({
  model,
  target,
  circumstances,
  preprocessing,
  at,
  version,
}: ReportInput): readonly (readonly [string, string])[] {
  const operators = Object.entries(model.operators).sort((a, b) => b[1] - a[1]);
  return [
    [
      'Model',
      `${model.name}, ${model.nodes} nodes (${operators
        .slice(0, 6)
        .map(([op, count]) => `${count} ${op}`)
        .join(', ')}${operators.length > 6 ? ', …' : ''})`,
    ],
    ['SHA-256', model.sha256],
    [
      'Producer',
      [
        model.producer || 'unknown',
        ...Object.entries(model.opsets).map(([domain, v]) => `${domain || 'ai.onnx'} ${v}`),
      ].join(', '),
    ],
    ...(target === null
      ? []
      : ([
          [
            'Machine',
            `${target.cpu}, ${target.cores} cores, ${target.os}${target.vnni === null ? '' : target.vnni ? ', VNNI' : ', no VNNI'}`,
          ],
          ['Runtime', `ONNX Runtime ${target.onnxruntime}, provider ${target.provider}`],
        ] as const)),
    ...circumstances.map((line) => ['Measured under', line] as const),
    ...(preprocessing === null ? [] : ([['Preprocessing', preprocessing]] as const)),
    ['Measured', `${formatTime(at)}, Lapidary ${version}`],
  ];
}

const show = (value: number | null, format: (value: number) => string): string | null =>
  value === null ? null : format(value);

/** Columns of the layer table that hold anything, with the text of each layer. */
export function layerColumns(
  layers: ReportInput['layers'],
): readonly { readonly title: string; readonly cells: readonly string[] }[] {
  const column = (title: string, read: (layer: ReportInput['layers'][number]) => string | null) => ({
    title,
    cells: layers.map((layer) => read(layer) ?? ''),
  });
  const columns = [
    column('Layer', ({ name }) => name),
    column('Operator', ({ op }) => op),
    column('Time', ({ timeMs }) => show(timeMs, formatMs)),
    column('Baseline time', ({ baselineTimeMs }) => show(baselineTimeMs, formatMs)),
    column('Sparsity', ({ sparsity }) => show(sparsity, formatPercent)),
    column('int8', ({ quantized }) => (quantized === null ? null : quantized ? 'yes' : 'no')),
    column('SQNR', ({ sqnrDb }) => show(sqnrDb, formatDb)),
  ];
  return columns.filter(({ cells }) => cells.some((cell) => cell !== ''));
}
