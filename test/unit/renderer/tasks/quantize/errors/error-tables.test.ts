import { expect, it } from 'vitest';
import type { ErrorTable } from '../../../../../../main/contract/results.ts';
import {
  byChannel,
  byLayer,
  bySample,
  samplesOf,
} from '../../../../../../renderer/tasks/quantize/errors/error-tables.ts';
import { heatText, heatValue } from '../../../../../../renderer/viz/heat/heat-table.ts';

const errors: ErrorTable = {
  samples: 3,
  perRun: 2,
  samplesAlone: 3,
  datasetId: null,
  notes: [],
  layers: [
    {
      name: 'conv',
      op: 'Conv',
      tensor: 'h',
      localSqnrDb: 32,
      weightSqnrDb: 43.7,
      activationSqnrDb: 32.3,
      sqnrDb: 30,
      cosine: 0.9995,
      mse: 1.64e-4,
      channels: [28, 313],
      runs: [31, 29],
    },
    {
      name: 'relu',
      op: 'Relu',
      tensor: 'r',
      localSqnrDb: null,
      weightSqnrDb: null,
      activationSqnrDb: null,
      sqnrDb: 33,
      cosine: 1.0000001,
      mse: 0,
      channels: [],
      runs: [34, 32],
    },
  ],
};

it('layers stand by what they lose alone, in parts, and in the whole model', () => {
  const table = byLayer(errors);
  const texts = table.columns.map((_, column) => heatText(table, { row: 0, column }));
  expect(texts.map(Number.parseFloat)).toEqual([43.7, 32.3, 32, 30, 5, 1.6]);
  expect(heatValue(table, { row: 0, column: 4 })).toBeCloseTo(5e-4, 10);
  // Rounding makes a cosine larger than one.
  expect(heatValue(table, { row: 1, column: 4 })).toBe(0);
  expect(heatValue(table, { row: 1, column: 0 })).toBeNull();
});

it('channels stand side by side, and layers without channels are left out', () => {
  const table = byChannel(errors);
  expect(table.rows.map(({ key }) => key)).toEqual(['conv']);
  expect([...table.values]).toEqual([28, 313]);
});

it('runs stand side by side and may be moved; they are named by their samples', () => {
  const table = bySample(errors);
  expect(table.columnsMove).toBe(true);
  expect([...table.values]).toEqual([31, 29, 34, 32]);
  expect(table.columns.map(({ title }) => title)).toEqual(['samples 0–1', 'samples 2–2']);
  expect(samplesOf(5, 1, 32)).toBe('sample 5');
});
