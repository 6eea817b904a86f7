import { ActionIcon, TextInput, Tooltip } from '@mantine/core';
import { IconCopy, IconFileTypeCsv, IconFilter } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import { Panel } from '../../design/Panel.tsx';
import { LoadingState } from '../../design/LoadingState.tsx';
import { formatCompact, formatMs } from '../../../main/judge/format.ts';
import { copyText } from '../../state/clipboard.ts';
import { saveText } from '../../state/download.ts';
import { useLayerFacts } from '../../state/layer-facts.ts';
import type { LayerFacts } from '../../state/layer-facts.ts';
import { parseLayerQuery } from '../../state/layer-query.ts';
import { selectLayer, useSelection } from '../../state/selection.ts';
import { useTrialGraph } from '../../state/queries.ts';
import { useShownTrial } from '../../state/session.ts';
import classes from './LayersPanel.module.css';
import { COLUMNS, nextSort, sortLayers, toCsv, totals } from './model.ts';
import type { Sort } from './model.ts';
import { LayerRow } from './parts/LayerRow.tsx';

const ROW_HEIGHT = 22;
const HEAD_HEIGHT = 24;
const WIDTH = COLUMNS.reduce((sum, column) => sum + column.width, 0);
/** The name takes what room is left. */
const TEMPLATE = COLUMNS.map(({ id, width }) => (id === 'name' ? `minmax(${width}px, 1fr)` : `${width}px`)).join(' ');

/** Every layer of the shown trial in a table: sort, filter, copy, CSV. */
export function LayersPanel(): ReactNode {
  const layers = useLayerFacts();
  const trial = useShownTrial();
  const graph = useTrialGraph(trial?.id ?? null);
  const [sort, setSort] = useState<Sort>({ column: 'index', descending: false });
  const [query, setQuery] = useState('');
  const rows = useMemo(() => sortLayers(layers.filter(parseLayerQuery(query)), sort), [layers, query, sort]);
  const sums = totals(rows);
  const note = [
    query === '' ? `${rows.length}` : `${rows.length} of ${layers.length}`,
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
      actions={
        <>
          <TextInput
            aria-label="Filter layers"
            placeholder="Filter: op:Conv macs>1M"
            leftSection={<IconFilter size={12} />}
            leftSectionWidth={24}
            size="xs"
            w={230}
            classNames={{ input: classes['filter'] ?? '' }}
            value={query}
            onChange={(event) => setQuery(event.currentTarget.value)}
          />
          <Tooltip label="Copy the table">
            <ActionIcon
              aria-label="Copy the table"
              onClick={() => void copyText(toCsv(rows, '\t'), `${rows.length} layers copied`)}
            >
              <IconCopy size={14} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label="Save as CSV">
            <ActionIcon
              aria-label="Save as CSV"
              onClick={() => saveText(`${trial?.name ?? 'layers'}.csv`, toCsv(rows), 'text/csv')}
            >
              <IconFileTypeCsv size={14} />
            </ActionIcon>
          </Tooltip>
        </>
      }
    >
      {graph.status === 'pending' && trial !== undefined ? (
        <LoadingState>Reading the layers…</LoadingState>
      ) : (
        <Grid rows={rows} sort={sort} onSort={setSort} />
      )}
    </Panel>
  );
}

interface GridProps {
  readonly rows: readonly LayerFacts[];
  readonly sort: Sort;
  readonly onSort: (sort: Sort) => void;
}

function Grid({ rows, sort, onSort }: GridProps): ReactNode {
  const scroller = useRef<HTMLDivElement>(null);
  const layer = useSelection((state) => state.layer);
  const hover = useSelection((state) => state.hover);
  const revision = useSelection((state) => state.revision);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 10,
    // The rows begin below the headings, which stay in sight.
    scrollMargin: HEAD_HEIGHT,
    scrollPaddingStart: HEAD_HEIGHT,
  });
  useEffect(() => {
    if (layer === null || useSelection.getState().source === 'table') return;
    const index = rows.findIndex((row) => row.name === layer);
    if (index >= 0) virtual.scrollToIndex(index, { align: 'auto' });
    // Once for each selection, not for every measure of the list.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [layer, revision, rows]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const at = rows.findIndex((row) => row.name === layer);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at < 0 ? 0 : at - 1,
      PageDown: at + 8,
      PageUp: at - 8,
      Home: 0,
      End: rows.length - 1,
    };
    const to = steps[event.key];
    if (to === undefined || rows.length === 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const index = Math.max(0, Math.min(rows.length - 1, to));
    selectLayer(rows[index]?.name ?? null, 'table');
    virtual.scrollToIndex(index);
  };

  return (
    <div
      ref={scroller}
      className={classes['scroller']}
      role="grid"
      aria-label="Layers"
      aria-rowcount={rows.length + 1}
      aria-colcount={COLUMNS.length}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onMouseLeave={() => useSelection.getState().setHover(null)}
    >
      <div
        role="row"
        aria-rowindex={1}
        className={classes['head']}
        style={{ minWidth: WIDTH, height: HEAD_HEIGHT, gridTemplateColumns: TEMPLATE }}
      >
        {COLUMNS.map((column) => {
          const sorted = sort.column === column.id && !(column.id === 'index' && !sort.descending);
          const direction = sort.descending ? 'descending' : 'ascending';
          return (
            <div key={column.id} role="columnheader" aria-sort={sorted ? direction : 'none'} data-align={column.align}>
              <button type="button" title={column.hint} onClick={() => onSort(nextSort(sort, column))}>
                {column.title}
                {sorted && <span aria-hidden>{sort.descending ? ' ↓' : ' ↑'}</span>}
              </button>
            </div>
          );
        })}
      </div>
      <div style={{ height: virtual.getTotalSize(), position: 'relative', minWidth: WIDTH }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          return (
            <LayerRow
              key={row.name}
              layer={row}
              rowIndex={item.index + 2}
              top={item.start - HEAD_HEIGHT}
              height={ROW_HEIGHT}
              template={TEMPLATE}
              selected={row.name === layer}
              hovered={row.name === hover}
            />
          );
        })}
      </div>
    </div>
  );
}
