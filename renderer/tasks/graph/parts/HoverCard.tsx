import type { ReactNode } from 'react';
import { formatShape } from '../../../../main/judge/format.ts';
import { factsByName, useLayerFacts } from '../../../state/layer-facts.ts';
import type { OverlayData } from '../../../state/overlay.ts';
import type { GraphHit } from '../../../viz/graph/graph-canvas.ts';
import { groupsIn } from '../../../viz/graph/scope-tree.ts';
import type { ScopeGroup } from '../../../viz/graph/scope-tree.ts';
import { overlayText } from '../model.ts';
import surface from '../../../widgets/graph/GraphSurface.module.css';

interface HoverCardProps {
  readonly hit: GraphHit;
  /** Window coordinates. */
  readonly at: { readonly x: number; readonly y: number };
  readonly overlay: OverlayData | null;
  readonly tree: ScopeGroup;
}

/** What is under the pointer, readable at any zoom. */
export function HoverCard({ hit, at, overlay, tree }: HoverCardProps): ReactNode {
  const layers = useLayerFacts();
  const layer = hit.kind === 'layer' ? factsByName(layers).get(hit.id) : undefined;
  const group = hit.kind === 'group' ? groupsIn(tree).get(hit.id) : undefined;
  if (layer === undefined && group === undefined) return null;
  const value = layer === undefined ? undefined : overlay?.values.get(layer.name);
  const note = layer === undefined ? undefined : overlay?.notes?.get(layer.name);
  const left = Math.min(at.x + 14, window.innerWidth - 340);
  const top = Math.min(at.y + 16, window.innerHeight - 90);
  return (
    <div className={surface['card']} style={{ left, top }} aria-hidden>
      <div className={surface['name']}>{layer?.name ?? group?.id}</div>
      <div className="lap-muted">
        {layer === undefined
          ? `${group?.layers ?? 0} layers · double click to open`
          : `${layer.op} · ${formatShape(layer.shape)} ${layer.dtype ?? ''}`}
      </div>
      {overlay !== null && value !== undefined && (
        <div>
          {overlay.title} <b>{overlayText(overlay, value)}</b>
        </div>
      )}
      {note !== undefined && <div className="lap-muted">{note}</div>}
    </div>
  );
}
