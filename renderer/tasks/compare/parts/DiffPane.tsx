import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import { ErrorState } from '../../../design/ErrorState.tsx';
import { LoadingState } from '../../../design/LoadingState.tsx';
import { useUi } from '../../../state/ui.ts';
import type { EdgeLook } from '../../../viz/graph/draw.ts';
import type { GraphCanvas, GraphHit } from '../../../viz/graph/graph-canvas.ts';
import { DARK_PALETTE, LIGHT_PALETTE } from '../../../viz/graph/palette.ts';
import { groupsIn } from '../../../viz/graph/scope-tree.ts';
import { GraphMap } from '../../../widgets/graph/GraphMap.tsx';
import { graphKey } from '../../../widgets/graph/graph-key.ts';
import { useGraphCanvas } from '../../../widgets/graph/use-graph-canvas.ts';
import { countIn, diffOverlays } from '../diff-looks.ts';
import type { StatusOf } from '../diff-looks.ts';
import type { DiffDrawing } from '../use-diff-drawing.ts';
import { DiffCard } from './DiffCard.tsx';
import surface from '../../../widgets/graph/GraphSurface.module.css';
import classes from './DiffGraphs.module.css';

interface DiffPaneProps {
  /** "A: baseline". */
  readonly title: string;
  readonly drawing: DiffDrawing;
  readonly statusOf: StatusOf;
  readonly edgeLooks: ReadonlyMap<string, EdgeLook> | null;
  /** Layers that are selected and pointed at, by their names here; the first is the one, the others are lit with it. */
  readonly selected: readonly string[];
  readonly hovered: readonly string[];
  /** @param seen it was picked here with the pointer */
  readonly onSelect: (layer: string | null, seen: boolean) => void;
  readonly onHover: (layer: string | null) => void;
  readonly onToggle: (group: string) => void;
  /** The camera was moved here, not by a drawing that it follows. */
  readonly onCamera: () => void;
  /** Null when it goes. */
  readonly onCanvas: (canvas: GraphCanvas | null) => void;
}

interface Pointed {
  readonly hit: GraphHit;
  readonly at: { readonly x: number; readonly y: number };
}

/** One graph of a comparison. */
export function DiffPane(props: DiffPaneProps): ReactNode {
  const { title, drawing, statusOf, edgeLooks, selected, hovered, onSelect, onHover, onToggle, onCanvas } = props;
  const { tree, expanded, scene, labels, boxOf } = drawing;
  const holder = useRef<HTMLCanvasElement>(null);
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const [group, setGroup] = useState<string | null>(null);
  const scheme = useComputedColorScheme('light');
  const wheel = useUi((state) => state.wheel);
  const canvas = useGraphCanvas(holder, {
    onSelect: (hit) => {
      setGroup(hit?.kind === 'group' || hit?.kind === 'frame' ? hit.id : null);
      onSelect(hit?.kind === 'layer' ? hit.id : null, true);
    },
    onHover: (hit, at) => {
      onHover(hit?.kind === 'layer' ? hit.id : null);
      setPointed(hit === null || hit.kind === 'frame' ? null : { hit, at });
    },
    onOpen: (hit) => {
      if (hit.kind === 'group' || hit.kind === 'frame') onToggle(hit.id);
    },
    onMenu: () => undefined,
    onCamera: () => {
      setPointed(null);
      props.onCamera();
    },
  });
  useEffect(() => {
    onCanvas(canvas);
    return () => onCanvas(null);
  }, [canvas, onCanvas]);

  const drawn = useRef(false);
  useEffect(() => {
    if (canvas === null || scene === null) return;
    canvas.setScene(scene, labels, drawing.anchor);
    if (!drawn.current) canvas.home();
    drawn.current = true;
    // The anchor is of the change that made this scene.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [canvas, scene, labels]);

  const palette = scheme === 'dark' ? DARK_PALETTE : LIGHT_PALETTE;
  const overlays = useMemo(() => diffOverlays(statusOf, tree), [statusOf, tree]);
  useEffect(() => canvas?.setPalette(palette), [canvas, palette]);
  useEffect(() => canvas?.setWheel(wheel), [canvas, wheel]);
  useEffect(() => canvas?.setOverlay(overlays), [canvas, overlays]);
  useEffect(() => canvas?.setEdgeLooks(edgeLooks), [canvas, edgeLooks]);
  const [first, ...others] = selected;
  const [under, ...beside] = hovered;
  const chosen = first === undefined ? group : boxOf(first);
  const pointedAt = under === undefined ? null : boxOf(under);
  const lit = [...others, ...beside].map(boxOf).join('\u0000');
  useEffect(() => {
    canvas?.setSelection(chosen, pointedAt);
    canvas?.setLit(new Set(lit === '' ? [] : lit.split('\u0000')));
  }, [canvas, chosen, pointedAt, lit]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const step = graphKey(event, drawing.view, first ?? null);
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (step === 'fit') canvas?.fit();
    else if (step === 'clear') onSelect(null, true);
    else if (step !== 'toggle') onSelect(step.layer, false);
    else if (chosen !== null && groupsIn(tree).has(chosen)) onToggle(chosen);
  };

  const card = pointed === null ? undefined : cardOf(pointed.hit, drawing, statusOf);
  return (
    <section className={classes['pane']} aria-label={title}>
      <header className={classes['title']}>{title}</header>
      <canvas
        ref={holder}
        className={surface['canvas']}
        tabIndex={0}
        role="img"
        aria-label={`${title}: graph of ${drawing.view.nodes.length} layers. Every layer is also in the table.`}
        aria-busy={drawing.busy}
        onKeyDown={onKeyDown}
      />
      {canvas !== null && scene !== null && <GraphMap canvas={canvas} scene={scene} palette={palette} />}
      {drawing.error !== null && (
        <div className={classes['veil']}>
          <ErrorState
            error={{ message: `The graph could not be laid out: ${drawing.error}`, hint: 'Fold some groups.' }}
          />
        </div>
      )}
      {drawing.busy && scene === null && drawing.error === null && (
        <div className={classes['veil']}>
          <LoadingState>{`Laying out ${drawing.view.nodes.length.toLocaleString('en')} layers…`}</LoadingState>
        </div>
      )}
      {card !== undefined && pointed !== null && (
        <DiffCard {...card} at={pointed.at} open={expanded.has(pointed.hit.id)} />
      )}
    </section>
  );
}

function cardOf({ id, kind }: GraphHit, { tree, rowOf }: DiffDrawing, statusOf: StatusOf) {
  const group = kind === 'group' ? groupsIn(tree).get(id) : undefined;
  if (group !== undefined) return { group: { title: id, counts: countIn(group, statusOf) } };
  const row = rowOf.get(id);
  return row === undefined ? undefined : { row };
}
