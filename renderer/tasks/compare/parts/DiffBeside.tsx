import { IconLink, IconLinkOff } from '@tabler/icons-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import type { GraphView } from '../../../../main/contract/studio.ts';
import type { GraphCanvas } from '../../../viz/graph/graph-canvas.ts';
import { linkedCamera } from '../../../viz/graph/linked-camera.ts';
import { groupsIn } from '../../../viz/graph/scope-tree.ts';
import { GraphTool } from '../../../widgets/graph/GraphTools.tsx';
import type { Diff } from '../diff.ts';
import { anchorsBetween, partnerGroup, turned } from '../linked.ts';
import { hoverRow, selectRow, useCompareUi, useSelectedRow } from '../store.ts';
import { useDiffDrawing, useReveal } from '../use-diff-drawing.ts';
import classes from './DiffGraphs.module.css';
import { DiffPane } from './DiffPane.tsx';
import { DiffTools } from './DiffTools.tsx';

export interface DiffViewProps {
  readonly diff: Diff;
  readonly views: { readonly a: GraphView; readonly b: GraphView };
  readonly names: { readonly a: string; readonly b: string };
  /** Of the two that are compared. */
  readonly id: string;
  /** First in the bar over the graphs. */
  readonly lead: ReactNode;
}

type Side = 'a' | 'b';
const OTHER: Readonly<Record<Side, Side>> = { a: 'b', b: 'a' };

/** Both graphs side by side: moved, opened, pointed at and selected as one. */
export function DiffBeside({ diff, views, names, id, lead }: DiffViewProps): ReactNode {
  const a = useDiffDrawing(`a|${id}`, views.a, diff.a.rowOf);
  const b = useDiffDrawing(`b|${id}`, views.b, diff.b.rowOf);
  const drawings = { a, b };
  const [canvasA, setCanvasA] = useState<GraphCanvas | null>(null);
  const [canvasB, setCanvasB] = useState<GraphCanvas | null>(null);
  const linked = useCompareUi((state) => state.linked);
  const reveals = useCompareUi((state) => state.reveals);
  const hovered = useCompareUi((state) => state.hovered);
  const selected = useSelectedRow(diff.rows)?.key ?? null;
  const revealA = useReveal(a, canvasA);
  const revealB = useReveal(b, canvasB);

  // Which of the two is moved; the other follows.
  const leader = useRef<Side>('a');
  const following = useRef(false);
  const anchors = useMemo(() => {
    const fromA = anchorsBetween(a, b, diff);
    return { a: fromA, b: turned(fromA) };
  }, [a, b, diff]);
  const follow = useCallback(
    (from: Side): void => {
      const [own, other] = from === 'a' ? [canvasA, canvasB] : [canvasB, canvasA];
      if (following.current || own === null || other === null) return;
      leader.current = from;
      if (!linked) return;
      following.current = true;
      other.setCamera(linkedCamera(own.camera, [own.view, other.view], anchors[from]));
      following.current = false;
    },
    [canvasA, canvasB, anchors, linked],
  );
  useEffect(() => follow(leader.current), [follow]);

  const ofRow = (key: string | null, side: Side): readonly string[] => (key === null ? [] : diff[side].namesOf(key));
  useEffect(() => {
    if (selected === null) return;
    const [[inA], [inB]] = [diff.a.namesOf(selected), diff.b.namesOf(selected)];
    const leads = inA === undefined ? 'b' : inB === undefined ? 'a' : leader.current;
    if (inA !== undefined) revealA(inA, leads === 'a' || !linked);
    if (inB !== undefined) revealB(inB, leads === 'b' || !linked);
    // Once for each selection that is to be shown.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [reveals, canvasA, canvasB]);

  const toggle = (side: Side, group: string): void => {
    const own = drawings[side];
    const other = drawings[OTHER[side]];
    const opens = !own.expanded.has(group);
    const rowOf = (layer: string): string => own.rowOf.get(layer)?.key ?? '';
    const partner = partnerGroup(groupsIn(own.tree).get(group)!, other.tree, (layer) =>
      diff[OTHER[side]].namesOf(rowOf(layer)),
    );
    own.setExpanded(withGroup(own.expanded, group, opens), group);
    if (partner !== undefined) other.setExpanded(withGroup(other.expanded, partner, opens), partner);
    leader.current = side;
  };
  const paneOf = (side: Side): ReactNode => (
    <DiffPane
      title={`${side.toUpperCase()}: ${names[side]}`}
      drawing={drawings[side]}
      statusOf={(layer) => drawings[side].rowOf.get(layer)}
      edgeLooks={null}
      selected={ofRow(selected, side)}
      hovered={ofRow(hovered, side)}
      onSelect={(layer, seen) => {
        leader.current = side;
        selectRow(layer === null ? null : (drawings[side].rowOf.get(layer) ?? null), { seen });
      }}
      onHover={(layer) => hoverRow(layer === null ? null : (drawings[side].rowOf.get(layer) ?? null))}
      onToggle={(group) => toggle(side, group)}
      onCamera={() => follow(side)}
      onCanvas={side === 'a' ? setCanvasA : setCanvasB}
    />
  );
  const leading = (): GraphCanvas | null => (leader.current === 'a' ? canvasA : canvasB);
  const openAll = (groups: readonly string[]): void => {
    const none = groups.length === 0;
    for (const { tree, setExpanded } of [a, b]) setExpanded(new Set(none ? [] : groupsIn(tree).keys()));
  };
  return (
    <>
      <DiffTools
        lead={lead}
        name={`${names.a} and ${names.b}`}
        pictured={leading}
        diff={diff}
        groups={[...groupsIn(a.tree).keys(), ...groupsIn(b.tree).keys()]}
        anyOpen={a.expanded.size + b.expanded.size > 0}
        onOpen={openAll}
        zoomIn={() => leading()?.zoomBy(1.25)}
        zoomOut={() => leading()?.zoomBy(0.8)}
        fit={() => (larger(a, b) === 'a' ? canvasA : canvasB)?.fit()}
      >
        <GraphTool
          label={linked ? 'Move each graph by itself' : 'Move both graphs as one'}
          pressed={linked}
          onClick={() => useCompareUi.setState({ linked: !linked })}
        >
          {linked ? <IconLink size={15} /> : <IconLinkOff size={15} />}
        </GraphTool>
      </DiffTools>
      <div className={classes['stage']}>
        {paneOf('a')}
        {paneOf('b')}
      </div>
    </>
  );
}

function withGroup(groups: ReadonlySet<string>, group: string, open: boolean): ReadonlySet<string> {
  const next = new Set(groups);
  if (open) next.add(group);
  else next.delete(group);
  return next;
}

type Sized = { readonly scene: { readonly width: number; readonly height: number } | null };

/** Which drawing needs the more room. */
function larger(a: Sized, b: Sized): Side {
  const size = ({ scene }: Sized): number => Math.max(scene?.width ?? 0, scene?.height ?? 0);
  return size(b) > size(a) ? 'b' : 'a';
}
