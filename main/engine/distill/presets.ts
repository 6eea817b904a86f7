import type { DistillPreset } from '../../contract/recipe/distill.ts';
import type { Optimizer } from '../autograd/optimizer.ts';
import type { RateRule } from './rate-test.ts';

/** How weights are updated for a preset. */
export interface PresetRecipe {
  readonly optimizer: Optimizer;
  /** Where no rate is given: how it is chosen from a short test. */
  readonly rateRule: RateRule;
}

/** Above 1.25 times the least loss a rate does harm. */
const HARM = 1.25;

const ADAM: PresetRecipe = { optimizer: { kind: 'adam' }, rateRule: { share: 0.4, harm: HARM } };
/** Transformers keep their weights small. */
const ADAMW: PresetRecipe = { optimizer: { kind: 'adamw', weightDecay: 0.01 }, rateRule: { share: 0.4, harm: HARM } };
/**
 * Goes further in as many steps. All of a matrix's directions move alike from the first step on, so that harm is seen later and it takes
 * less of the rate: a cut ResNet-20 comes to 0.155 of the features' error in 300 steps at 0.16, to 0.163 at 0.4.
 */
const MUON: PresetRecipe = { optimizer: { kind: 'muon' }, rateRule: { share: 0.16, harm: HARM } };

/**
 * What is rounded comes to harm sooner than a few steps tell: codes go on changing to and fro. MobileNetV2 with weights of 4 bits rounded in turn
 * (200 photographs): the test's loss is a twentieth above its least at a rate of 1.4·10⁻⁴ and a quarter at 4.6·10⁻⁴, and at 0.4 of the latter training
 * made it half as large again within ten steps.
 */
const ROUNDED: PresetRecipe = { optimizer: { kind: 'adam' }, rateRule: { share: 0.4, harm: 1.05 } };

const RECIPES: Readonly<Record<DistillPreset, PresetRecipe>> = {
  'pruned-cnn': MUON,
  'pruned-transformer': ADAMW,
  quantized: ROUNDED,
  'low-bit': ROUNDED,
  blocks: ADAM,
  labels: ADAMW,
};

export function recipeOfPreset(preset: DistillPreset): PresetRecipe {
  return RECIPES[preset];
}
