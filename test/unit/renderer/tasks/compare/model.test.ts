import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../../../../main/contract/studio.ts';
import {
  changeStrength,
  compareRows,
  countStatuses,
  filterCompareRows,
  formatCompared,
  largestDelta,
  verdictOf,
} from '../../../../../renderer/tasks/compare/model.ts';

type Layer = Comparison['layers'][number];

const layer = (name: string, status: Layer['status'], more: Partial<Layer> = {}): Layer => ({
  name,
  status,
  opA: 'Conv',
  opB: 'Conv',
  timeAMs: 2,
  timeBMs: 1,
  parametersA: 10,
  parametersB: 10,
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

describe('verdictOf', () => {
  it('knows which way is better', () => {
    expect(verdictOf({ metric: 'Latency p50', a: 2, b: 1 })).toBe('better');
    expect(verdictOf({ metric: 'top1', a: 0.9, b: 0.8 })).toBe('worse');
    expect(verdictOf({ metric: 'File size', a: 100, b: 100.1 })).toBe('same');
    expect(verdictOf({ metric: 'Layers', a: 1, b: 2 })).toBe('unknown');
    expect(verdictOf({ metric: 'top1', a: null, b: 0.8 })).toBe('unknown');
  });
});

describe('changeStrength', () => {
  it('is signed and full at the largest change', () => {
    expect([-2, 0, 1, 2].map((delta) => changeStrength(delta, 2))).toEqual([-1, 0, 0.5, 1]);
    expect(changeStrength(1, 0)).toBe(0);
  });
});

describe('formatCompared', () => {
  it('writes shares as per cent and bytes as bytes', () => {
    expect(formatCompared('top1', 0.944, '')).toBe('94.4 %');
    expect(formatCompared('File size', 1536, 'B')).toBe('1.5 KiB');
    expect(formatCompared('Layers', 1234, '')).toBe('1,234');
    expect(formatCompared('SQNR', null, 'dB')).toBe('–');
  });
});
