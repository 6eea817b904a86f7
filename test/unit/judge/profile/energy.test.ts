import { describe, expect, it } from 'vitest';
import type { Kernel } from '../../../../main/contract/results.ts';
import { ENERGY_CONSTANTS, estimateEnergy, footprint } from '../../../../main/judge/profile/energy.ts';

const kernel = (name: string, type: string): Kernel => ({
  name,
  op: 'Conv',
  provider: 'cpu',
  timeMs: 1,
  startMs: 0,
  sources: [name],
  inputShapes: [`${type} [1]`],
  outputShapes: [`${type} [1]`],
  activationBytes: 2_000_000,
  parameterBytes: 1_000_000,
});
const layer = (name: string) => ({
  name,
  op: 'Conv',
  timeMs: 1,
  share: 1,
  kernels: [name],
  macs: 10_000_000,
  gmacsPerSecond: null,
});

describe('estimateEnergy', () => {
  it('reckons arithmetic by precision, and bytes by where they come from', () => {
    const profile = {
      kernels: [kernel('a', 'float'), kernel('b', 'uint8')],
      layers: [layer('a'), layer('b')],
      batch: 1,
    };
    const { arithmeticJoules, activationJoules, weightJoules, joules } = estimateEnergy(profile);
    expect(arithmeticJoules).toBeCloseTo(49e-6, 12); // 10^7 · (4.6 + 0.3) pJ
    expect(activationJoules).toBeCloseTo(50e-6, 12); // 4 · 10^6 · 12.5 pJ
    expect(weightJoules).toBeCloseTo(325e-6, 12); // 2 · 10^6 · 162.5 pJ
    expect(joules).toBeCloseTo(424e-6, 12);
  });

  it('is of one sample of a batch', () => {
    const profile = { kernels: [kernel('a', 'float')], layers: [layer('a')], batch: 4 };
    expect(estimateEnergy(profile).joules).toBeCloseTo(estimateEnergy({ ...profile, batch: 1 }).joules / 4, 12);
  });

  it('counts grams for the grid and the number of inferences', () => {
    const { wattHours, grams } = footprint(1, ENERGY_CONSTANTS);
    expect(wattHours).toBeCloseTo(277.78, 2);
    expect(grams).toBeCloseTo(133.33, 2);
  });
});
