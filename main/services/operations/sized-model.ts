import type { Model } from '../../engine/graph/ir.ts';
import { costOfLayers, type LayerCost } from '../../engine/operators/cost.ts';
import type { Inference } from '../../engine/operators/inference.ts';
import { assumeDims } from '../../engine/runtime/assume-dims.ts';

/** A model at certain sizes of its inputs. */
export interface SizedModel {
  /** Sizes that nobody stated. */
  readonly assumedDims: Readonly<Record<string, number>>;
  readonly inference: Inference;
  /** In the order of `walkNodes`. */
  readonly costs: readonly LayerCost[];
}

interface Entry {
  readonly key: string;
  readonly sized: SizedModel;
}

const entries = new WeakMap<Model, Entry>();

/** Shapes and costs with the sizes that a profile would choose. Kept for the last sizes of each model that is open. */
export function sizedModel(model: Model, dims: Readonly<Record<string, number>>): SizedModel {
  const key = JSON.stringify(dims);
  const known = entries.get(model);
  if (known?.key === key) return known.sized;
  const { dims: assumedDims, inference } = assumeDims(model, { batch: 1, dims });
  const sized = { assumedDims, inference, costs: costOfLayers(model, inference) };
  entries.set(model, { key, sized });
  return sized;
}
