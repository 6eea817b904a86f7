import { describe, expect, it } from 'vitest';
import type { Measurement } from '../../../main/contract/measurement.ts';
import { metricRows, type RowsOf } from '../../../main/services/operations/metric-rows.ts';
import { circumstancesKey } from '../../../main/judge/circumstances.ts';
import { formatCompared } from '../../../main/judge/comparison.ts';
import { findMetric } from '../../../main/judge/metrics.ts';
import { someCircumstances, someData, someMeasurement, somePair } from '../../support/measured.ts';

const totals = { parameters: 10, macs: 20, bytes: 1000, layers: 3 };
const side = (...measurements: Measurement[]): RowsOf => ({ measurements, totals });
const none = { pairs: [], keys: [] };
const rowsOf = (a: RowsOf, b: RowsOf, options: Parameters<typeof metricRows>[2] = none) =>
  new Map(metricRows(a, b, options).map((row) => [row.metric, row]));

describe('the rows of a comparison', () => {
  it('take no profile at batch 16 with one thread for the baseline’s latency', () => {
    const plain = someMeasurement({ trialId: 'baseline', value: 0.511, low: 0.505, high: 0.517 });
    const profiled = someMeasurement({
      trialId: 'baseline',
      value: 13.7,
      low: 13.6,
      high: 13.8,
      at: 2,
      ...someCircumstances({ threads: 1, batch: 16 }),
    });
    const trial = someMeasurement({ trialId: 'int8', value: 0.515, low: 0.51, high: 0.52 });
    const pair = somePair({ trialId: 'int8', referenceId: 'baseline', value: 1.008, low: 0.99, high: 1.02 });
    const row = rowsOf(side(plain, profiled), side(trial), { pairs: [pair], keys: [] }).get('Latency p50');
    expect(row).toMatchObject({ a: 0.511, b: 0.515, verdict: 'cannot-tell', note: 'within the noise', paired: pair });
    expect(row?.ratio).toBeCloseTo(1.0078, 4);
  });

  it('have no ratio and no verdict across circumstances, and say what differs', () => {
    const a = someMeasurement({ value: 13.7, ...someCircumstances({ threads: 1, batch: 16 }) });
    const row = rowsOf(side(a), side(someMeasurement({ value: 0.5 }))).get('Latency p50');
    expect(row).toMatchObject({ a: 13.7, b: 0.5, ratio: null, verdict: null, circumstances: null });
    expect(row?.note).toBe('not measured alike: 1 thread, batch 16, cpu against 2 threads, batch 1, cpu');
  });

  it('compare nothing with what version 0.1 measured', () => {
    const row = rowsOf(side(someMeasurement({ recorded: false })), side(someMeasurement())).get('Latency p50');
    expect(row).toMatchObject({ ratio: null, verdict: null });
    expect(row?.note).toMatch(/version 0.1/u);
  });

  it('compare under the circumstances that are asked for, and under no other', () => {
    const at = (threads: number, value: number) =>
      someMeasurement({ value, at: threads, ...someCircumstances({ threads }) });
    const keyOf = (threads: number) => circumstancesKey(someCircumstances({ threads }));
    const [a, b] = [side(at(1, 8), at(2, 5)), side(at(1, 4), at(2, 3))];
    expect(rowsOf(a, b, { pairs: [], keys: [keyOf(1)] }).get('Latency p50')).toMatchObject({ a: 8, b: 4 });
    expect(rowsOf(a, b, { pairs: [], keys: [keyOf(2)] }).get('Latency p50')).toMatchObject({ a: 5, b: 3 });
    expect(rowsOf(a, b, { pairs: [], keys: [keyOf(4)] }).get('Latency p50')?.verdict).toBeNull();
    expect(rowsOf(a, b).get('Latency p50')).toMatchObject({ a: 5, b: 3 });
    // B has nothing there: A's number stands alone, and no number of other circumstances beside it.
    const onlyA = rowsOf(a, side(at(2, 3)), { pairs: [], keys: [keyOf(1)] }).get('Latency p50');
    expect(onlyA).toMatchObject({ a: 8, b: null, ratio: null, verdict: null });
  });

  it('judge accuracy by the pair, where separate intervals overlap', () => {
    const data = someCircumstances({ data: someData() });
    const top1 = (value: number) =>
      someMeasurement({ metric: 'top1', value, low: value - 0.02, high: value + 0.02, ...data });
    const lost = { metric: 'top1', kind: 'difference', value: -0.01, low: -0.018, high: -0.005, p: 0.002 } as const;
    const pair = somePair({ ...lost, ...data });
    expect(rowsOf(side(top1(0.91)), side(top1(0.9)), { pairs: [pair], keys: [] }).get('top1')).toMatchObject({
      verdict: 'worse',
      note: null,
      aInterval: [0.89, 0.93],
    });
    expect(rowsOf(side(top1(0.91)), side(top1(0.9))).get('top1')).toMatchObject({
      verdict: 'cannot-tell',
      note: 'not measured in pairs',
    });
  });

  it('judge what is counted by its order, and nothing where it is equal', () => {
    const smaller = { measurements: [], totals: { ...totals, bytes: 250 } };
    const rows = rowsOf(side(), smaller);
    expect(rows.get('File size')).toMatchObject({ a: 1000, b: 250, ratio: 0.25, verdict: 'better' });
    expect(rows.get('Parameters')).toMatchObject({ ratio: 1, verdict: null });
    expect(rows.get('Layers')).toMatchObject({ a: 3, b: 3, verdict: null });
  });
});

it('writes compared numbers in their metric’s format, and what is no metric as a count', () => {
  expect(formatCompared(findMetric('top1'), 0.944, [0.93, 0.96])).toBe('94.4 % [93 %, 96 %]');
  expect(formatCompared(findMetric('bytes'), 1536, null)).toBe('1.5 KiB');
  expect(formatCompared(undefined, 1234, null)).toBe('1,234');
});
