/** A search for the precisions of layers: what is asked of it, and what it found. */
import { z } from 'zod';
import { splitSettingsSchema } from './data.ts';
import { runSettingsSchema } from './machine.ts';
import { recipeSchema } from './recipe/recipe.ts';

/** What a trial must keep: accuracy (without labels agreement with the float model), or the outputs' signal over noise. */
export const searchFloorSchema = z.union([
  z.strictObject({ maxDrop: z.number().min(0).max(1) }),
  z.strictObject({ minSqnrDb: z.number() }),
]);
export type SearchFloor = z.infer<typeof searchFloorSchema>;

const minimizeSchema = z.enum(['latency', 'size']);
export type Minimized = z.infer<typeof minimizeSchema>;

/** Trials and calibration samples where nobody says otherwise. */
export const SEARCH_DEFAULTS = { trials: 20, samples: 200, maxDrop: 0.005 } as const;

export const searchRequestSchema = z.object({
  modelId: z.string(),
  calibrationDatasetId: z.string(),
  /** The set that trials are evaluated on; the same one is cut in two. */
  datasetId: z.string(),
  split: splitSettingsSchema.prefault({}),
  /** Evaluation samples; null: all of the part. */
  limit: z.number().int().positive().nullable().default(null),
  floor: searchFloorSchema.default({ maxDrop: SEARCH_DEFAULTS.maxDrop }),
  minimize: minimizeSchema.default('latency'),
  trials: z.number().int().positive().default(SEARCH_DEFAULTS.trials),
  /** After which no other trial is begun; null: no limit. */
  timeMs: z.number().positive().nullable().default(null),
  samples: z.number().int().positive().default(SEARCH_DEFAULTS.samples),
  settings: runSettingsSchema.prefault({}),
});
export type SearchRequest = z.infer<typeof searchRequestSchema>;

export const searchResultSchema = z.object({
  floor: searchFloorSchema,
  minimize: minimizeSchema,
  /** In the order in which they were tried. */
  trials: z.array(
    z.object({
      id: z.string(),
      recipe: recipeSchema,
      /** How it came about. */
      name: z.string(),
      metrics: z.object({
        /** Accuracy of the float model minus the trial's; null without labels. */
        drop: z.number().nullable(),
        /** With the float model; null: the outputs are no scores. */
        agreement: z.number().nullable(),
        sqnrDb: z.number().nullable(),
      }),
      /** `ratio`: over the float model's, timed in turns. */
      latency: z.object({ ms: z.number(), ratio: z.number() }),
      bytes: z.number(),
      /** Whether it keeps the floor. */
      keeps: z.boolean(),
      predicted: z.object({ latencyRatio: z.number(), sqnrDb: z.number() }).nullable(),
    }),
  ),
  /** Ids of the trials that no other one beats in both cost and quality, the least cost first. */
  front: z.array(z.string()),
  /** The one that keeps the floor and takes the least; null: none keeps it. */
  best: z.string().nullable(),
});
export type SearchResult = z.infer<typeof searchResultSchema>;
