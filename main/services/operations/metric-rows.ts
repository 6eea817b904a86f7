import type { Measurement } from '../../contract/measurement.ts';
import type { Comparison } from '../../contract/studio.ts';
import { compareSides, type ComparisonOptions, type MetricComparison } from '../../judge/comparison.ts';
import type { MetricId } from '../../judge/metrics.ts';

/** What is counted of a model. */
export interface Totals {
  readonly parameters: number;
  readonly macs: number;
  readonly bytes: number;
  readonly layers: number;
}

/** One of two models. */
export interface RowsOf {
  readonly measurements: readonly Measurement[];
  readonly totals: Totals;
}

type Row = Comparison['metrics'][number];

/** What `compare --json` calls a metric, and the unit it writes; the metric's own title and unit where it has no name here. */
const NAMES: Readonly<Partial<Record<MetricId, readonly [name: string, unit: string]>>> = {
  latency: ['Latency p50', 'ms'],
  latencyP90: ['Latency p90', 'ms'],
  latencyP99: ['Latency p99', 'ms'],
  top1: ['top1', ''],
  top5: ['top5', ''],
  agreement: ['Agreement', ''],
  cosine: ['Cosine', ''],
  sqnr: ['SQNR', 'dB'],
  bytes: ['File size', 'B'],
  parameters: ['Parameters', ''],
  macs: ['MACs', ''],
  memory: ['Peak memory', 'B'],
};

/** The rows of numbers of two models, b against a. */
export function metricRows(a: RowsOf, b: RowsOf, options: ComparisonOptions): Row[] {
  const side = ({ measurements, totals: { bytes, parameters, macs } }: RowsOf) => ({
    measurements,
    counted: { bytes, parameters, macs },
  });
  const rows = compareSides(side(a), side(b), options).map(rowOf);
  return [...rows, countedRow('Layers', a.totals.layers, b.totals.layers)];
}

function rowOf({ metric, a, b, paired, verdict, note, circumstances }: MetricComparison): Row {
  const [name, unit] = NAMES[metric.id] ?? [metric.title, metric.unit];
  const measured = [a, b].filter((each) => each !== null && typeof each !== 'number');
  return {
    ...countedRow(name, valueOf(a), valueOf(b)),
    unit,
    // Across circumstances there is no ratio: it would compare what is not comparable.
    ratio: metric.source === 'measured' && circumstances === null ? null : ratioOf(valueOf(a), valueOf(b)),
    id: metric.id,
    aInterval: intervalOf(a),
    bInterval: intervalOf(b),
    samples: measured.length === 0 ? null : Math.min(...measured.map(({ samples }) => samples)),
    paired,
    verdict,
    note,
    circumstances,
  };
}

function countedRow(metric: string, a: number | null, b: number | null): Row {
  return {
    metric,
    unit: '',
    a,
    b,
    ratio: ratioOf(a, b),
    note: null,
    id: null,
    aInterval: null,
    bInterval: null,
    samples: null,
    paired: null,
    verdict: null,
    circumstances: null,
  };
}

const valueOf = (each: Measurement | number | null): number | null =>
  each === null || typeof each === 'number' ? each : each.value;

const ratioOf = (a: number | null, b: number | null): number | null =>
  a === null || a === 0 || b === null ? null : b / a;

function intervalOf(each: Measurement | number | null): [number, number] | null {
  if (each === null || typeof each === 'number' || each.low === null || each.high === null) return null;
  return [each.low, each.high];
}
