import type { DistillPreset } from '../../contract/recipe/distill.ts';
import type { Optimizer } from '../autograd/optimizer.ts';

/** How weights are updated for a preset. */
export interface PresetRecipe {
  readonly optimizer: Optimizer;
}

const ADAM: Optimizer = { kind: 'adam' };
/** Transformers keep their weights small. */
const ADAMW: Optimizer = { kind: 'adamw', weightDecay: 0.01 };

const RECIPES: Readonly<Record<DistillPreset, PresetRecipe>> = {
  'pruned-cnn': { optimizer: ADAM },
  'pruned-transformer': { optimizer: ADAMW },
  quantized: { optimizer: ADAM },
  'low-bit': { optimizer: ADAM },
  blocks: { optimizer: ADAM },
  labels: { optimizer: ADAMW },
};

export function recipeOfPreset(preset: DistillPreset): PresetRecipe {
  return RECIPES[preset];
}
