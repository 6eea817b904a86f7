import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { Button, Text } from '@mantine/core';
import type { ErrorLayer } from '../../../../main/contract/results.ts';
import type { Trial } from '../../../../main/contract/studio.ts';
import { EmptyState } from '../../../design/EmptyState.tsx';
import { ErrorState } from '../../../design/ErrorState.tsx';
import { LoadingState } from '../../../design/LoadingState.tsx';
import { useTrialErrors } from '../../../state/queries.ts';
import { selectLayer, useSelection } from '../../../state/selection.ts';
import { useSession } from '../../../state/session.ts';
import { DataGrid } from '../../../widgets/DataGrid.tsx';
import type { GridColumn } from '../../../widgets/DataGrid.tsx';
import { LayerLink } from '../../../widgets/LayerLink.tsx';
import { LayerName } from '../../../widgets/LayerName.tsx';
import { ERROR_COLUMNS, buildHeatmap, cellText, cellValue, worstLayers } from '../heatmap.ts';
import classes from '../QuantizeView.module.css';
import { measureTrialErrors, useErrorsTask } from '../store.ts';
import { ChannelStrip } from './ChannelStrip.tsx';
import { Heatmap } from './Heatmap.tsx';

const COLUMNS: readonly GridColumn<ErrorLayer>[] = [
  {
    key: 'name',
    title: 'Layer',
    width: 'minmax(110px, 1fr)',
    render: (row) => <LayerName name={row.name} title={`${row.name} (${row.op}), tensor ${row.tensor}`} />,
    sortBy: (row) => row.name,
  },
  ...ERROR_COLUMNS.map((column): GridColumn<ErrorLayer> => ({
    key: column.metric,
    title: column.short,
    width: '68px',
    align: 'right',
    help: column.help,
    render: (row) => cellText(row, column.metric),
    sortBy: (row) => cellValue(row, column.metric),
  })),
];

/** The error heatmap with its table twin and the channels of the selected layer. */
export function ErrorsSection({ trial }: { readonly trial: Trial | null }): ReactNode {
  const loaded = useTrialErrors(trial?.id ?? null);
  const datasetId = useSession((state) => state.datasetId);
  const running = useErrorsTask((task) => task.state.status === 'running');
  const layer = useSelection((state) => state.layer);
  const revision = useSelection((state) => state.revision);
  const errors = loaded.data ?? null;
  const heatmap = useMemo(() => (errors === null ? null : buildHeatmap(errors)), [errors]);
  if (trial === null)
    return (
      <EmptyState title="No quantized trial yet">
        Switch Int8 on and press Run; then every layer’s error can be measured against the float model.
      </EmptyState>
    );
  if (loaded.status === 'pending') return <LoadingState>Looking for a kept error table…</LoadingState>;
  if (loaded.status === 'error') return <ErrorState error={loaded.error} />;
  if (errors === null || heatmap === null)
    return (
      <EmptyState
        title="Errors were not measured yet"
        action={
          <Button disabled={datasetId === null} loading={running} onClick={() => void measureTrialErrors(trial.id)}>
            Measure now
          </Button>
        }
      >
        The float and the int8 model run on the same samples, and every layer’s output is compared: which layer hurts,
        and which only inherits the damage.
      </EmptyState>
    );
  return (
    <div className={classes['errors']}>
      <div className={classes['map']}>
        <Heatmap heatmap={heatmap} />
      </div>
      <div className={classes['twin']}>
        <ChannelStrip errors={errors} layer={layer} />
        <div className={classes['grid']}>
          <DataGrid
            label="Errors by layer"
            columns={COLUMNS}
            rows={errors.layers}
            rowKey={(row) => row.name}
            selected={new Set(layer === null ? [] : [layer])}
            scrollTo={layer}
            scrollRevision={revision}
            onSelect={(row) => selectLayer(row.name, 'chart')}
            onHover={(row) => useSelection.getState().setHover(row?.name ?? null)}
          />
        </div>
        <Text className="lap-muted" px={10} py={4}>
          {errors.samples} samples. Worst by accumulated SQNR:{' '}
          {worstLayers(errors, 'sqnrDb', 3).map((row, i) => (
            <span key={row.name}>
              {i > 0 && ', '}
              <LayerLink name={row.name} />
            </span>
          ))}
          . {errors.notes.join(' ')}
        </Text>
      </div>
    </div>
  );
}
