/** What single layers cost under schemes and bits, as heat maps. */
import { LAYER_WAYS, type LayerTrials, type LayerWay, type Tried } from '../../../../main/contract/layer-trials.ts';
import { heatTable, type HeatTable } from '../../../viz/heat/heat-table.ts';
import { DIVERGENCE, OUTPUT_ERROR, OUTPUT_DECIBELS } from './error-scales.ts';

/** Which number of a cell is shown. */
export type CellNumber = 'loss' | 'sqnrDb';

/** Layers × ways to quantize them, each layer alone. */
export function byWay(trials: LayerTrials, number: CellNumber): HeatTable {
  const ways = LAYER_WAYS[trials.tried];
  const scale = number === 'sqnrDb' ? OUTPUT_DECIBELS : trials.measure === 'divergence' ? DIVERGENCE : OUTPUT_ERROR;
  return heatTable({
    rows: trials.rows.map(({ layer, op }) => ({ key: layer, label: layer, note: op })),
    columns: ways.map(({ key, group, title, help }) => ({ key, group, title, short: title, help, scale })),
    value: (row, column) => {
      const cell = trials.rows[row]!.cells[column];
      if (cell === null || cell === undefined) return null;
      // NaN of the outputs is worse than any number.
      return number === 'loss' ? (cell.loss ?? Infinity) : (cell.sqnrDb ?? -Infinity);
    },
  });
}

/** The way of a column. */
export function wayAt(tried: Tried, column: number): LayerWay | undefined {
  return LAYER_WAYS[tried][column];
}

/** What the numbers are. */
export function trialWords({ measure, samples, data }: LayerTrials): string {
  const what = measure === 'divergence' ? 'KL divergence of the outputs' : 'error of the outputs over their square';
  return `Each layer alone: ${what}; ${samples} samples of ${data.name}`;
}
