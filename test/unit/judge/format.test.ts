import { expect, it } from 'vitest';
import {
  formatBytes,
  formatCompact,
  formatDuration,
  formatMetric,
  formatMs,
  formatNumber,
  formatPercent,
  formatShape,
} from '../../../main/judge/format.ts';

it.each([
  [12_345, '12,300'],
  [0.012_34, '0.0123'],
  [-2.5, '−2.5'],
  [0, '0'],
  [1.234e-7, '1.23e−7'],
  [Number.POSITIVE_INFINITY, '∞'],
  [Number.NaN, 'NaN'],
])('writes %s in three digits: %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

it.each([
  [0.000_12, '120 ns'],
  [0.0123, '12.3 µs'],
  [4.567, '4.57 ms'],
  [2345, '2.35 s'],
  [200_000, '3 min 20 s'],
])('writes %s ms as %s', (ms, text) => {
  expect(formatMs(ms)).toBe(text);
});

it.each([
  [512, '512 B'],
  [1536, '1.5 KiB'],
  [13_980_000, '13.3 MiB'],
])('writes %s bytes as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it('goes on to the next unit where rounding would get there', () => {
  expect(formatCompact(999_900)).toBe('1 M');
  expect(formatCompact(999_000)).toBe('999 K');
  expect(formatCompact(12)).toBe('12');
});

it('writes shares, durations, shapes and metrics with their units', () => {
  expect(formatPercent(0.1234)).toBe('12.3 %');
  expect(formatDuration(59_600)).toBe('1 min 0 s');
  expect(formatShape([1, 'N', null])).toBe('1×N×?');
  expect(formatShape([])).toBe('scalar');
  expect(formatShape(null)).toBe('?');
  expect(formatMetric(2_500_000, 'MACs')).toBe('2.5 M MACs');
});
