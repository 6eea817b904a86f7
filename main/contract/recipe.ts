/** The recipe format, version 1: an ordered list of steps that turns a model into another. No paths inside. */
import { z } from 'zod';

const layerNames = z.array(z.string());

export const pruneStepSchema = z.strictObject({
  structure: z.literal('element'),
  score: z.enum(['l1', 'l2']).default('l1'),
  /** global: one threshold over all layers; layer: the same sparsity in each. */
  scope: z.enum(['global', 'layer']).default('global'),
  /** Share of the prunable weights set to zero, 0…1. */
  sparsity: z.number().min(0).max(1),
  /** Layers left alone. */
  exclude: layerNames.default([]),
});

export const quantizeStepSchema = z.strictObject({
  scheme: z.literal('int8-static'),
  calibrator: z.literal('minmax').default('minmax'),
  perChannel: z.boolean().default(true),
  /** true: weights in 7 bits; 'auto': where the CPU lacks VNNI. A recipe kept with a trial holds the resolved value. */
  reduceRange: z.union([z.boolean(), z.literal('auto')]).default('auto'),
  /** Calibration samples taken from the start of the data. */
  samples: z.number().int().positive().default(200),
  exclude: layerNames.default([]),
});

export const recipeStepSchema = z.union([
  z.strictObject({ prune: pruneStepSchema }),
  z.strictObject({ quantize: quantizeStepSchema }),
]);

export const recipeSchema = z.strictObject({ version: z.literal(1), steps: z.array(recipeStepSchema).default([]) });

export type Recipe = z.infer<typeof recipeSchema>;
export type RecipeStep = z.infer<typeof recipeStepSchema>;
export type PruneStep = z.infer<typeof pruneStepSchema>;
export type QuantizeStep = z.infer<typeof quantizeStepSchema>;
