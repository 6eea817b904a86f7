import type { Model } from '../graph/ir.ts';
import { walkNodes } from '../graph/walk.ts';
import type { Sources } from '../passes/pass.ts';
import { groupLayers } from './group-layers.ts';

/** A model that was made of a source, with the layers of it that its nodes stand for; {}: those of their own names. */
export interface MadeOf {
  readonly model: Model;
  readonly sources: Sources;
}

/**
 * What the nodes of `b` stand for in `a`, both made of the same source: layers of `a` that stand for the same ones. Where
 * that is the layer of the node's own name, or none, nothing is said of it.
 * @returns names of layers of `a` by name of a node of `b`
 */
export function relativeSources(a: MadeOf, b: MadeOf): Sources {
  if (a.sources.size === 0) return b.sources;
  const inA = new Map<string, string[]>();
  for (const { name } of groupLayers(a.model).all) {
    for (const source of a.sources.get(name) ?? [name]) {
      const list = inA.get(source);
      if (list === undefined) inA.set(source, [name]);
      else list.push(name);
    }
  }
  const relative = new Map<string, readonly string[]>();
  for (const { layer } of walkNodes(b.model)) {
    const found = (b.sources.get(layer) ?? [layer]).flatMap((source) => inA.get(source) ?? []);
    const layers = [...new Set(found)];
    if (layers.length > 1 || (layers.length === 1 && layers[0] !== layer)) relative.set(layer, layers);
  }
  return relative;
}
