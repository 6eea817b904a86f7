import { Button, useComputedColorScheme } from '@mantine/core';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import type { GraphView } from '../../../main/contract/studio.ts';
import { ErrorState } from '../../design/ErrorState.tsx';
import { LoadingState } from '../../design/LoadingState.tsx';
import { useOverlayData } from '../../state/overlay-data.ts';
import { useOverlay } from '../../state/overlay.ts';
import { clearSelection, selectLayer, useSelection } from '../../state/selection.ts';
import { useSession } from '../../state/session.ts';
import { openPanel, useUi } from '../../state/ui.ts';
import type { GraphCanvas, GraphHit } from '../../viz/graph/graph-canvas.ts';
import { DARK_PALETTE, LIGHT_PALETTE } from '../../viz/graph/palette.ts';
import { bodiesOf, drawnBox, groupsAround } from '../../viz/graph/scope-tree.ts';
import { GraphMap } from '../../widgets/graph/GraphMap.tsx';
import { PictureDialog } from '../../widgets/graph/PictureDialog.tsx';
import { edgeWeights } from '../../widgets/graph/drawn-graph.ts';
import { graphKey } from '../../widgets/graph/graph-key.ts';
import { useGraphCanvas } from '../../widgets/graph/use-graph-canvas.ts';
import surface from '../../widgets/graph/GraphSurface.module.css';
import classes from './GraphStage.module.css';
import { endFirstPicture, firstCamera } from './first-picture.ts';
import { pictureLegend } from './model.ts';
import { Breadcrumb } from './parts/Breadcrumb.tsx';
import { GraphPaint } from './parts/GraphPaint.tsx';
import { GraphToolbar } from './parts/GraphToolbar.tsx';
import { HoverCard } from './parts/HoverCard.tsx';
import { LayerMenu } from './parts/LayerMenu.tsx';
import { Legend } from './parts/Legend.tsx';
import { useGraph } from './store.ts';
import { useGraphScene } from './use-graph-scene.ts';

interface GraphStageProps {
  readonly trialId: string;
  readonly view: GraphView;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The canvas with what lies over it: overlay chooser, legend, menu, hover card. */
export function GraphStage({ trialId, view }: GraphStageProps): ReactNode {
  const holder = useRef<HTMLCanvasElement>(null);
  const [menu, setMenu] = useState<{ hit: GraphHit; at: Point } | null>(null);
  const { source, standIns, tree, expanded, scene, busy, error } = useGraphScene(trialId, view);
  const scheme = useComputedColorScheme('light');
  const wheel = useUi((state) => state.wheel);
  const layer = useSelection((state) => state.layer);
  const revision = useSelection((state) => state.revision);
  const group = useGraph((state) => state.group);
  const picturing = useGraph((state) => state.picturing);

  const toggle = (id: string): void => {
    const open = new Set(expanded);
    if (!open.delete(id)) open.add(id);
    useGraph.getState().setExpanded(trialId, open, id);
  };
  /** Opens the subgraphs of a layer or the function that it calls, or folds them; of any other layer what is known of it. */
  const openLayer = (layer: string): void => {
    const bodies = bodiesOf(tree, layer);
    if (bodies.length === 0) return openPanel('properties');
    const folds = bodies.every((id) => expanded.has(id));
    const others = [...expanded].filter((id) => !bodies.includes(id));
    useGraph.getState().setExpanded(trialId, new Set(folds ? others : [...others, ...bodies]), layer);
  };

  const canvas = useGraphCanvas(holder, {
    onSelect: (hit) => {
      const grouped = hit?.kind === 'group' || hit?.kind === 'frame';
      selectLayer(hit?.kind === 'layer' ? hit.id : null, 'graph');
      if (grouped) useGraph.getState().setGroup(hit.id);
    },
    onHover: (hit, at) => {
      useSelection.getState().setHover(hit === null || hit.kind === 'input' || hit.kind === 'output' ? null : hit.id);
      useGraph.getState().setPointed(hit === null || hit.kind === 'frame' ? null : { hit, at });
    },
    onOpen: (hit) => {
      if (hit.kind === 'group' || hit.kind === 'frame') toggle(hit.id);
      else if (hit.kind === 'layer') openLayer(hit.id);
    },
    onMenu: (hit, at) => {
      if (hit.kind === 'input' || hit.kind === 'output') return;
      if (hit.kind === 'layer') selectLayer(hit.id, 'graph');
      useGraph.getState().setPointed(null);
      setMenu({ hit, at });
    },
    onCamera: (camera) => {
      useGraph.getState().setPointed(null);
      useGraph.getState().cameras.set(trialId, camera);
    },
  });

  useEffect(() => {
    useGraph.getState().setCanvas(canvas);
    return () => {
      useGraph.getState().setCanvas(null);
      useGraph.getState().setPointed(null);
      useSelection.getState().setHover(null);
    };
  }, [canvas]);

  /** The open groups of the drawing that is shown, to go back to while another one is made. */
  const laidOut = useRef(expanded);
  useEffect(() => {
    if (!busy) laidOut.current = expanded;
  }, [busy, expanded]);

  const drawn = useRef(false);
  useEffect(() => {
    if (canvas === null || scene === null) return;
    canvas.setScene(scene, source.edgeLabels, useGraph.getState().anchor);
    if (drawn.current) return;
    drawn.current = true;
    const camera = useGraph.getState().cameras.get(trialId) ?? firstCamera(trialId, holder.current!);
    if (camera === null) canvas.home();
    else canvas.setCamera(camera);
    requestAnimationFrame(() => {
      performance.mark('lapidary:picture');
      performance.mark('lapidary:window');
      endFirstPicture();
    });
  }, [canvas, scene, source, trialId]);

  const palette = scheme === 'dark' ? DARK_PALETTE : LIGHT_PALETTE;
  const wideEdges = useUi((state) => state.wideEdges);
  useEffect(() => canvas?.setPalette(palette), [canvas, palette]);
  useEffect(() => canvas?.setEdgeWeights(wideEdges ? edgeWeights(view) : null), [canvas, wideEdges, view]);
  useEffect(() => canvas?.setWheel(wheel), [canvas, wheel]);
  const boxOf = useCallback(
    (name: string) => drawnBox(tree, expanded, standIns.get(name) ?? name),
    [tree, expanded, standIns],
  );

  useEffect(() => {
    if (canvas === null || scene === null || layer === null || useSelection.getState().source === 'graph') return;
    const drawnAs = standIns.get(layer) ?? layer;
    const folded = groupsAround(tree, drawnAs).filter((id) => !expanded.has(id));
    if (folded.length > 0)
      useGraph.getState().setExpanded(trialId, new Set([...expanded, ...folded]), folded[0] ?? null);
    else canvas.reveal(drawnAs);
    // A new selection reveals once, and again when the group around it has been opened and laid out.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [canvas, scene, revision]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const step = graphKey(event, view, layer);
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (step === 'fit') canvas?.fit();
    else if (step === 'clear') clearSelection();
    else if (step === 'toggle') {
      if (group !== null) toggle(group);
      else if (layer === null) openPanel('properties');
      else openLayer(layer);
    } else selectLayer(step.layer, 'command');
  };

  return (
    <div className={classes['stage']}>
      <canvas
        ref={holder}
        className={surface['canvas']}
        tabIndex={0}
        role="img"
        aria-label={`Graph of ${view.nodes.length} layers. Every layer is also in the table "Layers" and in the outline.`}
        aria-busy={busy}
        onKeyDown={onKeyDown}
      />
      <GraphToolbar tree={tree} trialId={trialId} expanded={expanded} />
      {canvas !== null && scene !== null && <GraphMap canvas={canvas} scene={scene} palette={palette} />}
      {canvas !== null && scene !== null && (
        <Breadcrumb canvas={canvas} scene={scene} tree={tree} expanded={expanded} selected={group ?? layer} />
      )}
      {canvas !== null && <GraphPaint canvas={canvas} tree={tree} boxOf={boxOf} />}
      <Legend />
      {error !== null && (
        <div className={classes['veil']}>
          <ErrorState error={{ message: `The graph could not be laid out: ${error}`, hint: 'Fold some groups.' }} />
        </div>
      )}
      {busy && scene === null && error === null && (
        <div className={classes['veil']}>
          <LoadingState>{`Laying out ${source.nodes.length.toLocaleString('en')} layers…`}</LoadingState>
        </div>
      )}
      {busy && scene !== null && (
        <output className={classes['busy']}>
          Laying out…
          <Button variant="default" onClick={() => useGraph.getState().setExpanded(trialId, laidOut.current)}>
            Cancel
          </Button>
        </output>
      )}
      {canvas !== null && picturing && <Picturing canvas={canvas} view={view} />}
      {menu === null && <HoverCard tree={tree} />}
      {menu !== null && (
        <LayerMenu
          hit={menu.hit}
          at={menu.at}
          tree={tree}
          open={expanded.has(menu.hit.id) || bodiesOf(tree, menu.hit.id).every((id) => expanded.has(id))}
          onToggle={() => (menu.hit.kind === 'layer' ? openLayer(menu.hit.id) : toggle(menu.hit.id))}
          onClose={() => setMenu(null)}
        />
      )}
    </div>
  );
}

/** Asks how the picture is to be saved. */
function Picturing({ canvas, view }: { readonly canvas: GraphCanvas; readonly view: GraphView }): ReactNode {
  const name = useSession((state) => state.model?.entry.name.replace(/\.onnx$/u, '') ?? 'graph');
  const overlay = useOverlayData();
  const kind = useOverlay((state) => state.scale);
  const domain = useOverlay((state) => state.domain);
  return (
    <PictureDialog
      canvas={canvas}
      name={name}
      legend={pictureLegend(overlay, view, { kind, domain })}
      onClose={() => useGraph.setState({ picturing: false })}
    />
  );
}
