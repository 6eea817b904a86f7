import { Text } from '@mantine/core';
import { IconFilter } from '@tabler/icons-react';
import { useCallback, useMemo } from 'react';
import type { ReactNode } from 'react';
import { formatCompact, formatMs } from '../../../main/judge/format.ts';
import { Panel } from '../../design/Panel.tsx';
import { useLayerFacts } from '../../state/layer-facts.ts';
import type { LayerFacts } from '../../state/layer-facts.ts';
import { useLayerQuery, useQuerySurroundings } from '../../state/layer-query.ts';
import { useTrialLayers } from '../../state/queries.ts';
import { markLayers, selectLayer, useSelection } from '../../state/selection.ts';
import { useShownTrial } from '../../state/session.ts';
import { DataGrid } from '../../widgets/grid/DataGrid.tsx';
import type { DataGridProps } from '../../widgets/grid/DataGrid.tsx';
import { GridTools } from '../../widgets/grid/GridTools.tsx';
import { matchesWords } from '../../widgets/grid/grid-column.ts';
import { useGridQuery } from '../../widgets/grid/grid-choice.ts';
import { useGrid } from '../../widgets/grid/use-grid.ts';
import type { LayerColumn } from '../../widgets/layers/layer-columns.tsx';
import { Loaded } from '../../widgets/Loaded.tsx';
import { QueryInput } from '../../widgets/query/QueryInput.tsx';
import { useFold } from '../../widgets/use-fold.ts';
import { totals } from './totals.ts';

interface LayersPanelProps {
  /** The task whose columns these are; order, choice of columns and filter are kept for each. */
  readonly task: string;
  readonly columns: readonly LayerColumn[];
}

/** Every layer of the shown trial, the one table of them: its columns are those of the task. */
export function LayersPanel({ task, columns }: LayersPanelProps): ReactNode {
  const layers = useLayerFacts();
  const trial = useShownTrial();
  const table = useTrialLayers(trial?.id ?? null);
  const fold = useFold('table');
  const layer = useSelection((state) => state.layer);
  const revision = useSelection((state) => state.revision);
  const picked = useSelection((state) => state.source === 'table');
  const marked = useSelection((state) => state.marked);
  const selected = useMemo(() => new Set(layer === null ? marked : [layer, ...marked]), [layer, marked]);
  const id = `layers.${task}`;
  const query = useGridQuery(id);
  const around = useQuerySurroundings(query);
  const asked = useLayerQuery(query);
  const filterOf = useCallback(
    (text: string) => {
      // Words of other columns are looked for too, where nothing but words is asked.
      if (/[:<>=|()@]/u.test(text)) return asked.test;
      const told = matchesWords(columns, text);
      return (row: LayerFacts) => asked.test(row) || told(row);
    },
    [columns, asked],
  );
  const grid = useGrid({ id, columns, rows: layers, rowKey, filterOf });
  const sums = useMemo(() => totals(grid.rows), [grid.rows]);
  const note = [
    grid.query === '' ? `${grid.rows.length}` : `${grid.rows.length} of ${layers.length}`,
    sums.macs > 0 ? `${formatCompact(sums.macs)} MACs` : '',
    sums.timeMs === null ? '' : formatMs(sums.timeMs),
  ]
    .filter((part) => part !== '')
    .join(' · ');
  return (
    <Panel
      title="Layers"
      note={note}
      scroll={false}
      fold={fold}
      actions={
        <GridTools
          grid={grid}
          noun="layers"
          fileName={trial?.name ?? 'layers'}
          filter={
            <QueryInput
              inline
              label="Filter layers"
              placeholder="Filter: op:Conv macs>1M"
              icon={<IconFilter size={12} />}
              value={query}
              around={around}
              problems={asked.problems}
              found={() => grid.rows.map(({ name }) => name)}
              onChange={grid.setQuery}
            />
          }
        />
      }
    >
      <Loaded query={table} loading="Reading the layers…">
        {() => (
          <PointedGrid
            label="Layers"
            grid={grid}
            selected={selected}
            selectOnMove
            scrollTo={picked ? null : layer}
            scrollRevision={revision}
            onSelect={(row, { toggle }) => (toggle ? markLayers([row.name], 'toggle') : selectLayer(row.name, 'table'))}
            onHover={(row) => useSelection.getState().setHover(row?.name ?? null)}
            empty={
              <Text className="lap-muted" p="sm">
                No layer passes the filter.
              </Text>
            }
          />
        )}
      </Loaded>
    </Panel>
  );
}

/** The grid with what is pointed at elsewhere: drawn again with every move of the pointer, and the panel around it is not. */
function PointedGrid(props: DataGridProps<LayerFacts>): ReactNode {
  const hover = useSelection((state) => state.hover);
  const lit = useSelection((state) => state.lit);
  return <DataGrid {...props} hovered={hover} lit={lit} />;
}

function rowKey(layer: LayerFacts): string {
  return layer.name;
}
