import { expect, it } from 'vitest';
import type { RecordedRun } from '../../../../main/contract/profile-parts.ts';
import type { Kernel, Profile } from '../../../../main/contract/results.ts';
import { compareProfiles } from '../../../../main/judge/profile/compare.ts';
import { MACHINE, latency } from '../predict/cases.ts';

/** A profile whose kernels took these µs in each of its runs. */
function profile(series: Readonly<Record<string, readonly number[]>>, threads = MACHINE.threads): Profile {
  const names = Object.keys(series);
  const kernels = names.map((name): Kernel => ({
    name: `${name} kernel`,
    op: 'Conv',
    provider: 'cpu',
    timeMs: 1,
    startMs: 0,
    sources: [name],
    layer: name,
    inputShapes: [],
    outputShapes: [],
    activationBytes: 0,
    parameterBytes: 0,
  }));
  const runs = series[names[0]!]!.map((_, at): RecordedRun => {
    const times = names.map((name) => series[name]![at]!);
    return {
      use: 'counted',
      wallUs: null,
      runUs: 1,
      executeUs: null,
      kernels: names.map((__, place) => place),
      startsUs: times,
      durationsUs: times,
      ownUs: times,
    };
  });
  return {
    machine: { ...MACHINE, threads },
    batch: 1,
    dims: {},
    latency: latency(1),
    profiled: { runs: runs.length, p50Ms: 1 },
    layers: names.map((name) => ({
      name,
      op: 'Conv',
      timeMs: 1,
      share: 1,
      kernels: [],
      macs: 1,
      gmacsPerSecond: null,
    })),
    kernels,
    runs,
    unattributedMs: 0,
    memory: { peakBytes: 0, sessionBytes: 0, samples: [] },
    trace: null,
    notes: [],
  };
}

it('says faster or slower only where the noise bands do not touch', () => {
  const steady = [10, 10, 10, 11, 11, 11];
  const a = profile({ same: steady, better: [20, 21, 22, 23, 24, 25], worse: steady, gone: steady });
  const b = profile({
    same: [9, 9, 10, 11, 12, 13],
    better: [5, 5, 5, 6, 6, 6],
    worse: [30, 30, 30, 31, 31, 31],
    new: steady,
  });
  const { layers, kernels, notes } = compareProfiles(a, b);
  const told = Object.fromEntries(layers.map(({ name, difference }) => [name, difference]));
  expect(told).toEqual({
    same: 'cannot tell',
    better: 'faster',
    worse: 'slower',
    gone: 'only in one',
    new: 'only in one',
  });
  const worse = layers.find(({ name }) => name === 'worse')!;
  expect(layers[0]).toBe(worse); // 20 µs: the largest change
  expect(worse.changeMs).toBeCloseTo(0.02);
  expect(worse.ratio).toBeCloseTo(30.5 / 10.5);
  expect(layers.find(({ name }) => name === 'gone')!.changeMs).toBeCloseTo(-0.0105);
  expect(kernels.map(({ name }) => name)).toContain('better kernel');
  expect(notes).toEqual([]);
});

it('tells what was not the same', () => {
  const times = { a: [1, 2, 3] };
  expect(compareProfiles(profile(times, 1), profile(times, 2)).notes).toEqual(['Not the same threads: 1 and 2.']);
  expect(compareProfiles(profile(times), profile(times)).layers[0]!.difference).toBe('cannot tell');
});
