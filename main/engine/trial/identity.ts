import { createHash } from 'node:crypto';
import type { Split } from '../../contract/data.ts';
import { needsCalibration } from '../../contract/recipe/kinds.ts';
import type { Recipe } from '../../contract/recipe/recipe.ts';
import type { StepMachine } from '../../contract/recipe/step-kind.ts';
import { canonicalRecipe } from '../../judge/recipe/canonical.ts';

export interface TrialIdentity {
  /** SHA-256 of the model's bytes. */
  readonly modelId: string;
  readonly recipe: Recipe;
  /** The data that calibrate it; null: none. Of no account to recipes that need none. */
  readonly calibration: { readonly datasetId: string; readonly split: Split } | null;
}

/**
 * The id of a trial: the same recipe on the same model with the same calibration data is the same trial, however it is
 * written down; a setting at its default and a step that is switched off change nothing.
 * @param machine decides what the recipe leaves open, before the id is made
 * @returns 32 hexadecimal digits
 */
export function trialId({ modelId, recipe, calibration }: TrialIdentity, machine: StepMachine): string {
  const data = calibration === null || !needsCalibration(recipe) ? null : calibration;
  const split = data?.split.part === 'calibration' ? [data.split.seed, data.split.share] : null;
  const key = JSON.stringify([modelId, canonicalRecipe(recipe, machine), data?.datasetId ?? null, split]);
  return createHash('sha256').update(key).digest('hex').slice(0, 32);
}
