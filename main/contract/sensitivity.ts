/** What each group of channels costs when it is cut alone: asked for, kept with the model, shown as a heat map. */
import { z } from 'zod';
import { splitSettingsSchema } from './data.ts';

/** Shares of a group that are kept, one column each. */
export const KEPT_SHARES = [0.875, 0.75, 0.625, 0.5, 0.375, 0.25] as const;

/** Samples at most: a difference between outputs shows on few. */
const MOST_SAMPLES = 128;

/**
 * By what the channels of a group go. `obs` fits the layers behind it again, as a cut with repair does; the others look at the
 * weights alone.
 */
const scoreSchema = z.enum(['l2', 'l1', 'bn-gamma', 'fpgm', 'random', 'obs']);

export const sensitivityRequestSchema = z.object({
  modelId: z.string(),
  calibrationDatasetId: z.string(),
  /** The data that accuracy is measured on: where it is the same set, that part is left out. */
  datasetId: z.string().nullable().default(null),
  split: splitSettingsSchema.prefault({}),
  score: scoreSchema.default('l2'),
  seed: z.number().int().nonnegative().default(0),
  limit: z.number().int().positive().max(MOST_SAMPLES).default(64),
});

const rowSchema = z.object({
  /** The group's name. */
  group: z.string(),
  /** One for each of `KEPT_SHARES`. */
  cells: z.array(
    z.object({
      /** Atoms that stay. */
      kept: z.number(),
      /** Distance of the outputs from the whole model's; null: they held NaN. */
      loss: z.number().nullable(),
    }),
  ),
  /** By `obs`, the score of each of the group's atoms, which only data tell; left out by other scores. */
  scores: z.array(z.number()).optional(),
});
export type SensitivityRow = z.infer<typeof rowSchema>;

export const sensitivitySchema = z.object({
  score: scoreSchema,
  seed: z.number(),
  /** What it was measured on, in words, and how to tell whether it is the same again. */
  data: z.object({ datasetId: z.string(), name: z.string(), key: z.string() }),
  samples: z.number(),
  /** divergence: KL of the softmax, in nats, mean over samples; error: squared error over the squared output. */
  measure: z.enum(['divergence', 'error']),
  /** In the order of the model. */
  rows: z.array(rowSchema),
  /** Groups of the model: more than rows while it is measured, or when that was stopped. */
  groups: z.number(),
});
export type Sensitivity = z.infer<typeof sensitivitySchema>;
