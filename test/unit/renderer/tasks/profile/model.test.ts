import { describe, expect, it } from 'vitest';
import type { Kernel, Profile } from '../../../../../main/contract/results.ts';
import {
  explainGap,
  kernelRows,
  kernelsByLayer,
  layerOfKernel,
  memorySeries,
  opTotals,
  reconcile,
} from '../../../../../renderer/tasks/profile/model.ts';
import { MACHINE, latency } from '../../../judge/predict/cases.ts';

function kernel(name: string, op: string, timing: { timeMs: number; startMs: number }, sources: string[]): Kernel {
  return {
    name,
    op,
    ...timing,
    provider: 'cpu',
    sources,
    inputShapes: [],
    outputShapes: [],
    activationBytes: 8,
    parameterBytes: 4,
  };
}

const layer = (name: string, op: string, timeMs: number) => ({
  name,
  op,
  timeMs,
  share: 0,
  kernels: [],
  macs: null,
  gmacsPerSecond: null,
});

const PROFILE: Profile = {
  machine: MACHINE,
  batch: 1,
  dims: {},
  latency: latency(4),
  profiled: { runs: 10, p50Ms: 6 },
  layers: [layer('conv1', 'Conv', 3), layer('relu1', 'Relu', 0), layer('conv2', 'Conv', 1), layer('fc', 'Gemm', 1)],
  kernels: [
    kernel('conv1', 'FusedConv', { timeMs: 3, startMs: 1 }, ['conv1', 'relu1']),
    kernel('reorder', 'ReorderOutput', { timeMs: 0.5, startMs: 0 }, []),
    kernel('fc', 'Gemm', { timeMs: 1.5, startMs: 5 }, ['fc']),
  ],
  unattributedMs: 1,
  memory: {
    peakBytes: 10,
    sessionBytes: 5,
    samples: [
      { ms: 100, bytes: 4 },
      { ms: 120, bytes: 10 },
    ],
  },
  trace: null,
  notes: [],
};

describe('opTotals', () => {
  it('sums layers by operator, slowest first, and leaves out what took no time', () => {
    expect(opTotals(PROFILE, 'layers')).toEqual([
      { op: 'Conv', timeMs: 4, count: 2, share: 0.8 },
      { op: 'Gemm', timeMs: 1, count: 1, share: 0.2 },
    ]);
  });

  it('sums the kernels that really ran when asked to', () => {
    expect(opTotals(PROFILE, 'kernels').map((total) => total.op)).toEqual(['FusedConv', 'Gemm', 'ReorderOutput']);
  });
});

describe('reconcile', () => {
  it('shows how profiled and unprofiled time hang together', () => {
    expect(reconcile(PROFILE)).toEqual({
      unprofiledMs: 4,
      profiledMs: 6,
      kernelsMs: 5,
      unattributedMs: 1,
      gapMs: 2,
      gapShare: 0.5,
    });
  });

  it('explains each kind of gap', () => {
    const gap = reconcile(PROFILE);
    expect(explainGap(gap)).toContain('50 % slower');
    expect(explainGap({ ...gap, gapShare: -0.2 })).toContain('20 % faster');
    expect(explainGap({ ...gap, gapShare: 0.01 })).toContain('less than 3 %');
  });
});

describe('kernels', () => {
  it('stand in order of execution or of time', () => {
    expect(kernelRows(PROFILE, 'start').map((row) => row.index)).toEqual([1, 0, 2]);
    expect(kernelRows(PROFILE, 'time').map((row) => row.share)).toEqual([0.6, 0.3, 0.1]);
  });

  it('belong to all their source layers, and pick the first', () => {
    expect(kernelsByLayer(PROFILE).get('relu1')).toEqual([0]);
    expect(layerOfKernel(PROFILE.kernels[0]!)).toBe('conv1');
    expect(layerOfKernel(PROFILE.kernels[1]!)).toBeNull();
  });

  it('memory starts at time 0', () => {
    expect(memorySeries(PROFILE)).toEqual([
      { ms: 0, bytes: 4 },
      { ms: 20, bytes: 10 },
    ]);
  });
});
