import type { ReactNode } from 'react';
import { formatBytes, formatCompact, formatMs, formatNumber, formatPercent } from '../../../../main/judge/format.ts';
import type { Roofline, RooflinePoint } from '../../../../main/judge/profile/roofline.ts';
import { LayerName } from '../../../widgets/LayerName.tsx';
import type { GridColumn } from '../../../widgets/grid/grid-column.ts';
import { LayerGrid } from './LayerGrid.tsx';

const COLUMNS: readonly GridColumn<RooflinePoint>[] = [
  {
    key: 'layer',
    title: 'Layer',
    width: 'minmax(160px, 2fr)',
    render: ({ name }) => <LayerName name={name} />,
    value: ({ name }) => name,
  },
  { key: 'op', title: 'Kernel', width: '110px', render: ({ op }) => op, value: ({ op }) => op },
  {
    key: 'bound',
    title: 'Bound by',
    width: '84px',
    help: 'What takes longest were the layer at the roof: its arithmetic, its bytes, or starting its kernels.',
    render: ({ bound }) => bound,
    value: ({ bound }) => bound,
  },
  {
    key: 'time',
    title: 'Time',
    width: '80px',
    align: 'right',
    unit: 'ms',
    render: ({ timeMs }) => formatMs(timeMs),
    value: ({ timeMs }) => timeMs,
  },
  {
    key: 'roof',
    title: 'At the roof',
    width: '84px',
    align: 'right',
    unit: 'ms',
    help: 'The least that it can take on this machine.',
    render: ({ roofMs }) => formatMs(roofMs),
    value: ({ roofMs }) => roofMs,
  },
  {
    key: 'gain',
    title: 'Could save',
    width: '84px',
    align: 'right',
    unit: 'ms',
    help: 'Time less that at the roof: where a better kernel would bring most.',
    render: ({ timeMs, roofMs }) => formatMs(Math.max(0, timeMs - roofMs)),
    value: ({ timeMs, roofMs }) => Math.max(0, timeMs - roofMs),
  },
  {
    key: 'reached',
    title: 'Of the roof',
    width: '80px',
    align: 'right',
    render: ({ reached }) => formatPercent(reached, 2),
    value: ({ reached }) => reached,
  },
  {
    key: 'gigaOps',
    title: 'Gop/s',
    width: '72px',
    align: 'right',
    render: ({ gigaOps }) => formatNumber(gigaOps),
    value: ({ gigaOps }) => gigaOps,
  },
  {
    key: 'intensity',
    title: 'Op/byte',
    width: '72px',
    align: 'right',
    help: 'Arithmetic intensity: operations for each byte read or written.',
    render: ({ intensity }) => formatNumber(intensity),
    value: ({ intensity }) => intensity,
  },
  {
    key: 'operations',
    title: 'Operations',
    width: '84px',
    align: 'right',
    help: 'Two for each multiply–accumulate; without any, one for each element written.',
    render: ({ operations }) => formatCompact(operations),
    value: ({ operations }) => operations,
  },
  {
    key: 'bytes',
    title: 'Bytes',
    width: '80px',
    align: 'right',
    help: 'Activations read and written, and weights.',
    render: ({ bytes }) => formatBytes(bytes),
    value: ({ bytes }) => bytes,
  },
  {
    key: 'precision',
    title: 'Precision',
    width: '72px',
    render: ({ precision }) => precision,
    value: ({ precision }) => precision,
  },
];

/** The points of the roofline as numbers. */
export function RooflineTable({ roofline }: { readonly roofline: Roofline }): ReactNode {
  return (
    <LayerGrid
      id="roofline"
      title="Layers under the roof"
      noun="layers"
      fileName="roofline"
      columns={COLUMNS}
      rows={roofline.points}
      layerOf={nameOf}
      initialSort={BY_GAIN}
    />
  );
}

const nameOf = (point: RooflinePoint): string => point.name;
const BY_GAIN = { key: 'gain', descending: true };
