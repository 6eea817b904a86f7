import { useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { useUi } from '../../state/ui.ts';
import type { GraphCanvas } from '../../viz/graph/graph-canvas.ts';
import { Minimap } from '../../viz/graph/minimap.ts';
import type { GraphPalette } from '../../viz/graph/palette.ts';
import type { Scene } from '../../viz/graph/scene.ts';
import classes from './GraphMap.module.css';

interface GraphMapProps {
  readonly canvas: GraphCanvas;
  readonly scene: Scene;
  readonly palette: GraphPalette;
}

/** The whole graph in little, over a corner of the canvas. What it does, keys and the outline do too. */
export function GraphMap(props: GraphMapProps): ReactNode {
  return useUi((state) => state.minimap) ? <LittleGraph {...props} /> : null;
}

function LittleGraph({ canvas, scene, palette }: GraphMapProps): ReactNode {
  const holder = useRef<HTMLCanvasElement>(null);
  const [map, setMap] = useState<Minimap | null>(null);
  useEffect(() => {
    if (holder.current === null) return;
    const made = new Minimap(holder.current, (x, y) => canvas.centre(x, y));
    setMap(made);
    return canvas.watch((seen) => made.setSeen(seen));
  }, [canvas]);
  useEffect(() => map?.setScene(scene, palette), [map, scene, palette]);
  return <canvas ref={holder} className={classes['map']} aria-hidden />;
}
