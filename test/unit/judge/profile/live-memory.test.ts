import { describe, expect, it } from 'vitest';
import type { Kernel } from '../../../../main/contract/results.ts';
import { liveMemory } from '../../../../main/judge/profile/live-memory.ts';

const kernel = (name: string, requestedBytes?: number): Kernel => ({
  name,
  op: 'Relu',
  provider: 'cpu',
  timeMs: 1,
  startMs: 0,
  sources: [name],
  inputShapes: [],
  outputShapes: [],
  activationBytes: 0,
  parameterBytes: 5,
  ...(requestedBytes === undefined
    ? {}
    : { memory: { requestedBytes, inUseBytes: requestedBytes, arenaBytes: 2 * requestedBytes } }),
});

describe('liveMemory', () => {
  const tensors = [
    { name: 'x', layer: null, kind: 'input', bytes: 10, from: -1, to: 3 },
    { name: 'a', layer: 'a', kind: 'activation', bytes: 100, from: 0, to: 1 },
    { name: 'b', layer: 'b', kind: 'activation', bytes: 50, from: 1, to: 2 },
    { name: 'y', layer: 'c', kind: 'output', bytes: 30, from: 2, to: 3 },
  ] as const;

  it('adds up what lives at each kernel and says who holds the peak', () => {
    const memory = liveMemory({ kernels: [kernel('a', 7), kernel('b', 9), kernel('c', 8)], tensors: [...tensors] })!;
    expect(memory.series.map(({ liveBytes }) => liveBytes)).toEqual([110, 160, 90]);
    expect(memory.peak.kernel).toBe(1);
    expect(memory.holders.map(({ name }) => name)).toEqual(['a', 'b', 'x']);
    expect(memory.holders[0]!.share).toBeCloseTo(100 / 160);
    expect(memory).toMatchObject({ weightBytes: 15, requestedPeakBytes: 9, arenaPeakBytes: 18 });
  });

  it('leaves open what the runtime does not tell', () => {
    const memory = liveMemory({ kernels: [kernel('a')], tensors: [tensors[0]] })!;
    expect(memory).toMatchObject({ requestedPeakBytes: null, arenaPeakBytes: null });
    expect(liveMemory({ kernels: [kernel('a')], tensors: null })).toBe(null);
  });
});
