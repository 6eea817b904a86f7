import { useEffect, useRef, useState } from 'react';
import type { RefObject } from 'react';
import { GraphCanvas } from '../../viz/graph/graph-canvas.ts';
import type { GraphCanvasEvents } from '../../viz/graph/graph-canvas.ts';

/**
 * A graph drawn on the canvas of `holder`, as long as that is there; null before it is.
 * @param events called as the last render gave them
 */
export function useGraphCanvas(
  holder: RefObject<HTMLCanvasElement | null>,
  events: GraphCanvasEvents,
): GraphCanvas | null {
  const [canvas, setCanvas] = useState<GraphCanvas | null>(null);
  // The canvas calls back long after the render that made it.
  const latest = useRef(events);
  useEffect(() => {
    latest.current = events;
  });
  useEffect(() => {
    if (holder.current === null) return;
    const graph = new GraphCanvas(holder.current, {
      onSelect: (hit) => latest.current.onSelect(hit),
      onHover: (hit, at) => latest.current.onHover(hit, at),
      onOpen: (hit) => latest.current.onOpen(hit),
      onMenu: (hit, at) => latest.current.onMenu(hit, at),
      onCamera: (camera) => latest.current.onCamera(camera),
    });
    setCanvas(graph);
    return () => graph.dispose();
  }, [holder]);
  return canvas;
}
