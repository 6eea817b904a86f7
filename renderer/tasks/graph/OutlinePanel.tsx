import { IconChevronDown, IconChevronRight, IconSearch } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import { Panel } from '../../design/Panel.tsx';
import { useLayerFacts } from '../../state/layer-facts.ts';
import { useLayerQuery, useQuerySurroundings } from '../../state/layer-query.ts';
import { selectLayer, useSelection } from '../../state/selection.ts';
import { useSession } from '../../state/session.ts';
import { QueryInput } from '../../widgets/query/QueryInput.tsx';
import { useFold } from '../../widgets/use-fold.ts';
import { groupsAround } from '../../viz/graph/scope-tree.ts';
import classes from './OutlinePanel.module.css';
import { outlineRows, outlineTree, searchRows } from './outline-model.ts';
import type { OutlineRow } from './outline-model.ts';
import { OutlineLine } from './parts/OutlineLine.tsx';
import { useGraph } from './store.ts';

const ROW_HEIGHT = 22;

/** All layers by scope, and the search over them. */
export function OutlinePanel(): ReactNode {
  const layers = useLayerFacts();
  const fold = useFold('outline');
  const modelId = useSession((state) => state.model?.entry.id ?? '');
  const [query, setQuery] = useState('');
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = useState(0);
  const tree = useMemo(() => outlineTree(layers), [layers]);
  const searching = query.trim() !== '';
  const around = useQuerySurroundings(query);
  const { test, problems } = useLayerQuery(query);
  const rows = useMemo(
    () => (searching ? searchRows(layers, test) : outlineRows(tree, open)),
    [searching, layers, test, tree, open],
  );
  const layer = useSelection((state) => state.layer);
  const group = useGraph((state) => state.group);
  const revision = useSelection((state) => state.revision);
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  });

  useEffect(() => {
    setOpen(new Set());
    setQuery('');
  }, [modelId]);

  // The selected layer is unfolded and scrolled to, unless it was picked here.
  useEffect(() => {
    if (layer === null || useSelection.getState().source === 'outline' || searching) return;
    const around = groupsAround(tree, layer);
    setOpen((before) => (around.every((id) => before.has(id)) ? before : new Set([...before, ...around])));
  }, [layer, revision, tree, searching]);
  useEffect(() => {
    if (layer === null || useSelection.getState().source === 'outline') return;
    const index = rows.findIndex((row) => row.id === layer);
    if (index < 0) return;
    setActive(index);
    virtual.scrollToIndex(index);
    // Once for each selection and each unfolding, not for every measure of the list.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [layer, revision, rows]);

  const toggle = (row: OutlineRow, to?: boolean): void => {
    if (row.kind !== 'group') return;
    const next = new Set(open);
    if (to ?? !row.open) next.add(row.id);
    else next.delete(row.id);
    setOpen(next);
  };
  const choose = (row: OutlineRow): void => {
    if (row.kind === 'layer') selectLayer(row.id, searching ? 'search' : 'outline');
    else {
      toggle(row);
      selectLayer(null, 'outline');
      useGraph.getState().setGroup(row.id);
    }
  };
  const move = (to: number): void => {
    const index = Math.max(0, Math.min(rows.length - 1, to));
    const row = rows[index];
    if (row === undefined) return;
    setActive(index);
    virtual.scrollToIndex(index);
    if (row.kind === 'layer') useSelection.getState().setHover(row.id);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rows[active];
    const page = 12;
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
    const step = steps[event.key];
    if (step !== undefined) move(active + step);
    else if (event.key === 'Enter' && row !== undefined) choose(row);
    else if (event.key === 'ArrowRight' && !searching && row !== undefined) toggle(row, true);
    else if (event.key === 'ArrowLeft' && !searching && row !== undefined) {
      if (row.kind === 'group' && row.open) toggle(row, false);
      else move(parentIndex(rows, active));
    } else if (event.key === 'Escape' && searching) setQuery('');
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <Panel
      title="Outline"
      note={searching ? `${rows.length} of ${layers.length} layers` : `${layers.length} layers`}
      scroll={false}
      fold={fold}
    >
      <QueryInput
        id="outline-search"
        className={classes['search'] ?? ''}
        label="Search layers"
        placeholder="Search: conv op:Relu time>1ms"
        icon={<IconSearch size={13} />}
        value={query}
        around={around}
        problems={problems}
        found={() => rows.map(({ id }) => id)}
        onChange={(text) => {
          setQuery(text);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div
        ref={scroller}
        id="outline-tree"
        className={classes['scroller']}
        // A tree has rows.
        role={rows.length === 0 ? 'group' : 'tree'}
        aria-label="Layers by scope"
        aria-activedescendant={rows[active] === undefined ? undefined : `outline-${active}`}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onMouseLeave={() => useSelection.getState().setHover(null)}
      >
        {rows.length === 0 && searching && layers.length > 0 && (
          <p className={classes['empty']}>No layer matches “{query}”.</p>
        )}
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            return (
              <OutlineLine
                key={`${row.kind}:${row.id}`}
                id={`outline-${item.index}`}
                row={row}
                top={item.start}
                height={ROW_HEIGHT}
                selected={row.id === (layer ?? group)}
                active={item.index === active}
                icon={
                  row.kind === 'group' ? (
                    row.open ? (
                      <IconChevronDown size={12} />
                    ) : (
                      <IconChevronRight size={12} />
                    )
                  ) : null
                }
                onClick={() => {
                  setActive(item.index);
                  choose(row);
                }}
              />
            );
          })}
        </div>
      </div>
    </Panel>
  );
}

/** The line of the group around a line. */
function parentIndex(rows: readonly OutlineRow[], index: number): number {
  const depth = rows[index]?.depth ?? 0;
  for (let at = index - 1; at >= 0; at--) if ((rows[at]?.depth ?? 0) < depth) return at;
  return index;
}
