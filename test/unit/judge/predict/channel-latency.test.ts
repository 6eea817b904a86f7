import { describe, expect, it } from 'vitest';
import { channelLatency } from '../../../../main/judge/predict/channel-latency.ts';
import type { LatencyModel } from '../../../../main/judge/predict/width-latency.ts';
import { threeUnitPlan } from './cases.ts';

const { widths } = threeUnitPlan();

/** 3 ms, of which each of the three units takes one. */
const latency: LatencyModel = {
  widths,
  fullMs: 3,
  block: 1,
  coefficients: widths.layers.flatMap((_, at) => (at === 0 ? [0, 3, 0, 0] : [0, 0, 0, 0])),
  slope: 1,
  spread: 0.02,
  cuts: 17,
};

describe('channelLatency', () => {
  it('takes off what the widths save, of the model as it was measured', () => {
    const { value, low, high } = channelLatency(latency, [2], { wholeMs: 6, timed: [] });
    expect([value, low, high].map((ms) => Number(ms.toFixed(9)))).toEqual([4, 4 - 0.24, 4 + 0.24]);
  });

  it('is corrected by what timed cuts really saved: half of what was thought', () => {
    const timed = [{ kept: [1], ratio: 1 - 1 / 3 }];
    expect(channelLatency(latency, [2], { wholeMs: 6, timed }).value).toBeCloseTo(6 * (1 - 1 / 6), 9);
    expect(channelLatency(latency, [1], { wholeMs: 6, timed }).value).toBeCloseTo(4, 9);
  });

  it('has a band as wide as the timed cuts are spread', () => {
    const timed = [
      { kept: [1], ratio: 1 / 3 + 0.1 },
      { kept: [1], ratio: 1 / 3 - 0.1 },
    ];
    // Two standard deviations with one degree of freedom: 2·√(0.01 + 0.01).
    const { value, high } = channelLatency(latency, [1], { wholeMs: 1, timed });
    expect(value).toBeCloseTo(1 / 3, 9);
    expect(high - value).toBeCloseTo(2 * Math.sqrt(0.02), 9);
  });

  it('does not follow measurements into nonsense', () => {
    const timed = [{ kept: [2], ratio: 0.01 }];
    expect(channelLatency(latency, [2], { wholeMs: 3, timed }).value).toBeCloseTo(1, 9);
  });
});
