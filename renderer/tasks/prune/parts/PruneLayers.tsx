import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { Checkbox } from '@mantine/core';
import type { PrunePlan } from '../../../../main/contract/studio.ts';
import { formatCompact, formatPercent, formatPredicted } from '../../../../main/judge/format.ts';
import { useTrialDetails } from '../../../state/queries.ts';
import { setExcluded, useRecipe } from '../../../state/recipe.ts';
import { selectLayer, useSelection } from '../../../state/selection.ts';
import { DataGrid } from '../../../widgets/DataGrid.tsx';
import type { GridColumn } from '../../../widgets/DataGrid.tsx';
import { LayerName } from '../../../widgets/LayerName.tsx';
import type { DraftPrediction } from '../../../widgets/useDraftPrediction.ts';
import classes from '../PruneView.module.css';
import { pruneRows } from '../model.ts';
import type { PruneRow } from '../model.ts';

const COLUMNS: readonly GridColumn<PruneRow>[] = [
  {
    key: 'prune',
    title: 'Prune',
    width: '56px',
    help: 'Unchecked layers are frozen: their weights stay.',
    render: (row) => (
      <Checkbox
        aria-label={`Prune ${row.name}`}
        checked={row.frozen === null && !row.excluded}
        disabled={row.frozen !== null}
        size="xs"
        onClick={(event) => event.stopPropagation()}
        onChange={(event) => setExcluded('prune', row.name, !event.currentTarget.checked)}
      />
    ),
  },
  {
    key: 'name',
    title: 'Layer',
    width: 'minmax(120px, 1.6fr)',
    render: (row) => <LayerName name={row.name} />,
    sortBy: (row) => row.name,
  },
  { key: 'op', title: 'Op', width: '62px', render: (row) => row.op, sortBy: (row) => row.op },
  {
    key: 'weights',
    title: 'Weights',
    width: '66px',
    align: 'right',
    render: (row) => (row.frozen === null ? formatCompact(row.weights) : ''),
    sortBy: (row) => row.weights,
  },
  {
    key: 'bar',
    title: 'Sparsity',
    width: 'minmax(64px, 1fr)',
    render: (row) =>
      row.sparsity === null ? (
        <span className="lap-muted" title={row.frozen ?? ''}>
          {row.frozen}
        </span>
      ) : (
        <span className={classes['bar']} aria-hidden>
          <span
            className={classes['fill']}
            data-predicted={row.predicted}
            style={{ width: `${row.sparsity * 100}%`, display: row.sparsity > 0 ? undefined : 'none' }}
          />
        </span>
      ),
    sortBy: (row) => row.sparsity,
  },
  {
    key: 'sparsity',
    title: '%',
    width: '70px',
    align: 'right',
    render: (row) =>
      row.sparsity === null
        ? ''
        : row.predicted
          ? formatPredicted(formatPercent(row.sparsity))
          : formatPercent(row.sparsity),
    sortBy: (row) => row.sparsity,
  },
  {
    key: 'energy',
    title: 'Energy',
    width: '66px',
    align: 'right',
    help: 'Share of the layer’s sum of squared weights that the cut removes: about the noise it adds to the layer’s output.',
    render: (row) => (row.energyRemoved === null ? '' : formatPercent(row.energyRemoved)),
    sortBy: (row) => row.energyRemoved,
  },
];

/** Every prunable layer with its bar, following the slider; and those that cannot be pruned, with the reason. */
export function PruneLayers({
  plan,
  prediction,
}: {
  readonly plan: PrunePlan;
  readonly prediction: DraftPrediction;
}): ReactNode {
  const exclude = useRecipe((state) => state.draft.prune.exclude);
  const { predicted, measured } = prediction;
  const result = useTrialDetails(measured?.id ?? null).data?.prune ?? null;
  const rows = useMemo(
    () => pruneRows(plan, predicted.cut, result, new Set(exclude)),
    [plan, predicted.cut, result, exclude],
  );
  const layer = useSelection((state) => state.layer);
  const revision = useSelection((state) => state.revision);
  const hover = useSelection((state) => state.hover);
  return (
    <DataGrid
      label="Sparsity by layer"
      columns={COLUMNS}
      rows={rows}
      rowKey={(row) => row.name}
      selected={new Set(layer === null ? [] : [layer])}
      hovered={hover}
      scrollTo={layer}
      scrollRevision={revision}
      onSelect={(row) => selectLayer(row.name, 'chart')}
      onHover={(row) => useSelection.getState().setHover(row?.name ?? null)}
    />
  );
}
