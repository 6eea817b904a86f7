import {
  formatBytes,
  formatCompact,
  formatCosine,
  formatCount,
  formatDb,
  formatMs,
  formatNumber,
  formatPercent,
  formatShape,
} from '../../../main/judge/format.ts';
import type { LayerFacts } from '../../state/layer-facts.ts';
import { CATEGORY_COLORS } from '../../viz/operator-colors.ts';
import type { GridColumn } from '../grid/grid-column.ts';
import { LayerName } from '../LayerName.tsx';
import classes from './LayerColumns.module.css';

/** A column of the layers table. */
export type LayerColumn = GridColumn<LayerFacts>;

interface NumberColumn extends Pick<LayerColumn, 'key' | 'title' | 'help' | 'width' | 'unit'> {
  readonly value: (layer: LayerFacts) => number | null;
  readonly format: (value: number) => string;
}

/** A column of numbers: empty where there is none. */
export function numberColumn({ format, ...column }: NumberColumn): LayerColumn {
  return {
    ...column,
    align: 'right',
    render: (layer) => {
      const value = column.value(layer);
      return value === null ? '' : format(value);
    },
  };
}

/** The column, hidden until it is chosen. */
export function optional(column: LayerColumn): LayerColumn {
  return { ...column, optional: true };
}

const nothingForZero = (format: (value: number) => string) => (value: number) => (value === 0 ? '' : format(value));

/** The columns that a task's layers table can be made of; a task adds its own. */
export const LAYER_COLUMNS = {
  index: numberColumn({
    key: 'index',
    title: '#',
    help: 'Place in the model',
    width: '58px',
    value: (layer) => layer.index + 1,
    format: formatCount,
  }),
  name: {
    key: 'name',
    title: 'Layer',
    width: 'minmax(200px, 1fr)',
    render: (layer) => <LayerName name={layer.name} />,
    value: (layer) => layer.name,
  },
  op: {
    key: 'op',
    title: 'Operator',
    width: '150px',
    render: (layer) => (
      <>
        <span className={classes['dot']} style={{ background: CATEGORY_COLORS[layer.category] }} />
        {layer.op}
      </>
    ),
    value: (layer) => layer.op,
  },
  shape: {
    key: 'shape',
    title: 'Output',
    help: 'Shape of the first output',
    width: '122px',
    render: (layer) => formatShape(layer.shape),
    value: (layer) => formatShape(layer.shape),
  },
  precision: {
    key: 'precision',
    title: 'Precision',
    help: 'What the layer computes in, or only its weights are held in',
    width: '98px',
    render: (layer) => layer.dtype ?? '',
    value: (layer) => layer.dtype,
  },
  params: numberColumn({
    key: 'params',
    title: 'Params',
    help: 'Elements in the weights',
    width: '78px',
    value: (layer) => layer.parameters,
    format: nothingForZero(formatCompact),
  }),
  macs: numberColumn({
    key: 'macs',
    title: 'MACs',
    help: 'Multiply–accumulates for one sample',
    width: '78px',
    value: (layer) => layer.macs,
    format: nothingForZero(formatCompact),
  }),
  memory: numberColumn({
    key: 'memory',
    title: 'Memory',
    help: 'Bytes read and written once',
    width: '84px',
    unit: 'bytes',
    value: (layer) => layer.bytes,
    format: formatBytes,
  }),
  time: {
    ...numberColumn({
      key: 'time',
      title: 'Time',
      help: 'Mean over the profiled runs; fused: in the kernel of another layer',
      width: '80px',
      unit: 'ms',
      value: (layer) => layer.timeMs,
      format: formatMs,
    }),
    render: (layer) => (layer.timeMs === null ? '' : layer.folded ? 'fused' : formatMs(layer.timeMs)),
  },
  share: {
    ...numberColumn({
      key: 'share',
      title: '% of time',
      help: 'Share of the profiled time',
      width: '92px',
      unit: 'share',
      value: (layer) => layer.share,
      format: nothingForZero(formatPercent),
    }),
    render: (layer) =>
      layer.share === null || layer.share === 0 ? (
        ''
      ) : (
        <>
          <span className={classes['bar']} style={{ width: `${Math.min(100, layer.share * 100)}%` }} />
          <span className={classes['over']}>{formatPercent(layer.share)}</span>
        </>
      ),
  },
  speed: numberColumn({
    key: 'speed',
    title: 'GMAC/s',
    help: '10⁹ multiply–accumulates a second',
    width: '78px',
    value: (layer) => layer.gmacsPerSecond,
    format: formatNumber,
  }),
  sparsity: numberColumn({
    key: 'sparsity',
    title: 'Sparsity',
    help: 'Zero share of the weights',
    width: '78px',
    unit: 'share',
    value: (layer) => layer.sparsity,
    format: formatPercent,
  }),
  localSqnr: numberColumn({
    key: 'localSqnr',
    title: 'Local SQNR',
    help: 'Signal to quantization noise at the layer’s output when only this layer is quantized. Low: this layer itself suffers.',
    width: '92px',
    unit: 'dB',
    value: (layer) => layer.localSqnrDb,
    format: formatDb,
  }),
  sqnr: numberColumn({
    key: 'sqnr',
    title: 'SQNR',
    help: 'Signal to noise at the layer’s output in the whole quantized model, errors of the layers before included',
    width: '78px',
    unit: 'dB',
    value: (layer) => layer.sqnrDb,
    format: formatDb,
  }),
  mse: numberColumn({
    key: 'mse',
    title: 'MSE',
    help: 'Mean squared difference between the float and the quantized output',
    width: '82px',
    value: (layer) => layer.mse,
    format: formatNumber,
  }),
  cosine: numberColumn({
    key: 'cosine',
    title: 'Cosine',
    help: 'Cosine between the float and the quantized output; 1 is equal',
    width: '82px',
    value: (layer) => layer.cosine,
    format: formatCosine,
  }),
} as const satisfies Readonly<Record<string, LayerColumn>>;
