import { useMemo } from 'react';
import type { ReactNode } from 'react';
import type { Profile } from '../../../../main/contract/results.ts';
import { formatBytes, formatMs, formatPercent } from '../../../../main/judge/format.ts';
import { Panel } from '../../../design/Panel.tsx';
import { selectLayer, useSelection } from '../../../state/selection.ts';
import { DataGrid } from '../../../widgets/grid/DataGrid.tsx';
import type { GridColumn } from '../../../widgets/grid/grid-column.ts';
import { useGrid } from '../../../widgets/grid/use-grid.ts';
import { GridTools } from '../../../widgets/grid/GridTools.tsx';
import { LayerName } from '../../../widgets/LayerName.tsx';
import { LayerLink } from '../../../widgets/LayerLink.tsx';
import { PROFILE_HELP, kernelRows, kernelsByLayer, layerOfKernel } from '../model.ts';
import type { KernelRow } from '../model.ts';

const COLUMNS: readonly GridColumn<KernelRow>[] = [
  {
    key: 'kernel',
    title: 'Kernel',
    width: 'minmax(160px, 1.2fr)',
    help: PROFILE_HELP.kernel,
    render: ({ kernel }) => <LayerName name={kernel.name} />,
    value: ({ kernel }) => kernel.name,
  },
  { key: 'op', title: 'Op', width: '130px', render: ({ kernel }) => kernel.op, value: ({ kernel }) => kernel.op },
  {
    key: 'time',
    title: 'Time',
    width: '84px',
    align: 'right',
    render: ({ kernel }) => formatMs(kernel.timeMs),
    value: ({ kernel }) => kernel.timeMs,
  },
  {
    key: 'share',
    title: 'Share',
    width: '72px',
    align: 'right',
    help: PROFILE_HELP.share,
    render: ({ share }) => formatPercent(share),
    value: ({ share }) => share,
  },
  {
    key: 'start',
    title: 'Start',
    width: '84px',
    align: 'right',
    help: 'When it began within the run, mean over the profiled runs.',
    render: ({ kernel }) => formatMs(kernel.startMs),
    value: ({ kernel }) => kernel.startMs,
  },
  {
    key: 'sources',
    title: 'Source layers',
    width: 'minmax(180px, 1.6fr)',
    help: 'The layers of the source graph that this kernel executes.',
    render: ({ kernel }) =>
      kernel.sources.length === 0 ? (
        <span className="lap-muted">the runtime’s own</span>
      ) : (
        kernel.sources.map((source, i) => (
          <span key={source}>
            {i > 0 && ', '}
            <LayerLink name={source} />
          </span>
        ))
      ),
    value: ({ kernel }) => kernel.sources.join(' '),
  },
  {
    key: 'shape',
    title: 'Output',
    width: '130px',
    render: ({ kernel }) => <span title={kernel.outputShapes.join(', ')}>{kernel.outputShapes.join(', ')}</span>,
    value: ({ kernel }) => kernel.outputShapes.join(' '),
  },
  {
    key: 'activation',
    title: 'Activations',
    width: '90px',
    align: 'right',
    help: PROFILE_HELP.activation,
    render: ({ kernel }) => formatBytes(kernel.activationBytes),
    value: ({ kernel }) => kernel.activationBytes,
  },
  {
    key: 'weights',
    title: 'Weights',
    width: '84px',
    align: 'right',
    help: 'Bytes of weights that the kernel reads.',
    render: ({ kernel }) => formatBytes(kernel.parameterBytes),
    value: ({ kernel }) => kernel.parameterBytes,
  },
  {
    key: 'provider',
    title: 'Provider',
    width: '80px',
    render: ({ kernel }) => kernel.provider.replace('ExecutionProvider', ''),
    value: ({ kernel }) => kernel.provider,
  },
];

/** Every kernel that ran, with the layers that it came from. */
export function KernelTable({ profile }: { readonly profile: Profile }): ReactNode {
  const rows = useMemo(() => kernelRows(profile, 'start'), [profile]);
  const byLayer = useMemo(() => kernelsByLayer(profile), [profile]);
  const layer = useSelection((state) => state.layer);
  const revision = useSelection((state) => state.revision);
  const indices = layer === null ? [] : (byLayer.get(layer) ?? []);
  const grid = useGrid({ id: 'kernels', columns: COLUMNS, rows, rowKey, initialSort: BY_TIME });
  const tools = <GridTools grid={grid} noun="kernels" fileName="kernels" />;
  return (
    <Panel title="Kernels" note={String(rows.length)} scroll={false} actions={tools}>
      <DataGrid
        label="Kernels"
        grid={grid}
        selected={new Set(indices.map(String))}
        scrollTo={indices[0] === undefined ? null : String(indices[0])}
        scrollRevision={revision}
        onSelect={({ kernel }) => {
          const source = layerOfKernel(kernel);
          if (source !== null) selectLayer(source, 'chart');
        }}
        onHover={(row) => useSelection.getState().setHover(row === null ? null : layerOfKernel(row.kernel))}
      />
    </Panel>
  );
}

const BY_TIME = { key: 'time', descending: true };
const rowKey = (row: KernelRow): string => String(row.index);
