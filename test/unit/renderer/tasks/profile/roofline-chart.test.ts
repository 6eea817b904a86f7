import { describe, expect, it } from 'vitest';
import type { MachinePeaks } from '../../../../../main/contract/machine-peaks.ts';
import type { Roofline, RooflinePoint } from '../../../../../main/judge/profile/roofline.ts';
import { powersWithin, radiusOf, rooflineScales } from '../../../../../renderer/tasks/profile/roofline-chart.ts';
import { MACHINE } from '../../../judge/predict/cases.ts';

const PEAKS: MachinePeaks = {
  machine: MACHINE,
  at: 0,
  size: 8,
  runs: 1,
  float32: 100,
  int8: 400,
  bandwidth: [
    { setBytes: 1, gbPerSecond: 50 },
    { setBytes: 2, gbPerSecond: 10 },
  ],
  kernelUs: 1,
};
const AREA = { left: 0, right: 100, top: 0, bottom: 100 };

const point = (intensity: number, gigaOps: number): RooflinePoint => ({
  name: 'conv',
  isLayer: true,
  op: 'Conv',
  precision: 'float32',
  operations: 1,
  bytes: 1,
  intensity,
  gigaOps,
  timeMs: 1,
  roofMs: 1,
  bound: 'compute',
  reached: 1,
});
const roofline = (...points: RooflinePoint[]): Roofline => ({
  points,
  kernelsMs: 1,
  roofMs: 1,
  boundMs: { compute: 1, memory: 0, overhead: 0 },
});

describe('rooflineScales', () => {
  it('lets the roofs meet where bandwidth times intensity is the peak', () => {
    const { x, y, roofs } = rooflineScales(roofline(point(4, 20)), PEAKS, AREA);
    const memory = roofs.find(({ key }) => key === 'memory')!;
    expect(memory.to.x).toBeCloseTo(x(10)); // 100 / 10
    expect(memory.to.y).toBeCloseTo(y(100));
    expect(roofs.map(({ key }) => key)).toEqual(['cache', 'memory', 'float32']);
  });

  it('holds every point', () => {
    const { x, y } = rooflineScales(roofline(point(0.001, 0.02), point(3000, 90)), PEAKS, AREA);
    for (const at of [x(0.001), x(3000), y(0.02), y(90)]) expect(at >= 0 && at <= 100).toBe(true);
  });

  it('shows the roof of integers where integers run', () => {
    const { roofs } = rooflineScales(roofline({ ...point(1, 1), precision: 'int8' }), PEAKS, AREA);
    expect(roofs.map(({ key }) => key)).toContain('int8');
  });
});

it('marks powers of the base within the domain', () => {
  expect(powersWithin([0.25, 8], 2)).toEqual([0.25, 0.5, 1, 2, 4, 8]);
  expect(powersWithin([1, 1000], 10)).toEqual([1, 10, 100, 1000]);
});

it('draws areas in proportion to times', () => {
  expect((radiusOf(0.5, 1) - 3) / (radiusOf(0.125, 1) - 3)).toBeCloseTo(2);
});
