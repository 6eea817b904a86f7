import { describe, expect, it } from 'vitest';
import { somePair } from '../../../../support/measured.ts';
import type { Comparison } from '../../../../../main/contract/studio.ts';
import {
  changeStrength,
  compareRows,
  countStatuses,
  filterCompareRows,
  largestDelta,
  sayCompared,
} from '../../../../../renderer/tasks/compare/model.ts';

type Layer = Comparison['layers'][number];

const layer = (name: string, status: Layer['status'], more: Partial<Layer> = {}): Layer => ({
  name,
  status,
  opA: 'Conv',
  opB: 'Conv',
  precisionA: 'float32',
  precisionB: 'float32',
  timeAMs: 2,
  timeBMs: 1,
  fusedA: null,
  fusedB: null,
  parametersA: 10,
  parametersB: 10,
  parameterBytesA: 40,
  parameterBytesB: 40,
  matchedBy: 'recipe',
  nameB: null,
  othersB: [],
  weights: null,
  changes: [],
  ...more,
});

const COMPARISON: Comparison = {
  a: { id: 'a', name: 'A' },
  b: { id: 'b', name: 'B' },
  metrics: [],
  layers: [
    layer('/conv1', 'changed', { opB: 'QLinearConv', changes: ['weights'] }),
    layer('/conv2', 'same', { timeBMs: 4 }),
    layer('/q', 'added', { opA: null, opB: 'QuantizeLinear', timeAMs: null, parametersA: null }),
  ],
};

describe('compareRows', () => {
  const rows = compareRows(COMPARISON);

  it('gives deltas where both sides have a number', () => {
    expect(rows.map((row) => row.timeDeltaMs)).toEqual([-1, 2, null]);
    expect(rows.map((row) => row.op)).toEqual(['Conv → QLinearConv', 'Conv', '– → QuantizeLinear']);
    expect(largestDelta(rows, 'timeDeltaMs')).toBe(2);
  });

  it('filters by difference, status and words', () => {
    expect(filterCompareRows(rows, 'different', '').map((row) => row.name)).toEqual(['/conv1', '/q']);
    expect(filterCompareRows(rows, 'added', '').map((row) => row.name)).toEqual(['/q']);
    expect(filterCompareRows(rows, 'all', 'conv 2').map((row) => row.name)).toEqual(['/conv2']);
    expect(countStatuses(rows)).toEqual({ same: 1, changed: 1, added: 1, removed: 0 });
  });
});

describe('sayCompared', () => {
  const row = {
    metric: 'Latency p50',
    id: 'latency',
    unit: 'ms',
    a: 2,
    b: 1,
    ratio: 0.5,
    note: null,
    aInterval: null,
    bInterval: null,
    samples: 100,
    paired: somePair(),
    verdict: 'better' as const,
    circumstances: null,
  };

  it('says the verdict in the metric’s own words, with the pair that it rests on', () => {
    expect(sayCompared(row)).toBe('faster: 0.5× [0.45, 0.55]');
    expect(sayCompared({ ...row, verdict: 'cannot-tell', note: 'within the noise' })).toBe(
      'cannot tell: 0.5× [0.45, 0.55] (within the noise)',
    );
  });

  it('says why where nothing is compared, and nothing where nothing is judged', () => {
    const alone = { ...row, paired: null, verdict: null };
    expect(sayCompared({ ...alone, note: 'not measured alike' })).toBe('(not measured alike)');
    expect(sayCompared({ ...alone, id: null })).toBe('');
  });
});

describe('changeStrength', () => {
  it('is signed and full at the largest change', () => {
    expect([-2, 0, 1, 2].map((delta) => changeStrength(delta, 2))).toEqual([-1, 0, 0.5, 1]);
    expect(changeStrength(1, 0)).toBe(0);
  });
});
