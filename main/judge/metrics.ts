/** The metric table: what each number of a trial is, how it is written, how sure it is, and how two are compared. */
import { formatBytes, formatCompact, formatCosine, formatCount, formatDb, formatMs, formatPercent } from './format.ts';

export type MetricId =
  | 'top1'
  | 'top5'
  | 'agreement'
  | 'latency'
  | 'latencyP90'
  | 'latencyP99'
  | 'memory'
  | 'bytes'
  | 'parameters'
  | 'sparsity'
  | 'macs'
  | 'sqnr'
  | 'cosine';

/** One line of the table. */
export interface Metric {
  readonly id: MetricId;
  /** As people read it: "Top-1 accuracy". */
  readonly title: string;
  /** For axes and columns: "Top-1". */
  readonly short: string;
  readonly unit: 'ms' | 'bytes' | 'share' | 'dB' | 'MACs' | '';
  /** Which way is better; none: it describes, and is not judged. */
  readonly direction: 'lower' | 'higher' | 'none';
  /** measured: by running, under circumstances; counted: from the model itself, always the same. */
  readonly source: 'measured' | 'counted';
  /** Whether its circumstances hold a data set. */
  readonly needsData: boolean;
  /**
   * How its own 95 % interval is made: the median's by order statistics; Wilson's for a share; none for what is counted or
   * has no spread that could be told.
   */
  readonly uncertainty: 'median' | 'share' | 'none';
  /**
   * How two trials are compared: by the ratio of medians timed in turns; by the difference on the same samples; exactly,
   * as numbers that repeat under the same circumstances; not at all, where nothing tells how far they would repeat.
   */
  readonly comparison: 'paired-ratio' | 'paired-difference' | 'exact' | 'none';
  /** What better and worse are called: "faster", "slower". */
  readonly words: readonly [better: string, worse: string];
  readonly format: (value: number) => string;
}

const share = {
  unit: 'share',
  direction: 'higher',
  source: 'measured',
  needsData: true,
  uncertainty: 'share',
} as const;
const paired = { comparison: 'paired-difference', format: (value: number) => formatPercent(value) } as const;
const timed = { unit: 'ms', direction: 'lower', source: 'measured', needsData: false, format: formatMs } as const;
const quantile = { ...timed, uncertainty: 'none', comparison: 'none', words: ['faster', 'slower'] } as const;
const counted = { source: 'counted', needsData: false, uncertainty: 'none', comparison: 'exact' } as const;
const likeness = { source: 'measured', needsData: true, uncertainty: 'none', comparison: 'exact' } as const;

/** All metrics, in the order in which tables show them. */
export const METRICS: readonly Metric[] = [
  {
    id: 'top1',
    title: 'Top-1 accuracy',
    short: 'Top-1',
    words: ['more accurate', 'less accurate'],
    ...share,
    ...paired,
  },
  {
    id: 'top5',
    title: 'Top-5 accuracy',
    short: 'Top-5',
    words: ['more accurate', 'less accurate'],
    ...share,
    ...paired,
  },
  {
    id: 'agreement',
    title: 'Agreement with the baseline',
    short: 'Agreement',
    words: ['closer', 'further off'],
    ...share,
    ...paired,
  },
  {
    id: 'latency',
    title: 'Latency (p50)',
    short: 'Latency',
    uncertainty: 'median',
    comparison: 'paired-ratio',
    words: ['faster', 'slower'],
    ...timed,
  },
  { id: 'latencyP90', title: 'Latency (p90)', short: 'p90', ...quantile },
  { id: 'latencyP99', title: 'Latency (p99)', short: 'p99', ...quantile },
  {
    id: 'memory',
    title: 'Peak memory',
    short: 'Memory',
    unit: 'bytes',
    direction: 'lower',
    source: 'measured',
    needsData: false,
    uncertainty: 'none',
    comparison: 'none',
    words: ['less', 'more'],
    format: formatBytes,
  },
  {
    id: 'bytes',
    title: 'File size',
    short: 'Size',
    unit: 'bytes',
    direction: 'lower',
    words: ['smaller', 'larger'],
    format: formatBytes,
    ...counted,
  },
  {
    id: 'parameters',
    title: 'Non-zero parameters',
    short: 'Parameters',
    unit: '',
    direction: 'lower',
    words: ['fewer', 'more'],
    format: formatCompact,
    ...counted,
  },
  {
    id: 'sparsity',
    title: 'Sparsity',
    short: 'Sparsity',
    unit: 'share',
    direction: 'none',
    words: ['more', 'less'],
    format: (value) => formatPercent(value),
    ...counted,
  },
  {
    id: 'macs',
    title: 'Effective MACs',
    short: 'MACs',
    unit: 'MACs',
    direction: 'lower',
    words: ['fewer', 'more'],
    format: formatCompact,
    ...counted,
  },
  {
    id: 'sqnr',
    title: 'SQNR of the outputs',
    short: 'SQNR',
    unit: 'dB',
    direction: 'higher',
    words: ['closer', 'further off'],
    format: formatDb,
    ...likeness,
  },
  {
    id: 'cosine',
    title: 'Cosine with the baseline',
    short: 'Cosine',
    unit: '',
    direction: 'higher',
    words: ['closer', 'further off'],
    format: formatCosine,
    ...likeness,
  },
];

const byId = new Map<string, Metric>(METRICS.map((metric) => [metric.id, metric]));

/** The metric with this id; undefined for one that this version does not know (a workspace of a newer one). */
export function findMetric(id: string): Metric | undefined {
  return byId.get(id);
}

/** The metric with this id of the table. */
export function metricOf(id: MetricId): Metric {
  return byId.get(id)!;
}

/** A value in the metric's format with its 95 % interval: "0.512 ms [0.509, 0.517]"; a count of samples exactly. */
export function formatWithInterval(
  { format }: Pick<Metric, 'format'>,
  { value, low, high }: { readonly value: number; readonly low: number | null; readonly high: number | null },
): string {
  return low === null || high === null ? format(value) : `${format(value)} [${format(low)}, ${format(high)}]`;
}

/** "800 samples", "1,024 runs". */
export function formatSamples({ needsData }: Pick<Metric, 'needsData'>, samples: number): string {
  const noun = needsData ? 'sample' : 'run';
  return `${formatCount(samples)} ${noun}${samples === 1 ? '' : 's'}`;
}
