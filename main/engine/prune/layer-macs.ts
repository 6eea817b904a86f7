import type { Model } from '../graph/ir.ts';
import { costOfLayers } from '../operators/cost.ts';
import { inferModel } from '../operators/infer.ts';

/** Multiply–accumulates of each layer for one sample, by layer name; null where they cannot be known. */
export function layerMacs(model: Model): ReadonlyMap<string, number | null> {
  const inference = inferModel(model, { dims: onesForSymbols(model) });
  return new Map(costOfLayers(model, inference).map(({ layer, macs }) => [layer, macs]));
}

/** 1 for every symbolic or open dimension of the model's inputs, as `inferModel` takes them. */
function onesForSymbols(model: Model): Readonly<Record<string, number>> {
  const dims: Record<string, number> = {};
  for (const { name, type } of model.graph.inputs) {
    if (type?.kind !== 'tensor') continue;
    for (const [axis, dim] of (type.shape ?? []).entries()) {
      if (typeof dim !== 'number') dims[dim ?? `${name}[${axis}]`] = 1;
    }
  }
  return dims;
}
