import { expect, test } from 'vitest';
import { exitCodeOf } from '../../../main/cli/exit-codes.ts';
import { table, typeText } from '../../../main/cli/text.ts';
import { ERROR_CODES } from '../../../main/base/errors.ts';

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
