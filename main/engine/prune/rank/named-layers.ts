import { StudioError } from '../../../base/errors.ts';
import type { Model } from '../../graph/ir.ts';
import { factorableLayers, type FactorableLayer } from './factorable-layers.ts';

/** The layers that a recipe gives ranks. @throws RECIPE_INVALID */
export function namedLayers(model: Model, ranks: Readonly<Record<string, number>>): readonly FactorableLayer[] {
  const known = new Map(factorableLayers(model, new Set()).map((layer) => [layer.node.name, layer]));
  return Object.entries(ranks).map(([name, rank]) => {
    const layer = known.get(name);
    if (layer === undefined) {
      throw new StudioError('RECIPE_INVALID', `'${name}' cannot be written as two layers of low rank`, {
        hint: `Layers of one group with stored float32 weights can: ${[...known.keys()].slice(0, 3).join(', ')} …`,
      });
    }
    const most = Math.min(layer.outputs, layer.columns);
    if (rank > most) {
      throw new StudioError('RECIPE_INVALID', `The rank of '${name}' is ${rank}, expected at most ${most}`);
    }
    return layer;
  });
}
