import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { Checkbox, Group, SegmentedControl, Text, TextInput } from '@mantine/core';
import type { QuantizeResult } from '../../../../main/contract/results.ts';
import type { QuantizePlan } from '../../../../main/contract/studio.ts';
import { setExcluded, useRecipe } from '../../../state/recipe.ts';
import { selectLayer, useSelection } from '../../../state/selection.ts';
import { DataGrid } from '../../../widgets/DataGrid.tsx';
import type { GridColumn } from '../../../widgets/DataGrid.tsx';
import { LayerName } from '../../../widgets/LayerName.tsx';
import { countRows, filterRows, quantizeRows, verdict } from '../model.ts';
import type { QuantizeRow, RowFilter } from '../model.ts';
import { useQuantizeUi } from '../store.ts';

const COLUMNS: readonly GridColumn<QuantizeRow>[] = [
  {
    key: 'int8',
    title: 'Int8',
    width: '52px',
    help: 'Unchecked layers stay float. Also in the graph’s context menu.',
    render: (row) => (
      <Checkbox
        aria-label={`Quantize ${row.name}`}
        size="xs"
        checked={row.quantizable && !row.excluded}
        disabled={!row.quantizable}
        onClick={(event) => event.stopPropagation()}
        onChange={(event) => setExcluded('quantize', row.name, !event.currentTarget.checked)}
      />
    ),
    sortBy: (row) => (row.quantizable ? (row.excluded ? 1 : 2) : 0),
  },
  {
    key: 'name',
    title: 'Layer',
    width: 'minmax(150px, 1.2fr)',
    render: (row) => <LayerName name={row.name} />,
    sortBy: (row) => row.name,
  },
  { key: 'op', title: 'Op', width: '130px', render: (row) => row.op, sortBy: (row) => row.op },
  {
    key: 'result',
    title: 'In the trial',
    width: '110px',
    help: 'Fused: it ran as an integer kernel. Not fused: its quantize and dequantize nodes only cost time.',
    render: (row) => verdict(row),
    sortBy: (row) => verdict(row),
  },
  {
    key: 'reason',
    title: 'Reason',
    width: 'minmax(160px, 2fr)',
    render: (row) => (
      <span className="lap-muted" title={row.reason ?? ''}>
        {row.reason}
      </span>
    ),
    sortBy: (row) => row.reason,
  },
];

export interface QuantizeLayersProps {
  readonly plan: QuantizePlan;
  /** Of the trial that is shown; null: none yet. */
  readonly result: QuantizeResult | null;
}

/** Which layers int8 reaches, which it cannot and why, and what the runtime made of them. */
export function QuantizeLayers({ plan, result }: QuantizeLayersProps): ReactNode {
  const exclude = useRecipe((state) => state.draft.quantize.exclude);
  const { filter, search } = useQuantizeUi();
  const rows = useMemo(() => quantizeRows(plan, new Set(exclude), result), [plan, exclude, result]);
  const shown = useMemo(() => filterRows(rows, filter, search), [rows, filter, search]);
  const counts = useMemo(() => countRows(rows), [rows]);
  const layer = useSelection((state) => state.layer);
  const revision = useSelection((state) => state.revision);
  const hover = useSelection((state) => state.hover);
  return (
    <div style={{ display: 'flex', flexDirection: 'column', height: '100%' }}>
      <Group gap="sm" px={10} py={6}>
        <SegmentedControl
          aria-label="Filter layers"
          value={filter}
          onChange={(value) => useQuantizeUi.setState({ filter: value as RowFilter })}
          data={[
            { value: 'all', label: 'All' },
            { value: 'quantizable', label: 'Quantizable' },
            { value: 'excluded', label: 'Excluded' },
            { value: 'not fused', label: 'Not fused' },
          ]}
        />
        <TextInput
          aria-label="Search layers"
          placeholder="Name or operator"
          value={search}
          w={180}
          onChange={(event) => useQuantizeUi.setState({ search: event.currentTarget.value })}
        />
        <Text className="lap-muted">
          {counts.chosen} of {counts.quantizable} quantizable layers chosen, {counts.layers} in all
        </Text>
      </Group>
      <div style={{ flex: 1, minHeight: 0 }}>
        <DataGrid
          label="Layers to quantize"
          columns={COLUMNS}
          rows={shown}
          rowKey={(row) => row.name}
          selected={new Set(layer === null ? [] : [layer])}
          hovered={hover}
          scrollTo={layer}
          scrollRevision={revision}
          onSelect={(row) => selectLayer(row.name, 'chart')}
          onHover={(row) => useSelection.getState().setHover(row?.name ?? null)}
          empty={
            <Text className="lap-muted" p="sm">
              No layer passes the filter.
            </Text>
          }
        />
      </div>
    </div>
  );
}
