import { useMemo } from 'react';
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
  /** The layer that a row is about: the row's key too. */
  readonly layerOf: (row: Row) => string;
  readonly initialSort: { readonly key: string; readonly descending: boolean };
}

/** A table with a row for each layer, linked to the selection. */
export function LayerGrid<Row extends object>(props: LayerGridProps<Row>): ReactNode {
  const { id, title, noun, fileName, columns, rows, layerOf, initialSort } = props;
  const layer = useSelection((state) => state.layer);
  const hover = useSelection((state) => state.hover);
  const revision = useSelection((state) => state.revision);
  const grid = useGrid({ id: `profile.${id}`, columns, rows, rowKey: layerOf, initialSort });
  const selected = useMemo(() => new Set(layer === null ? [] : [layer]), [layer]);
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
        selected={selected}
        hovered={hover}
        scrollTo={layer}
        scrollRevision={revision}
        onSelect={(row) => selectLayer(layerOf(row), 'chart')}
        onHover={(row) => useSelection.getState().setHover(row === null ? null : layerOf(row))}
      />
    </Panel>
  );
}
