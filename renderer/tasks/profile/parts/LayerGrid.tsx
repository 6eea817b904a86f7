import type { ReactNode } from 'react';
import { Panel } from '../../../design/Panel.tsx';
import { selectLayer, useSelection } from '../../../state/selection.ts';
import { DataGrid } from '../../../widgets/grid/DataGrid.tsx';
import { GridTools } from '../../../widgets/grid/GridTools.tsx';
import type { GridColumn } from '../../../widgets/grid/grid-column.ts';
import { useGrid } from '../../../widgets/grid/use-grid.ts';

export interface LayerGridProps<Row> {
  /** Under which its columns and order are kept. */
  readonly id: string;
  readonly title: string;
  readonly noun: string;
  readonly fileName: string;
  readonly columns: readonly GridColumn<Row>[];
  readonly rows: readonly Row[];
  /** The layer that a row is about; null: none. */
  readonly layerOf: (row: Row) => string | null;
  /** A row's own key, where several may be about one layer. */
  readonly keyOf?: (row: Row) => string;
  readonly initialSort: { readonly key: string; readonly descending: boolean };
}

/** A table with a row for each layer, linked to the selection. */
export function LayerGrid<Row extends object>(props: LayerGridProps<Row>): ReactNode {
  const { id, title, noun, fileName, columns, rows, layerOf, initialSort } = props;
  const rowKey = props.keyOf ?? ((row: Row): string => layerOf(row) ?? '');
  const layer = useSelection((state) => state.layer);
  const hover = useSelection((state) => state.hover);
  const revision = useSelection((state) => state.revision);
  const grid = useGrid({ id: `profile.${id}`, columns, rows, rowKey, initialSort });
  const about = (name: string | null): string[] =>
    name === null ? [] : grid.rows.filter((row) => layerOf(row) === name).map(rowKey);
  const selected = about(layer);
  return (
    <Panel
      title={title}
      note={String(rows.length)}
      scroll={false}
      actions={<GridTools grid={grid} noun={noun} fileName={fileName} />}
    >
      <DataGrid
        label={title}
        grid={grid}
        selected={new Set(selected)}
        lit={new Set(about(hover))}
        scrollTo={selected[0] ?? null}
        scrollRevision={revision}
        onSelect={(row) => {
          const picked = layerOf(row);
          if (picked !== null) selectLayer(picked, 'chart');
        }}
        onHover={(row) => useSelection.getState().setHover(row === null ? null : layerOf(row))}
      />
    </Panel>
  );
}
