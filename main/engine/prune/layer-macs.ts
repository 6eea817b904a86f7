import type { Model } from '../graph/ir.ts';
import { costOfLayers } from '../operators/cost.ts';
import { walkNodes } from '../graph/walk.ts';
import { inferModel } from '../operators/infer.ts';
import type { PrunableModel } from './prepare.ts';

/** Multiply–accumulates of each layer of the source for one sample, by its name; null where they cannot be known. */
export function layerMacs({
  model,
  layerOf,
}: Pick<PrunableModel, 'model' | 'layerOf'>): ReadonlyMap<string, number | null> {
  const inference = inferModel(model, { dims: onesForSymbols(model) });
  const nodes = [...walkNodes(model)];
  const macs = new Map<string, number | null>();
  // Costs are in the order of the walk; nodes of an inlined function add up to the call's.
  for (const [at, cost] of costOfLayers(model, inference).entries()) {
    const { name } = layerOf(nodes[at]!.node, cost.layer);
    const before = macs.get(name);
    macs.set(name, before === null || cost.macs === null ? null : (before ?? 0) + cost.macs);
  }
  return macs;
}

/** 1 for every symbolic or open dimension of the model's inputs, as `inferModel` takes them. */
export function onesForSymbols(model: Model): Readonly<Record<string, number>> {
  const dims: Record<string, number> = {};
  for (const { name, type } of model.graph.inputs) {
    if (type?.kind !== 'tensor') continue;
    for (const [axis, dim] of (type.shape ?? []).entries()) {
      if (typeof dim !== 'number') dims[dim ?? `${name}[${axis}]`] = 1;
    }
  }
  return dims;
}
