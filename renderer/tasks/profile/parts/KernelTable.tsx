import { useMemo } from 'react';
import type { ReactNode } from 'react';
import type { Profile } from '../../../../main/contract/results.ts';
import { formatBytes, formatMs, formatPercent } from '../../../../main/judge/format.ts';
import { selectLayer, useSelection } from '../../../state/selection.ts';
import { DataGrid } from '../../../widgets/DataGrid.tsx';
import type { GridColumn } from '../../../widgets/DataGrid.tsx';
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
    sortBy: ({ kernel }) => kernel.name,
  },
  { key: 'op', title: 'Op', width: '130px', render: ({ kernel }) => kernel.op, sortBy: ({ kernel }) => kernel.op },
  {
    key: 'time',
    title: 'Time',
    width: '84px',
    align: 'right',
    render: ({ kernel }) => formatMs(kernel.timeMs),
    sortBy: ({ kernel }) => kernel.timeMs,
  },
  {
    key: 'share',
    title: 'Share',
    width: '72px',
    align: 'right',
    help: PROFILE_HELP.share,
    render: ({ share }) => formatPercent(share),
    sortBy: ({ share }) => share,
  },
  {
    key: 'start',
    title: 'Start',
    width: '84px',
    align: 'right',
    help: 'When it began within the run, mean over the profiled runs.',
    render: ({ kernel }) => formatMs(kernel.startMs),
    sortBy: ({ kernel }) => kernel.startMs,
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
  },
  {
    key: 'shape',
    title: 'Output',
    width: '130px',
    render: ({ kernel }) => <span title={kernel.outputShapes.join(', ')}>{kernel.outputShapes.join(', ')}</span>,
  },
  {
    key: 'activation',
    title: 'Activations',
    width: '90px',
    align: 'right',
    help: PROFILE_HELP.activation,
    render: ({ kernel }) => formatBytes(kernel.activationBytes),
    sortBy: ({ kernel }) => kernel.activationBytes,
  },
  {
    key: 'weights',
    title: 'Weights',
    width: '84px',
    align: 'right',
    help: 'Bytes of weights that the kernel reads.',
    render: ({ kernel }) => formatBytes(kernel.parameterBytes),
    sortBy: ({ kernel }) => kernel.parameterBytes,
  },
  {
    key: 'provider',
    title: 'Provider',
    width: '80px',
    render: ({ kernel }) => kernel.provider.replace('ExecutionProvider', ''),
  },
];

/** Every kernel that ran, with the layers that it came from. */
export function KernelTable({ profile }: { readonly profile: Profile }): ReactNode {
  const rows = useMemo(() => kernelRows(profile, 'start'), [profile]);
  const byLayer = useMemo(() => kernelsByLayer(profile), [profile]);
  const layer = useSelection((state) => state.layer);
  const revision = useSelection((state) => state.revision);
  const indices = layer === null ? [] : (byLayer.get(layer) ?? []);
  return (
    <DataGrid
      label="Kernels"
      columns={COLUMNS}
      rows={rows}
      rowKey={(row) => String(row.index)}
      selected={new Set(indices.map(String))}
      scrollTo={indices[0] === undefined ? null : String(indices[0])}
      scrollRevision={revision}
      initialSort={{ key: 'time', descending: true }}
      onSelect={({ kernel }) => {
        const source = layerOfKernel(kernel);
        if (source !== null) selectLayer(source, 'chart');
      }}
      onHover={(row) => useSelection.getState().setHover(row === null ? null : layerOfKernel(row.kernel))}
    />
  );
}
