import { describe, expect, it } from 'vitest';
import type { ErrorTable } from '../../../../../main/contract/results.ts';
import {
  buildHeatmap,
  cellText,
  channelStrip,
  moveCell,
  worstLayers,
} from '../../../../../renderer/tasks/quantize/heatmap.ts';

const ERRORS: ErrorTable = {
  samples: 32,
  notes: [],
  layers: [
    {
      name: 'a',
      op: 'Conv',
      tensor: 'ta',
      localSqnrDb: 40,
      sqnrDb: 40,
      cosine: 0.99999,
      mse: 1e-6,
      channels: [40, 30],
    },
    { name: 'b', op: 'Conv', tensor: 'tb', localSqnrDb: null, sqnrDb: 20, cosine: 0.99, mse: 1e-2, channels: [] },
    {
      name: 'c',
      op: 'Gemm',
      tensor: 'tc',
      localSqnrDb: 30,
      sqnrDb: 30,
      cosine: 0.999,
      mse: 1e-4,
      channels: [20, 35, 30],
    },
  ],
};

describe('buildHeatmap', () => {
  it('gives the best of each column 0, the worst 1 and what was not measured null', () => {
    const { cells, columns } = buildHeatmap(ERRORS);
    expect(columns.map((column) => column.metric)).toEqual(['localSqnrDb', 'sqnrDb', 'cosine', 'mse']);
    expect(cells[0]).toEqual([0, 0, 0, 0]);
    expect(cells[1]).toEqual([null, 1, 1, 1]);
    expect(cells[2]!.map((cell) => cell?.toFixed(2))).toEqual(['1.00', '0.50', '0.67', '0.50']);
  });

  it('writes each number in the way of its metric', () => {
    const [a, b] = ERRORS.layers;
    expect(cellText(a!, 'cosine')).toBe('1.0000');
    expect(cellText(b!, 'localSqnrDb')).toBe('–');
    expect(cellText(b!, 'mse')).toBe('1.0e−2');
    expect(cellText(b!, 'sqnrDb')).toBe('20 dB');
  });

  it('ranks the worst layers first', () => {
    expect(worstLayers(ERRORS, 'sqnrDb', 2).map((layer) => layer.name)).toEqual(['b', 'c']);
    expect(worstLayers(ERRORS, 'localSqnrDb', 9).map((layer) => layer.name)).toEqual(['c', 'a']);
  });
});

describe('moveCell', () => {
  const size = { rows: 3, columns: 4 };

  it('moves by arrows and stops at the edges', () => {
    expect(moveCell({ row: 1, column: 1 }, 'ArrowDown', size)).toEqual({ row: 2, column: 1 });
    expect(moveCell({ row: 2, column: 1 }, 'ArrowDown', size)).toEqual({ row: 2, column: 1 });
    expect(moveCell({ row: 0, column: 0 }, 'ArrowLeft', size)).toEqual({ row: 0, column: 0 });
    expect(moveCell({ row: 0, column: 2 }, 'End', size)).toEqual({ row: 2, column: 2 });
  });

  it('leaves other keys to others', () => {
    expect(moveCell({ row: 0, column: 0 }, 'x', size)).toBeNull();
  });
});

describe('channelStrip', () => {
  it('colours channels on the range of all layers’ channels', () => {
    expect(channelStrip(ERRORS, 'c').map((channel) => channel.badness)).toEqual([1, 0.25, 0.5]);
  });

  it('takes everything above 60 dB as untouched, so that a constant channel does not flatten the others', () => {
    const [first] = ERRORS.layers;
    const errors = { ...ERRORS, layers: [{ ...first!, channels: [Infinity, 30, 0, 120] }] };
    expect(channelStrip(errors, 'a').map((channel) => channel.badness)).toEqual([0, 0.5, 1, 0]);
  });

  it('is empty for a layer without channels', () => {
    expect(channelStrip(ERRORS, 'b')).toEqual([]);
    expect(channelStrip(ERRORS, 'nobody')).toEqual([]);
  });
});
