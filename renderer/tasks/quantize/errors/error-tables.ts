/** The error table of a trial as heat maps: by layer, by channel, by sample. */
import type { ErrorLayer, ErrorTable } from '../../../../main/contract/results.ts';
import { heatTable, type HeatColumn, type HeatRow, type HeatTable } from '../../../viz/heat/heat-table.ts';
import { ANGLE, DECIBELS, SQUARED } from './error-scales.ts';

interface LayerColumn extends HeatColumn {
  readonly value: (layer: ErrorLayer) => number | null;
}

const ALONE = 'This layer alone';
const TOGETHER = 'Whole model';

const LAYER_COLUMNS: readonly LayerColumn[] = [
  {
    key: 'weights',
    title: 'Weights',
    short: 'Weights',
    group: ALONE,
    help: 'Signal to noise at the layer’s output when only its weights are quantized.',
    scale: DECIBELS,
    value: ({ weightSqnrDb }) => weightSqnrDb,
  },
  {
    key: 'activations',
    title: 'Activations',
    short: 'Activations',
    group: ALONE,
    help: 'Signal to noise at the layer’s output when only what comes in and what goes out is quantized.',
    scale: DECIBELS,
    value: ({ activationSqnrDb }) => activationSqnrDb,
  },
  {
    key: 'local',
    title: 'Local',
    short: 'Local',
    group: ALONE,
    help: 'Signal to noise at the layer’s output when it is quantized and everything before it is float. Low: this layer itself suffers.',
    scale: DECIBELS,
    value: ({ localSqnrDb }) => localSqnrDb,
  },
  {
    key: 'accumulated',
    title: 'Accumulated',
    short: 'Accumulated',
    group: TOGETHER,
    help: 'Signal to noise at the layer’s output in the whole quantized model, errors of the layers before included.',
    scale: DECIBELS,
    value: ({ sqnrDb }) => sqnrDb,
  },
  {
    key: 'cosine',
    title: '1 − cosine',
    short: '1 − cosine',
    group: TOGETHER,
    help: 'One minus the cosine between the float and the quantized output; 0 is equal.',
    scale: ANGLE,
    value: ({ cosine }) => Math.max(0, 1 - cosine),
  },
  {
    key: 'mse',
    title: 'MSE',
    short: 'MSE',
    group: TOGETHER,
    help: 'Mean squared difference between the float and the quantized output.',
    scale: SQUARED,
    value: ({ mse }) => mse,
  },
];

/** Layers × weights, activations, local and accumulated error. */
export function byLayer({ layers }: ErrorTable): HeatTable {
  return heatTable({
    rows: layers.map(rowOf),
    columns: LAYER_COLUMNS,
    value: (row, column) => LAYER_COLUMNS[column]!.value(layers[row]!),
  });
}

/** Layers × channels of their outputs; layers without channels are left out. */
export function byChannel({ layers }: ErrorTable): HeatTable {
  const shown = layers.filter(({ channels }) => channels.length > 0);
  const count = shown.reduce((most, { channels }) => Math.max(most, channels.length), 0);
  return heatTable({
    rows: shown.map((layer) => ({ ...rowOf(layer), note: `${layer.op} ${layer.channels.length} channels` })),
    columns: Array.from({ length: count }, (_, at) => ({
      key: `c${at}`,
      title: `channel ${at}`,
      short: String(at),
      help: 'Accumulated signal to noise of this channel of each layer’s output.',
      scale: DECIBELS,
    })),
    value: (row, column) => shown[row]!.channels[column],
  });
}

/** Tensors × samples: which input breaks which layer. */
export function bySample({ layers, perRun, samples }: ErrorTable): HeatTable {
  const count = layers[0]?.runs.length ?? 0;
  return heatTable({
    rows: layers.map(rowOf),
    columns: Array.from({ length: count }, (_, at) => ({
      key: `s${at}`,
      title: samplesOf(at, perRun, samples),
      short: String(at * perRun),
      help: 'Accumulated signal to noise of each layer’s output on this sample.',
      scale: DECIBELS,
    })),
    columnsMove: true,
    value: (row, column) => layers[row]!.runs[column],
  });
}

/** "sample 5", or "samples 8–11" of a model whose batch is fixed. */
export function samplesOf(run: number, perRun: number, samples: number): string {
  if (perRun === 1) return `sample ${run}`;
  return `samples ${run * perRun}–${Math.min(samples, (run + 1) * perRun) - 1}`;
}

function rowOf({ name, op, tensor }: ErrorLayer): HeatRow {
  return { key: name, label: name, note: `${op} ${tensor}` };
}
