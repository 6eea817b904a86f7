import { useEffect, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import type { GraphCanvas } from '../../../viz/graph/graph-canvas.ts';
import { groupsIn } from '../../../viz/graph/scope-tree.ts';
import { EDGE_LOOKS } from '../diff-looks.ts';
import { unionGraph } from '../diff.ts';
import { hoverRow, selectRow, useCompareUi, useSelectedRow } from '../store.ts';
import { useDiffDrawing, useReveal } from '../use-diff-drawing.ts';
import type { DiffViewProps } from './DiffBeside.tsx';
import classes from './DiffGraphs.module.css';
import { DiffPane } from './DiffPane.tsx';
import { DiffTools } from './DiffTools.tsx';

/** Both models as one graph: matched layers once, with the edges of both. */
export function DiffTogether({ diff, views, names, id, lead }: DiffViewProps): ReactNode {
  const union = useMemo(() => unionGraph(views.a, views.b, diff), [views.a, views.b, diff]);
  const looks = useMemo(() => new Map([...union.edges].map(([value, side]) => [value, EDGE_LOOKS[side]])), [union]);
  const drawing = useDiffDrawing(`both|${id}`, union.view, union.rowOf);
  const [canvas, setCanvas] = useState<GraphCanvas | null>(null);
  const reveals = useCompareUi((state) => state.reveals);
  const hovered = useCompareUi((state) => state.hovered);
  const selected = useSelectedRow(diff.rows)?.key ?? null;
  const reveal = useReveal(drawing, canvas);
  const layersOf = useMemo(() => {
    const byKey = new Map<string, string[]>();
    for (const [layer, { key }] of union.rowOf) byKey.set(key, [...(byKey.get(key) ?? []), layer]);
    return (key: string | null): readonly string[] => (key === null ? [] : (byKey.get(key) ?? []));
  }, [union]);
  const statusOf = useMemo(
    () => (layer: string) => {
      const row = union.rowOf.get(layer);
      const alone = union.onlyIn.get(layer);
      if (row === undefined || alone === undefined) return row;
      return { status: alone === 'a' ? 'removed' : 'added', weights: null } as const;
    },
    [union],
  );
  useEffect(() => {
    const [layer] = layersOf(selected);
    if (layer !== undefined) reveal(layer, true);
    // Once for each selection that is to be shown.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [reveals, canvas]);
  const { tree, expanded, setExpanded, rowOf } = drawing;
  const toggle = (group: string): void => {
    const open = new Set(expanded);
    if (!open.delete(group)) open.add(group);
    setExpanded(open, group);
  };
  return (
    <>
      <DiffTools
        lead={lead}
        name={`${names.a} and ${names.b}`}
        pictured={() => canvas}
        diff={diff}
        groups={[...groupsIn(tree).keys()]}
        anyOpen={expanded.size > 0}
        onOpen={(groups) => setExpanded(new Set(groups))}
        zoomIn={() => canvas?.zoomBy(1.25)}
        zoomOut={() => canvas?.zoomBy(0.8)}
        fit={() => canvas?.fit()}
      />
      <div className={classes['stage']}>
        <DiffPane
          title={`A: ${names.a} with B: ${names.b}`}
          drawing={drawing}
          statusOf={statusOf}
          edgeLooks={looks}
          selected={layersOf(selected)}
          hovered={layersOf(hovered)}
          onSelect={(layer, seen) => selectRow(layer === null ? null : (rowOf.get(layer) ?? null), { seen })}
          onHover={(layer) => hoverRow(layer === null ? null : (rowOf.get(layer) ?? null))}
          onToggle={toggle}
          onCamera={() => undefined}
          onCanvas={setCanvas}
        />
      </div>
    </>
  );
}
