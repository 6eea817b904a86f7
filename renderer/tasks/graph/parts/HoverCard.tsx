import { memo } from 'react';
import type { ReactNode } from 'react';
import { formatShape } from '../../../../main/judge/format.ts';
import { factsByName, useLayerFacts } from '../../../state/layer-facts.ts';
import { useOverlayData } from '../../../state/overlay-data.ts';
import type { GraphHit } from '../../../viz/graph/graph-canvas.ts';
import { groupsIn } from '../../../viz/graph/scope-tree.ts';
import type { ScopeGroup } from '../../../viz/graph/scope-tree.ts';
import { overlayText } from '../model.ts';
import surface from '../../../widgets/graph/GraphSurface.module.css';
import { useGraph } from '../store.ts';

/** What is under the pointer, readable at any zoom. */
export function HoverCard({ tree }: { readonly tree: ScopeGroup }): ReactNode {
  const pointed = useGraph((state) => state.pointed);
  if (pointed === null) return null;
  const { hit, at } = pointed;
  const left = Math.min(at.x + 14, window.innerWidth - 340);
  const top = Math.min(at.y + 16, window.innerHeight - 90);
  return (
    <div className={surface['holder']} style={{ transform: `translate(${left}px, ${top}px)` }} aria-hidden>
      <Card kind={hit.kind} id={hit.id} tree={tree} />
    </div>
  );
}

/** Drawn again for another box, not for every move on the same one. */
const Card = memo(function Card({ kind, id, tree }: GraphHit & { readonly tree: ScopeGroup }): ReactNode {
  const layers = useLayerFacts();
  const overlay = useOverlayData();
  const layer = kind === 'layer' ? factsByName(layers).get(id) : undefined;
  const group = kind === 'group' ? groupsIn(tree).get(id) : undefined;
  if (layer === undefined && group === undefined) return null;
  const value = layer === undefined ? undefined : overlay?.values.get(layer.name);
  const note = layer === undefined ? undefined : overlay?.notes?.get(layer.name);
  return (
    <div className={surface['card']}>
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
});
