import { describe, expect, it } from 'vitest';
import type { MachinePeaks } from '../../../../main/contract/machine-peaks.ts';
import type { Kernel } from '../../../../main/contract/results.ts';
import { bandwidthAt, rooflineOf } from '../../../../main/judge/profile/roofline.ts';
import { MACHINE } from '../predict/cases.ts';

const PEAKS: MachinePeaks = {
  machine: MACHINE,
  at: 0,
  size: 1024,
  runs: 1,
  float32: 100, // GFLOP/s
  int8: 400,
  bandwidth: [
    { setBytes: 1024, gbPerSecond: 80 },
    { setBytes: 1024 ** 2, gbPerSecond: 20 },
  ],
  kernelUs: 2,
};

function kernel(name: string, rest: Partial<Kernel>): Kernel {
  return {
    name,
    op: 'Conv',
    provider: 'cpu',
    timeMs: 1,
    startMs: 0,
    sources: [name],
    layer: name,
    inputShapes: ['float [8]'],
    outputShapes: ['float [8]'],
    activationBytes: 0,
    parameterBytes: 0,
    ...rest,
  };
}

const layer = (name: string, macs: number) => ({
  name,
  op: 'Conv',
  timeMs: 1,
  share: 1,
  kernels: [name],
  macs,
  gmacsPerSecond: null,
});

describe('rooflineOf', () => {
  it('is bound by arithmetic where that takes longest', () => {
    // 50 M MACs = 100 M operations at 100 G/s: 1 ms; 2 MiB at 20 GB/s: 0.1 ms
    const kernels = [kernel('conv', { timeMs: 2, activationBytes: 2 ** 20, parameterBytes: 2 ** 20 })];
    const { points, roofMs, boundMs } = rooflineOf({ kernels, layers: [layer('conv', 50e6)] }, PEAKS);
    expect(points[0]).toMatchObject({
      bound: 'compute',
      operations: 1e8,
      bytes: 2 ** 21,
      precision: 'float32',
      isLayer: true,
    });
    expect(points[0]!.roofMs).toBeCloseTo(1);
    expect(points[0]!.reached).toBeCloseTo(0.5);
    expect(points[0]!.gigaOps).toBeCloseTo(50);
    expect(points[0]!.intensity).toBeCloseTo(1e8 / 2 ** 21);
    expect(roofMs).toBeCloseTo(1);
    expect(boundMs).toEqual({ compute: 2, memory: 0, overhead: 0 });
  });

  it('is bound by memory without multiplications', () => {
    // 2 MB at 20 GB/s: 0.1 ms; one operation for each of 1000 elements written
    const kernels = [kernel('add', { activationBytes: 2e6, outputShapes: ['float [10,100]'] })];
    const { points } = rooflineOf({ kernels, layers: [layer('add', 0)] }, PEAKS);
    expect(points[0]).toMatchObject({ bound: 'memory', operations: 1000 });
    expect(points[0]!.roofMs).toBeCloseTo(0.1);
  });

  it('is bound by overhead where a kernel does next to nothing, for each of its kernels', () => {
    const kernels = [
      kernel('a', { timeMs: 0.01, activationBytes: 64 }),
      kernel('reorder', { layer: 'a', timeMs: 0.01, sources: ['a'] }),
    ];
    const { points } = rooflineOf({ kernels, layers: [layer('a', 4)] }, PEAKS);
    expect(points).toHaveLength(1);
    expect(points[0]).toMatchObject({ bound: 'overhead' });
    expect(points[0]!.roofMs).toBeCloseTo(0.004);
  });

  it('takes the peak of integers for integer kernels, with the layers that are fused into them', () => {
    const kernels = [
      kernel('conv', { sources: ['conv', 'add'], inputShapes: ['uint8 [8]'], outputShapes: ['uint8 [8]'] }),
    ];
    const { points } = rooflineOf({ kernels, layers: [layer('conv', 190e6), layer('add', 10e6)] }, PEAKS);
    expect(points[0]).toMatchObject({ precision: 'int8', bound: 'compute' });
    expect(points[0]!.roofMs).toBeCloseTo(1); // 400 M operations at 400 G/s
  });
});

describe('bandwidthAt', () => {
  it('follows the logarithm of the size between what was measured', () => {
    expect(bandwidthAt(PEAKS, 10)).toBe(80);
    expect(bandwidthAt(PEAKS, 32 * 1024)).toBeCloseTo(50); // half-way between 2^10 and 2^20
    expect(bandwidthAt(PEAKS, 2 ** 20)).toBeCloseTo(20);
    expect(bandwidthAt(PEAKS, 2 ** 30)).toBe(20);
  });
});
