import { describe, expect, it } from 'vitest';
import { clusterOrder } from '../../../../../renderer/viz/heat/cluster.ts';
import { layoutHeat, movePlace, placeAt, scrollTo } from '../../../../../renderer/viz/heat/heat-layout.ts';
import { heatLegend } from '../../../../../renderer/viz/heat/heat-legend.ts';
import { orderHeat } from '../../../../../renderer/viz/heat/heat-order.ts';
import { svgOf } from '../../../../../renderer/viz/heat/heat-paint.ts';
import { placeScales } from '../../../../../renderer/viz/heat/heat-scale.ts';
import { endOf, heatScene } from '../../../../../renderer/viz/heat/heat-scene.ts';
import {
  heatCsv,
  heatTable,
  heatText,
  heatWords,
  type HeatScale,
} from '../../../../../renderer/viz/heat/heat-table.ts';

const DB: HeatScale = {
  id: 'db',
  title: 'SQNR',
  unit: 'dB',
  worst: 'low',
  kind: 'linear',
  mayBeLog: false,
  bestAt: 60,
  format: (value) => `${value} dB`,
};
const KL: HeatScale = { ...DB, id: 'kl', title: 'KL', unit: '', worst: 'high', kind: 'log', mayBeLog: true, bestAt: 0 };

const NUMBERS = [
  [30, 20, 0.1],
  [40, null, 0.001],
  [300, 10, 10],
];
const table = heatTable({
  rows: ['stem/conv', 'block/conv', 'head, last'].map((label) => ({ key: label, label, note: 'Conv' })),
  columns: [
    { key: 'local', title: 'Local', short: 'Local', scale: DB },
    { key: 'all', title: 'Accumulated', short: 'Accum.', scale: DB },
    { key: 'kl', title: 'KL', short: 'KL', scale: KL },
  ],
  value: (row, column) => NUMBERS[row]![column],
});
const shared = placeScales(table, {}, { perColumn: false });
const measure = (text: string): number => text.length * 6;

describe('placeScales', () => {
  it('stands the least decibels at the worst end, and everything above 60 dB at the best', () => {
    expect(shared[0]).toBe(shared[1]);
    expect([10, 35, 60, 300].map((value) => shared[0]!.place(value))).toEqual([1, 0.5, 0, 0]);
    expect(shared[0]!.valueAt(1)).toBe(10);
  });

  it('spreads what grows by powers logarithmically, worst at the top', () => {
    expect([0.001, 0.1, 10, 0].map((value) => shared[2]!.place(value))).toEqual([0, 0.5, 1, 0]);
    expect(shared[2]!.place(Infinity)).toBe(1);
  });

  it('gives each column its own where that is asked for, and takes what was set', () => {
    const own = placeScales(table, { all: { min: 0, max: 20, kind: null } }, { perColumn: true });
    expect(own[0]!.place(30)).toBe(1);
    expect([own[1]!.place(10), own[1]!.place(20), own[1]!.place(-5)]).toEqual([0.5, 0, 1]);
    const linear = placeScales(table, { kl: { min: 0, max: null, kind: 'linear' } }, { perColumn: false });
    expect(linear[2]!.place(5)).toBe(0.5);
  });
});

describe('orderHeat', () => {
  const rowsBy = (column: string, worstFirst: boolean): readonly number[] =>
    orderHeat(table, shared, { order: { by: 'column', column, worstFirst }, search: '' }).rows;

  it('sorts the worst first whichever end that is, and rows without a number last', () => {
    expect(rowsBy('local', true)).toEqual([0, 1, 2]);
    expect(rowsBy('all', true)).toEqual([2, 0, 1]);
    expect(rowsBy('all', false)).toEqual([0, 2, 1]);
    expect(rowsBy('kl', true)).toEqual([2, 0, 1]);
  });

  it('keeps the rows that hold every word', () => {
    expect(orderHeat(table, shared, { order: { by: 'own' }, search: 'conv BLOCK' }).rows).toEqual([1]);
  });
});

describe('clusterOrder', () => {
  it('puts alike rows side by side, those with the larger numbers first', () => {
    const values = Float64Array.from([0, 0, 0.9, 1, 0.1, 0, 1, 1, 0.4, 0.5]);
    expect(clusterOrder(values, 5).slice(0, 2).toSorted()).toEqual([1, 3]);
    expect(clusterOrder(values, 5).slice(3).toSorted()).toEqual([0, 2]);
  });

  it('is a permutation of any rows, ties and missing numbers among them', () => {
    const values = Float64Array.from({ length: 120 }, (_, at) => (at % 7 === 0 ? Number.NaN : (at % 5) / 4));
    expect(clusterOrder(values, 40).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, at) => at));
  });
});

describe('layout', () => {
  const counts = { rows: 3, columns: 3 };
  const layout = layoutHeat(table, counts, { width: 400, measure });

  it('gives names what they need and shares the rest', () => {
    expect(layout.nameWidth + 3 * layout.columnWidth).toBe(400);
    expect(layout.columnWidth).toBe(103);
    const many = layoutHeat(table, { rows: 3, columns: 1000 }, { width: 400, measure });
    expect(many.columnWidth).toBe(5);
    expect(many.fullWidth).toBeGreaterThan(5000);
  });

  it('finds cells, names and heads under a point, scrolled or not', () => {
    const at = (x: number, y: number, top = 0) => placeAt(layout, counts, { x, y, scroll: { left: 0, top } });
    expect(at(10, layout.headerHeight + 21)).toEqual({ row: 1, column: -1 });
    expect(at(layout.nameWidth + 104, 3)).toEqual({ row: -1, column: 1 });
    expect(at(399, layout.headerHeight + 1, 20)).toEqual({ row: 1, column: 2 });
    expect(at(10, layout.headerHeight + 61)).toBeNull();
    expect(at(3, 3)).toBeNull();
  });

  it('moves by keys within the shown cells, and scrolls no more than is needed', () => {
    expect(movePlace({ row: 0, column: 0 }, 'ArrowUp', counts)).toEqual({ row: 0, column: 0 });
    expect(movePlace({ row: 0, column: 0 }, 'End', counts)).toEqual({ row: 2, column: 0 });
    expect(movePlace({ row: 0, column: 2 }, 'ArrowRight', counts)).toEqual({ row: 0, column: 2 });
    expect(movePlace({ row: 0, column: 0 }, 'a', counts)).toBeNull();
    const view = { width: 400, height: layout.headerHeight + 40, scroll: { left: 0, top: 0 } };
    expect(scrollTo(layout, { row: 2, column: 0 }, view)).toEqual({ left: 0, top: 20 });
    expect(scrollTo(layout, { row: 1, column: 0 }, view)).toEqual({ left: 0, top: 0 });
  });
});

describe('texts', () => {
  it('of cells and files', () => {
    expect(heatText(table, { row: 1, column: 1 })).toBe('');
    expect(heatWords(table, { row: 0, column: 1 })).toBe('stem/conv · Accumulated: 20 dB');
    expect(heatWords(table, { row: 1, column: 1 })).toBe('block/conv · Accumulated: not measured');
    expect(heatCsv(table, { rows: [2, 1], columns: [1] })).toBe(
      'Row,Accumulated [dB]\r\n"head, last",10\r\nblock/conv,\r\n',
    );
  });

  it('keep the end of names that are too long', () => {
    expect(endOf('layer1/conv', 200, measure)).toBe('layer1/conv');
    expect(endOf('layer1/conv', 36, measure)).toBe('…/conv');
  });
});

describe('heatScene', () => {
  const counts = { rows: 3, columns: 3 };
  const layout = layoutHeat(table, counts, { width: 400, measure });
  const colors = {
    text: '#000',
    muted: '#666',
    panel: '#fff',
    raised: '#eee',
    border: '#ccc',
    selection: '#f00',
    map: (t: number) => `rgb(${Math.round(t * 255)}, 0, 0)`,
  };
  const order = { rows: [0, 1, 2], columns: [0, 1, 2] };
  const picture = { table, scales: shared, order, layout, colors, measure, width: 400, scroll: { left: 0, top: 0 } };

  it('draws the visible cells, each with its number, colours by badness', () => {
    const marks = heatScene({ ...picture, height: 400 });
    const texts = marks.flatMap((mark) => (mark.kind === 'text' ? [mark.text] : []));
    expect(texts).toEqual(expect.arrayContaining(['stem/conv', '30', '20', 'Local', 'KL']));
    const worst = marks.filter((mark) => mark.kind === 'rect' && mark.fill === 'rgb(255, 0, 0)');
    expect(worst).toHaveLength(2);
  });

  it.each([
    // "3.4e−11" is 42 wide, "3e−11" 30, "0.0017" 36, "2e−3" 24
    [3.42e-11, 60, '3.4e−11'],
    [3.42e-11, 53, '3.4e−11'],
    [3.42e-11, 52, '3e−11'],
    [3.42e-11, 41, '3e−11'],
    [3.42e-11, 40, undefined],
    [0.0017, 47, '0.0017'],
    [0.0017, 46, '2e−3'],
    [0.0017, 34, undefined],
  ] as const)(
    'writes %d as fits a cell that is %d wide, and always keeps from its edges',
    (value, columnWidth, fits) => {
      const format = (one: number): string => (one < 0.001 ? one.toExponential(1).replace('-', '−') : String(one));
      const columns = [{ key: 'kl', title: 'KL', short: 'KL', scale: { ...KL, format } }];
      const rows = [{ key: 'a', label: 'a', note: '' }];
      const small = heatTable({ rows, columns, value: () => value });
      const narrow = { ...layout, columnWidth, nameWidth: 90 };
      const scales = placeScales(small, {}, { perColumn: false });
      const one = { rows: [0], columns: [0] };
      const marks = heatScene({ ...picture, table: small, scales, order: one, layout: narrow, height: 400 });
      const text = marks.find((mark) => mark.kind === 'text' && /\d/u.test(mark.text));
      expect(text?.kind === 'text' ? text.text : undefined).toBe(fits);
    },
  );

  it('leaves out rows that are scrolled away, outlines what is marked, escapes names in files', () => {
    const few = heatScene({ ...picture, height: layout.headerHeight + 10, scroll: { left: 0, top: 40 } });
    expect(few.some((mark) => mark.kind === 'text' && mark.text === 'stem/conv')).toBe(false);
    const marked = heatScene({ ...picture, height: 400, marked: ({ row }) => row === 1 });
    expect(marked.filter(({ kind }) => kind === 'frame')).toHaveLength(3);
    const svg = svgOf([{ kind: 'text', x: 1, y: 2, text: 'a<b&c', fill: '#000', align: 'left', bold: false }], {
      width: 9,
      height: 9,
      background: '#fff',
    });
    expect(svg).toContain('>a&lt;b&amp;c</text>');
  });
});

describe('heatLegend', () => {
  const colors = { text: '#000', muted: '#777', map: (place: number) => `rgb(${Math.round(place * 100)})` };
  const words = (scales: Parameters<typeof heatLegend>[0]['scales']): { texts: readonly string[]; height: number } => {
    const { marks, height } = heatLegend({ table, scales, colors, measure, top: 100 });
    return { texts: marks.flatMap((mark) => (mark.kind === 'text' ? [mark.text] : [])), height };
  };

  it('tells the best and the worst of each scale, the colours between them from the best to the worst', () => {
    const { texts, height } = words(shared);
    expect(texts.map((text) => text.replace(/\d+\.\d{5,}/u, (number) => Number(number).toPrecision(2)))).toEqual([
      'best 60 dB',
      '10 dB worst',
      'SQNR',
      'best 0.0010 dB',
      '10 dB worst',
      'KL, logarithmic',
    ]);
    expect(height).toBe(48);
    const { marks } = heatLegend({ table, scales: shared, colors, measure, top: 100 });
    const fills = marks.flatMap((mark) => (mark.kind === 'rect' ? [mark.fill] : []));
    expect([fills[0], fills[39]]).toEqual(['rgb(0)', 'rgb(100)']);
  });

  it('says of many scales that each column has its own', () => {
    const wide = heatTable({
      rows: [{ key: 'a', label: 'a' }],
      columns: Array.from({ length: 7 }, (_, at) => ({ key: `c${at}`, title: `c${at}`, short: `${at}`, scale: DB })),
      value: (_, column) => column,
    });
    const scales = placeScales(wide, {}, { perColumn: true });
    const { marks } = heatLegend({ table: wide, scales, colors, measure, top: 0 });
    expect(marks.flatMap((mark) => (mark.kind === 'text' ? [mark.text] : []))).toEqual([
      'best of its column',
      'worst',
      '',
    ]);
  });
});
