import { describe, expect, it } from 'vitest';
import { observedRange } from '../../../../../main/engine/quantize/observers/observed-range.ts';
import type { TensorStatistics } from '../../../../../main/engine/quantize/observers/statistics.ts';
import {
  activationScheme,
  quantizeValues,
  type Range,
} from '../../../../../main/engine/quantize/quantize-activations.ts';
import { layerFormats } from '../../../../../main/engine/quantize/schemes.ts';
import { quantizeStep } from '../oracle.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';
import { StreamingHistogram } from '../../../../../main/engine/tensor/streaming-histogram.ts';

const { activations: uint8 } = layerFormats({ ...quantizeStep(), reduceRange: false });

function statisticsOf(values: Float32Array): TensorStatistics {
  const histogram = new StreamingHistogram();
  const range = { min: values.reduce((a, b) => Math.min(a, b)), max: values.reduce((a, b) => Math.max(a, b)) };
  histogram.add(values, range.min, range.max);
  return { range, average: { min: range.min / 2, max: range.max / 2 }, histogram: histogram.taken() };
}

/** 0, 1, … 1,999, then one outlier. */
const ramp = Float32Array.from({ length: 2001 }, (_, at) => (at < 2000 ? at : 100_000));

/** Bell-shaped: sums of 12 uniform numbers, deviation 1. */
function bell(count: number): Float32Array {
  const random = seededRandom(3);
  return Float32Array.from({ length: count }, () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += random();
    return sum;
  });
}

function meanSquare(values: Float32Array, range: Range): number {
  const scheme = activationScheme(range, uint8);
  const codes = quantizeValues(values, scheme);
  return values.reduce((sum, value, at) => sum + (value - (codes[at]! - scheme.zeroPoint) * scheme.scale) ** 2, 0);
}

describe('observers', () => {
  it('take what was met, or the moving average of it', () => {
    const statistics = statisticsOf(Float32Array.of(-2, 8));
    expect(observedRange(statistics, { calibrator: 'minmax' }, uint8)).toEqual({ min: -2, max: 8 });
    expect(observedRange(statistics, { calibrator: 'ema' }, uint8)).toEqual({ min: -1, max: 4 });
  });

  it('cut half of what a percentile leaves out on each side', () => {
    // Of 2,001 values 0.2 % stay outside: 2 below (0 and 1), 2 above (1,999 and the outlier). Bins are 32 wide here.
    const { min, max } = observedRange(statisticsOf(ramp), { calibrator: 'percentile', percentile: 99.8 }, uint8);
    expect(min).toBeCloseTo(1, 1);
    expect(max).toBeGreaterThanOrEqual(1984);
    expect(max).toBeLessThanOrEqual(2016);
    const all = observedRange(statisticsOf(ramp), { calibrator: 'percentile', percentile: 100 }, uint8);
    expect(all).toEqual({ min: 0, max: 100_000 });
  });

  it('find the range of least squared error that a search over all thresholds finds', () => {
    const values = bell(20_000).map(Math.abs);
    const found = observedRange(statisticsOf(values), { calibrator: 'mse' }, uint8);
    const thresholds = Array.from({ length: 200 }, (_, at) => ((at + 1) / 200) * statisticsOf(values).range.max);
    const best = Math.min(...thresholds.map((max) => meanSquare(values, { min: 0, max })));
    expect(meanSquare(values, found)).toBeLessThanOrEqual(best * 1.01);
  });

  it('move both ends for the least squared error, each as far as it helps', () => {
    // Below zero a bell, above it one of a quarter of the width with a far outlier.
    const values = bell(20_000).map((value) => (value < 0 ? value : value / 4));
    values[0] = 20;
    const statistics = statisticsOf(values);
    const { min, max } = observedRange(statistics, { calibrator: 'mse' }, uint8);
    expect(max).toBeLessThan(20);
    expect(min).toBeLessThan(0.75 * statistics.range.min);
    expect(meanSquare(values, { min, max })).toBeLessThan(meanSquare(values, statistics.range));
  });

  it('cut what hardly ever comes for the least divergence, and no more of what is even', () => {
    const values = bell(50_000).map(Math.abs);
    const most = values.reduce((a, b) => Math.max(a, b));
    const withOutlier = (times: number): TensorStatistics => {
      const histogram = new StreamingHistogram();
      for (let time = 0; time < times; time++) histogram.add(values, 0, most);
      histogram.add(Float32Array.of(40), 40, 40);
      const range = { min: 0, max: 40 };
      return { range, average: range, histogram: histogram.taken() };
    };
    const { max } = observedRange(withOutlier(100), { calibrator: 'entropy' }, uint8);
    expect(max).toBeGreaterThan(3);
    expect(max).toBeLessThan(10);
    // Among fewer values the one that is cut weighs more than what finer codes bring: (40 − 5)² > 50,000 · (40 / 255)² / 12.
    expect(observedRange(withOutlier(1), { calibrator: 'entropy' }, uint8).max).toBe(40);
    // Two million bring the squared error to a third, 4,100 to 64 + 35², which is not worth it.
    expect(observedRange(withOutlier(40), { calibrator: 'entropy' }, uint8).max).toBe(40);
    const even = Float32Array.from({ length: 40_960 }, (_, at) => (at + 0.5) / 40_960);
    expect(observedRange(statisticsOf(even), { calibrator: 'entropy' }, uint8).max).toBeGreaterThan(0.95);
  });

  it('give every tensor of zeros, and of nothing, the range that it has', () => {
    for (const calibrator of ['minmax', 'ema', 'entropy', 'mse'] as const) {
      const range = observedRange(statisticsOf(new Float32Array(9)), { calibrator }, uint8);
      expect([range.min, range.max]).toEqual([0, 0]);
    }
  });
});
