import { useEffect } from 'react';
import { useOverlayData } from '../../../state/overlay-data.ts';
import { useOverlay } from '../../../state/overlay.ts';
import { excludedBy, useRecipe } from '../../../state/recipe.ts';
import { useSelection } from '../../../state/selection.ts';
import type { GraphCanvas } from '../../../viz/graph/graph-canvas.ts';
import type { ScopeGroup } from '../../../viz/graph/scope-tree.ts';
import { boxOverlays, recipeMarks } from '../model.ts';
import { useGraph } from '../store.ts';

interface GraphPaintProps {
  readonly canvas: GraphCanvas;
  readonly tree: ScopeGroup;
  /** The box that stands for a layer while the groups are as they are. */
  readonly boxOf: (layer: string) => string;
}

const NO_STRIPS: ReadonlyMap<string, Uint8Array> = new Map();

/**
 * Tells the canvas what layers are coloured and marked by. A component of its own that shows nothing: another overlay and every
 * move of the pointer then draw the canvas anew, and not the controls around it.
 */
export function GraphPaint({ canvas, tree, boxOf }: GraphPaintProps): null {
  const overlay = useOverlayData();
  const kind = useOverlay((state) => state.scale);
  const domain = useOverlay((state) => state.domain);
  const unquantized = useRecipe(({ draft, chosen }) => excludedBy(draft, 'quantize', chosen));
  const unpruned = useRecipe(({ draft, chosen }) => excludedBy(draft, 'prune', chosen));
  const layer = useSelection((state) => state.layer);
  const hover = useSelection((state) => state.hover);
  const lit = useSelection((state) => state.lit);
  const marked = useSelection((state) => state.marked);
  const group = useGraph((state) => state.group);
  const together = hover === null ? undefined : overlay?.together?.get(hover);

  useEffect(
    () => canvas.setOverlay(overlay === null ? null : boxOverlays(overlay, tree, { kind, domain })),
    [canvas, overlay, tree, kind, domain],
  );
  useEffect(() => canvas.setStrips(overlay?.strips ?? NO_STRIPS), [canvas, overlay]);
  useEffect(
    () => canvas.setMarks(recipeMarks({ prune: unpruned, quantize: unquantized })),
    [canvas, unpruned, unquantized],
  );
  useEffect(
    () => canvas.setSelection(layer === null ? group : boxOf(layer), hover === null ? null : boxOf(hover)),
    [canvas, layer, group, hover, boxOf],
  );
  useEffect(
    () => canvas.setLit(new Set([...(together ?? lit), ...marked].map(boxOf))),
    [canvas, together, lit, marked, boxOf],
  );
  return null;
}
