import { expect, test } from 'vitest';
import { exitCodeOf } from '../../../main/cli/exit-codes.ts';
import { bytes, count, digits3, milliseconds, percent, table, typeText } from '../../../main/cli/text.ts';
import { ERROR_CODES } from '../../../main/base/errors.ts';

test('numbers have three significant digits', () => {
  expect([0, 0.01234, 1.234, 12.34, 123.4, 1234].map(digits3)).toEqual(['0', '0.0123', '1.23', '12.3', '123', '1234']);
  expect(digits3(Number.NaN)).toBe('NaN');
  expect(digits3(-Infinity)).toBe('−∞');
});

test('counts are decimal, bytes binary', () => {
  expect([999, 1000, 40_551_040].map(count)).toEqual(['999', '1.00 k', '40.6 M']);
  expect([1023, 1024, 14_000_000].map(bytes)).toEqual(['1023 B', '1.00 KiB', '13.4 MiB']);
});

test('short times are told in microseconds', () => {
  expect([0.0456, 0.1, 12.3].map(milliseconds)).toEqual(['45.6 µs', '0.100 ms', '12.3 ms']);
  expect(percent(0.1234)).toBe('12.3 %');
});

test('types name symbolic and unknown dimensions', () => {
  expect(typeText('float32', ['batch', 3, null])).toBe('float32[batch, 3, ?]');
  expect(typeText(null, null)).toBe('?');
});

test('a table is as wide as its widest cells', () => {
  const columns = [
    { title: 'name', cell: (row: readonly [string, number]) => row[0] },
    { title: 'n', align: 'right' as const, cell: (row: readonly [string, number]) => String(row[1]) },
  ];
  expect(
    table(columns, [
      ['a', 1],
      ['longer', 100],
    ]),
  ).toBe('name      n\na         1\nlonger  100');
});

test('every error has one of the documented exit codes, bugs alone have 1', () => {
  const codes = new Map(ERROR_CODES.map((code) => [code, exitCodeOf(code)]));
  expect([...codes].filter(([, code]) => code === 1).map(([name]) => name)).toEqual(['INTERNAL']);
  expect(codes.get('USAGE')).toBe(2);
  expect(codes.get('NOT_ONNX')).toBe(3);
  expect(codes.get('EXTERNAL_DATA_OUTSIDE')).toBe(3);
  expect(codes.get('RUNTIME_DIED')).toBe(4);
  expect(codes.get('CANCELLED')).toBe(5);
});
