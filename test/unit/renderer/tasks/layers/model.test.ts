import { describe, expect, it } from 'vitest';
import { COLUMNS, nextSort, sortLayers, toCsv, totals } from '../../../../../renderer/tasks/layers/model.ts';
import { layerCase } from '../../state/layer-cases.ts';

const LAYERS = [
  layerCase({ index: 0, name: 'b', timeMs: 1, macs: 10, parameters: 2 }),
  layerCase({ index: 1, name: 'a', timeMs: null, macs: 30 }),
  layerCase({ index: 2, name: 'c,"d"', timeMs: 3 }),
];
const names = (column: string, descending: boolean): readonly string[] =>
  sortLayers(LAYERS, { column, descending }).map((layer) => layer.name);

describe('the layers table', () => {
  it('sorts by any column, what has no value last either way', () => {
    expect(names('time', true)).toEqual(['c,"d"', 'b', 'a']);
    expect(names('time', false)).toEqual(['b', 'c,"d"', 'a']);
    expect(names('name', false)).toEqual(['a', 'b', 'c,"d"']);
  });

  it('begins with the greatest for numbers, with A for texts, and ends at the third click', () => {
    const time = COLUMNS.find((column) => column.id === 'time')!;
    const first = nextSort({ column: 'index', descending: false }, time);
    const second = nextSort(first, time);
    expect([first, second, nextSort(second, time)]).toEqual([
      { column: 'time', descending: true },
      { column: 'time', descending: false },
      { column: 'index', descending: false },
    ]);
  });

  it('writes CSV with quoted names, plain numbers, and units in the headings', () => {
    const [head, , , last] = toCsv(LAYERS).split('\r\n');
    expect(head).toContain('time [ms]');
    expect(last).toMatch(/^3,"c,""d""",Conv,/);
  });

  it('adds up what is listed', () => {
    expect(totals(LAYERS)).toEqual({ params: 2, macs: 40, timeMs: 4 });
  });
});
