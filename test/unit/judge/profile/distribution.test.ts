import { describe, expect, it } from 'vitest';
import type { RecordedRun } from '../../../../main/contract/profile-parts.ts';
import type { Kernel } from '../../../../main/contract/results.ts';
import {
  kernelDistributions,
  layerDistributions,
  spansOfMedian,
  spansOfRun,
} from '../../../../main/judge/profile/distribution.ts';

const kernel = (name: string, layer: string): Kernel => ({
  name,
  op: 'Conv',
  provider: 'cpu',
  timeMs: 1,
  startMs: 0,
  sources: [layer],
  layer,
  inputShapes: [],
  outputShapes: [],
  activationBytes: 0,
  parameterBytes: 0,
});
const KERNELS = [kernel('reorder', 'a'), kernel('conv', 'a'), kernel('fc', 'b')];
const LAYERS = ['a', 'b'].map((name) => ({
  name,
  op: name === 'a' ? 'Conv' : 'Gemm',
  timeMs: 1,
  share: 1,
  kernels: [],
  macs: 1,
  gmacsPerSecond: null,
}));

/** A run in which kernel k takes times[k] µs, one after the other. */
function run(times: readonly number[], use: RecordedRun['use'] = 'counted'): RecordedRun {
  let at = 0;
  const startsUs = times.map((us) => (at += us) - us);
  return {
    use,
    wallUs: null,
    runUs: at,
    executeUs: null,
    kernels: times.map((_, place) => place),
    startsUs,
    durationsUs: [...times],
    ownUs: [...times],
  };
}

describe('layerDistributions', () => {
  it('adds up a layer’s kernels within each run', () => {
    const runs = [
      run([900, 900, 900], 'warm-up'),
      run([1, 9, 5]),
      run([2, 18, 5]),
      run([3, 27, 5]),
      run([99, 99, 99], 'held up'),
    ];
    const rows = layerDistributions({ kernels: KERNELS, layers: LAYERS, runs });
    expect(rows.map(({ name }) => name)).toEqual(['a', 'b']);
    // 10, 20, 30 µs
    expect(rows[0]).toMatchObject({
      op: 'Conv',
      isLayer: true,
      runs: 3,
      minMs: 0.01,
      p50Ms: 0.02,
      maxMs: 0.03,
      firstMs: 1.8,
    });
    expect(rows[0]!.p25Ms).toBeCloseTo(0.015);
    expect(rows[0]!.share).toBeCloseTo(0.8);
    expect(rows.map(({ cumulative }) => cumulative).at(-1)).toBeCloseTo(1);
    expect(rows[0]!.lowMs).toBe(null);
  });

  it('has an interval from six runs on', () => {
    const runs = [1, 2, 3, 4, 5, 6].map((us) => run([us, 0, 0]));
    expect(kernelDistributions({ kernels: KERNELS, runs })[0]).toMatchObject({
      lowMs: 0.001,
      highMs: 0.006,
      firstMs: null,
    });
  });

  it('is empty for a profile without runs', () => {
    expect(layerDistributions({ kernels: KERNELS, layers: LAYERS })).toEqual([]);
  });
});

describe('spans', () => {
  it('are a run’s executions', () => {
    expect(spansOfRun(run([10, 20, 30]))[2]).toEqual({ kernel: 2, startMs: 0.03, timeMs: 0.03 });
  });

  it('of the median run take each kernel’s medians', () => {
    const spans = spansOfMedian({ kernels: KERNELS, runs: [run([10, 20, 30]), run([20, 20, 90]), run([30, 20, 60])] });
    expect(spans).toEqual([
      { kernel: 0, startMs: 0, timeMs: 0.02 },
      { kernel: 1, startMs: 0.02, timeMs: 0.02 },
      { kernel: 2, startMs: 0.04, timeMs: 0.06 },
    ]);
  });

  it('fall back on the means of older profiles', () => {
    expect(spansOfMedian({ kernels: KERNELS }).map(({ timeMs }) => timeMs)).toEqual([1, 1, 1]);
  });
});
