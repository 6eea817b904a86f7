import { describe, expect, it } from 'vitest';
import { compareCells, gridText, matchesWords } from '../../../../../renderer/widgets/grid/grid-column.ts';
import type { GridColumn } from '../../../../../renderer/widgets/grid/grid-column.ts';
import { nextSort } from '../../../../../renderer/widgets/grid/use-grid.ts';

interface Row {
  readonly name: string;
  readonly ms: number | null;
}

const COLUMNS: readonly GridColumn<Row>[] = [
  { key: 'mark', title: 'Mark', width: '20px', render: () => '●' },
  { key: 'name', title: 'Layer', width: '1fr', render: (row) => row.name, value: (row) => row.name },
  {
    key: 'ms',
    title: 'Time',
    width: '80px',
    align: 'right',
    unit: 'ms',
    render: (row) => row.ms,
    value: (row) => row.ms,
  },
];

describe('a grid', () => {
  it('compares text as people count, numbers as numbers', () => {
    expect(['conv10', 'conv2'].sort(compareCells)).toEqual(['conv2', 'conv10']);
    expect([10, 9].sort(compareCells)).toEqual([9, 10]);
  });

  it('writes CSV with quoted names, plain numbers, units in the headings, and no column without a value', () => {
    const rows = [
      { name: 'c,"d"', ms: 1.5 },
      { name: 'e', ms: null },
    ];
    expect(gridText(COLUMNS, rows)).toBe('Layer,Time [ms]\r\n"c,""d""",1.5\r\ne,\r\n');
    expect(gridText(COLUMNS, rows, '\t').split('\r\n')[0]).toBe('Layer\tTime [ms]');
  });

  it('finds rows that hold every word, whatever the case', () => {
    const test = matchesWords(COLUMNS, 'CONV 1.5');
    expect(test({ name: 'conv1', ms: 1.5 })).toBe(true);
    expect(test({ name: 'conv1', ms: 2 })).toBe(false);
  });

  it('begins with the greatest for numbers, with A for texts, and ends at the third click', () => {
    const [, name, ms] = COLUMNS;
    const first = nextSort(null, 'ms', ms);
    const second = nextSort(first, 'ms', ms);
    expect([first, second, nextSort(second, 'ms', ms)]).toEqual([
      { key: 'ms', descending: true },
      { key: 'ms', descending: false },
      null,
    ]);
    expect(nextSort(first, 'name', name)).toEqual({ key: 'name', descending: false });
  });
});
