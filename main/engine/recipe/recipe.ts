import type { PruneStep } from '../prune/prune-step.ts';
import type { QuantizeStep } from '../quantize/quantize-step.ts';

/** One step of a recipe. */
export type RecipeStep = { readonly prune: PruneStep } | { readonly quantize: QuantizeStep };

/** An ordered list of steps that turns a model into another; no paths of a machine inside. */
export interface Recipe {
  readonly version: 1;
  readonly steps: readonly RecipeStep[];
}
