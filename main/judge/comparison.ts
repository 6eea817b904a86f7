import type { Measurement, Paired, Verdict } from '../contract/measurement.ts';
import { circumstancesKey, describeCircumstances, keyHoldsData } from './circumstances.ts';
import { formatCount } from './format.ts';
import { formatWithInterval, METRICS, type Metric } from './metrics.ts';
import { formatPair, verdictOfNumbers, verdictOfPair, verdictWords } from './verdict.ts';

/** One of two models that are compared: what was measured of it, and what was counted. */
export interface ComparedSide {
  readonly measurements: readonly Measurement[];
  readonly counted: Readonly<Partial<Record<Metric['id'], number>>>;
}

/** One metric of two models side by side. */
export interface MetricComparison {
  readonly metric: Metric;
  readonly a: Measurement | number | null;
  readonly b: Measurement | number | null;
  /** b against a; null where nothing was paired. */
  readonly paired: Paired | null;
  /** Of b against a; null: equal, without a better side, or not comparable. */
  readonly verdict: Verdict | null;
  /** Why they are not compared, or why nothing can be told. */
  readonly note: string | null;
  /** What both were measured under, in words. */
  readonly circumstances: string | null;
}

/**
 * How to compare: the comparisons of b with a, and the keys of the circumstances that are wanted, with data and without;
 * where none is of a metric's sort, it is compared under the newest circumstances that both have.
 */
export interface ComparisonOptions {
  readonly pairs: readonly Paired[];
  readonly keys: readonly string[];
}

/** All metrics that one of the two has, in the order of the table. */
export function compareSides(a: ComparedSide, b: ComparedSide, options: ComparisonOptions): MetricComparison[] {
  return METRICS.flatMap((metric) => {
    const row = metric.source === 'counted' ? compareCounted(metric, a, b) : compareMeasured(metric, a, b, options);
    return row.a === null && row.b === null ? [] : [row];
  });
}

function compareCounted(metric: Metric, sideA: ComparedSide, sideB: ComparedSide): MetricComparison {
  const a = sideA.counted[metric.id] ?? null;
  const b = sideB.counted[metric.id] ?? null;
  const exact = (value: number) => ({ value, low: null, high: null });
  const verdict = a === null || b === null ? null : verdictOfNumbers(metric, exact(b), exact(a));
  return { metric, a, b, paired: null, verdict, note: null, circumstances: null };
}

function compareMeasured(
  metric: Metric,
  sideA: ComparedSide,
  sideB: ComparedSide,
  { pairs, keys }: ComparisonOptions,
): MetricComparison {
  const ofMetric = ({ measurements }: ComparedSide) => measurements.filter((each) => each.metric === metric.id);
  const [allA, allB] = [ofMetric(sideA), ofMetric(sideB)];
  const wanted = keys.filter((key) => keyHoldsData(key) === metric.needsData);
  const common = commonGround(allA, allB, wanted);
  if (common === undefined) {
    const [a, b] = oneSided(allA, allB, wanted);
    const note = a === null || b === null ? null : whyNot(a, b);
    return { metric, a, b, paired: null, verdict: null, note, circumstances: null };
  }
  const { a, b, key } = common;
  const paired = pairs.find((pair) => pair.metric === metric.id && circumstancesKey(pair) === key) ?? null;
  const verdict = paired === null ? verdictOfNumbers(metric, b, a) : verdictOfPair(metric, paired);
  const note = verdict === 'cannot-tell' ? (paired === null ? 'not measured in pairs' : 'within the noise') : null;
  return { metric, a, b, paired, verdict, note, circumstances: describeCircumstances(a) };
}

/** The newest measurements of both under the same circumstances: those of `keys`, where there are any. */
function commonGround(
  a: readonly Measurement[],
  b: readonly Measurement[],
  keys: readonly string[],
): { readonly a: Measurement; readonly b: Measurement; readonly key: string } | undefined {
  const [byKeyA, byKeyB] = [newestByKey(a), newestByKey(b)];
  const shared = [...byKeyA].flatMap(([key, own]) => {
    const other = byKeyB.get(key);
    return other === undefined ? [] : [{ a: own, b: other, key }];
  });
  // Measured under other circumstances than the wanted ones is not measured.
  if (keys.length > 0) return shared.find(({ key }) => keys.includes(key));
  return shared.toSorted((x, y) => Math.max(y.a.at, y.b.at) - Math.max(x.a.at, x.b.at))[0];
}

/** What stands beside each other where nothing is compared: under the wanted circumstances, if only one of the two is there. */
function oneSided(
  a: readonly Measurement[],
  b: readonly Measurement[],
  wanted: readonly string[],
): readonly [Measurement | null, Measurement | null] {
  const under = (all: readonly Measurement[]) =>
    newest(all.filter((each) => each.recorded && wanted.includes(circumstancesKey(each))));
  const [ownA, ownB] = [under(a), under(b)];
  return ownA === null && ownB === null ? [newest(a), newest(b)] : [ownA, ownB];
}

function newestByKey(measurements: readonly Measurement[]): Map<string, Measurement> {
  const found = new Map<string, Measurement>();
  for (const measurement of measurements.filter(({ recorded }) => recorded).toSorted((a, b) => a.at - b.at)) {
    found.set(circumstancesKey(measurement), measurement);
  }
  return found;
}

function newest(measurements: readonly Measurement[]): Measurement | null {
  return measurements.toSorted((a, b) => b.at - a.at)[0] ?? null;
}

function whyNot(a: Measurement, b: Measurement): string {
  if (!a.recorded || !b.recorded) return 'measured by version 0.1, which did not record the circumstances';
  return `not measured alike: ${describeCircumstances(a)} against ${describeCircumstances(b)}`;
}

/**
 * What may be said of b, in words and with what it rests on: "faster: 0.52× [0.5, 0.54]", "cannot tell: … (within the noise)";
 * '' where nothing is judged. @param metric undefined: no metric of the table
 */
export function sayComparison({
  metric,
  verdict,
  paired,
  note,
}: Pick<MetricComparison, 'verdict' | 'paired' | 'note'> & { readonly metric: Metric | undefined }): string {
  const words = metric === undefined ? '' : verdictWords(metric, verdict);
  const said = [words, paired === null ? '' : formatPair(paired)].filter((part) => part !== '').join(': ');
  return [said, note === null ? '' : `(${note})`].filter((part) => part !== '').join(' ');
}

/** A compared number in its metric's format with its interval; what the table does not hold is a count. */
export function formatCompared(
  metric: Metric | undefined,
  value: number,
  interval: readonly [number, number] | null,
): string {
  if (metric === undefined) return formatCount(value);
  return formatWithInterval(metric, { value, low: interval?.[0] ?? null, high: interval?.[1] ?? null });
}
