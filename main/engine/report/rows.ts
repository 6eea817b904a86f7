import {
  formatBytes,
  formatCompact,
  formatCosine,
  formatDb,
  formatMs,
  formatNumber,
  formatPercent,
  formatTime,
} from '../../judge/format.ts';
import type { ReportInput, ReportTrial } from './report-input.ts';

/** One number of the trial beside the baseline's, ready to be shown. */
export interface NumberRow {
  readonly metric: string;
  readonly trial: string;
  readonly baseline: string;
  /** How they relate: "1.9× faster", "−0.32 points", with a word where the difference is within the intervals. */
  readonly change: string;
  /** measured: by running; counted: from the file; predicted: neither yet. */
  readonly source: 'measured' | 'counted' | 'predicted';
}

interface Reading {
  readonly value: number;
  readonly text: string;
  /** Half-open word on the interval, for comparing; undefined: exact. */
  readonly interval?: readonly [number, number];
}

interface Kind {
  readonly id: string;
  readonly metric: string;
  readonly source: 'measured' | 'counted';
  readonly read: (trial: ReportTrial) => Reading | undefined;
  readonly change: (trial: Reading, baseline: Reading) => string;
}

const exact = (value: number | null | undefined, show: (value: number) => string): Reading | undefined =>
  value === null || value === undefined ? undefined : { value, text: show(value) };

/** "1.5× smaller" for 100 against 150. */
const ratio =
  (less: string, more: string) =>
  ({ value }: Reading, base: Reading): string => {
    if (value === base.value) return 'same';
    if (value === 0 || base.value === 0) return '–';
    return value < base.value
      ? `${formatNumber(base.value / value)}× ${less}`
      : `${formatNumber(value / base.value)}× ${more}`;
  };

function points({ value, interval }: Reading, base: Reading): string {
  const difference = (value - base.value) * 100;
  const text = `${difference > 0 ? '+' : difference < 0 ? '−' : '±'}${Math.abs(difference).toFixed(2)} points`;
  const [low, high] = interval ?? [value, value];
  const [baseLow, baseHigh] = base.interval ?? [base.value, base.value];
  return difference !== 0 && low <= baseHigh && baseLow <= high ? `${text} (intervals overlap)` : text;
}

const share = (metric: { value: number; low: number; high: number } | null | undefined): Reading | undefined =>
  metric === null || metric === undefined
    ? undefined
    : {
        value: metric.value,
        text: `${formatPercent(metric.value)} [${formatPercent(metric.low)}, ${formatPercent(metric.high)}]`,
        interval: [metric.low, metric.high],
      };

const none = (): string => '';

function latencyKind(id: 'p50Ms' | 'p90Ms' | 'p99Ms'): Kind {
  return {
    id: 'latency',
    metric: `Latency ${id.slice(0, 3)}`,
    source: 'measured',
    read: ({ latency }) =>
      latency === null
        ? undefined
        : {
            value: latency[id],
            text: `${formatMs(latency[id])}${id === 'p50Ms' ? ` ± ${formatMs(latency.stdMs)} (${latency.runs} runs)` : ''}`,
          },
    change: ratio('faster', 'slower'),
  };
}

const KINDS: readonly Kind[] = [
  latencyKind('p50Ms'),
  latencyKind('p90Ms'),
  latencyKind('p99Ms'),
  {
    id: 'bytes',
    metric: 'File',
    source: 'counted',
    read: (t) => exact(t.bytes, formatBytes),
    change: ratio('smaller', 'larger'),
  },
  {
    id: 'parameters',
    metric: 'Non-zero parameters',
    source: 'counted',
    read: (t) => exact(t.parameters, formatCompact),
    change: ratio('fewer', 'more'),
  },
  {
    id: 'sparsity',
    metric: 'Sparsity',
    source: 'counted',
    read: (t) => exact(t.sparsity, formatPercent),
    change: none,
  },
  {
    id: 'macs',
    metric: 'Multiply–accumulates',
    source: 'counted',
    read: (t) => exact(t.macs, formatCompact),
    change: ratio('fewer', 'more'),
  },
  {
    id: 'agreement',
    metric: 'Agreement with the baseline',
    source: 'measured',
    read: (t) => share(t.evaluation?.agreement),
    change: none,
  },
  {
    id: 'sqnrDb',
    metric: 'SQNR of the outputs',
    source: 'measured',
    read: (t) => exact(t.evaluation?.sqnrDb, formatDb),
    change: none,
  },
  {
    id: 'cosine',
    metric: 'Cosine of the outputs',
    source: 'measured',
    read: (t) => exact(t.evaluation?.cosine, formatCosine),
    change: none,
  },
];

const accuracyKind = (id: string): Kind => ({
  id,
  metric: id.replace(/^top(\d)$/, 'Top-$1 accuracy'),
  source: 'measured',
  read: (trial) => share(trial.evaluation?.metrics[id]),
  change: points,
});

/** The table of numbers: accuracies first, then time, size and likeness. Metrics that the trial lacks are left out. */
export function numberRows({ trial, baseline }: ReportInput): readonly NumberRow[] {
  const accuracies = Object.keys(trial.evaluation?.metrics ?? {}).map(accuracyKind);
  return [...accuracies, ...KINDS].flatMap(({ id, metric, source, read, change }) => {
    const own = read(trial);
    if (own === undefined) return [];
    const base = baseline === null ? undefined : read(baseline);
    const predicted = trial.predicted?.includes(id) === true;
    return [
      {
        metric,
        trial: predicted ? `≈ ${own.text}` : own.text,
        baseline: base?.text ?? '–',
        change: base === undefined ? '' : change(own, base),
        source: predicted ? ('predicted' as const) : source,
      },
    ];
  });
}

/** What else is to be known about the circumstances, as pairs of a name and a text. */
export function factRows({
  model,
  trial,
  machine,
  settings,
  data,
  at,
  version,
}: ReportInput): readonly (readonly [string, string])[] {
  const operators = Object.entries(model.operators).sort((a, b) => b[1] - a[1]);
  const dims = Object.entries(settings.dims).map(([name, size]) => `${name} = ${size}`);
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
    ...(machine === null
      ? []
      : ([
          [
            'Machine',
            `${machine.cpu}, ${machine.cores} cores, ${machine.os}${machine.vnni === null ? '' : machine.vnni ? ', VNNI' : ', no VNNI'}`,
          ],
          [
            'Runtime',
            `ONNX Runtime ${machine.onnxruntime}, provider ${machine.provider}, ${machine.threads} threads, Node ${machine.node}`,
          ],
        ] as const)),
    ['Settings', [`batch ${settings.batch}`, ...dims].join(', ')],
    ...(data === null ? [] : ([['Data', `${data.name}, ${data.samples} samples`]] as const)),
    ...(trial.evaluation === null ? [] : ([['Preprocessing', trial.evaluation.preprocessing]] as const)),
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
