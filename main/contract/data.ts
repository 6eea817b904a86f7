/** How data becomes a model's input, and which part of a set is used for what. */
import { z } from 'zod';

/** How raw samples become a model's input. Everything has a default. */
export const preprocessingSchema = z
  .object({
    /** Images: the shorter side is scaled to this before the centre crop, pixels; null: stretched to the model's input. */
    resize: z.number().int().positive().nullable().default(null),
    /**
     * Images: scaled to fit into the model's input in whole, the rest filled with `fill` (0…255); `corner`: it stands top left.
     * Absent: as `resize` says. (Absent and not null, so that the ids of data sets stay what they were.)
     */
    letterbox: z
      .object({ fill: z.number().min(0).max(255).default(114), align: z.enum(['center', 'corner']).default('center') })
      .readonly()
      .optional(),
    /** Subtracted after scaling, in units of x/255; one for all channels or one for each in the model's order; []: none. */
    mean: z.array(z.number()).readonly().default([]),
    /** Divides after the mean; []: none. */
    std: z.array(z.number()).readonly().default([]),
    /** Multiplies raw values first; null: 1/255 for 8-bit data into float inputs, else 1. */
    scale: z.number().nullable().default(null),
    /** Order in which the model takes the channels; auto: RGB. gray: brightness. */
    channels: z.enum(['auto', 'rgb', 'bgr', 'gray']).default('auto'),
    /** Layout of the model's input; auto: told by its shape. */
    layout: z.enum(['auto', 'nchw', 'nhwc']).default('auto'),
    /** Added to every label: 1 for models whose class 0 is "background". */
    labelOffset: z.number().int().default(0),
  })
  .readonly();
export type Preprocessing = z.infer<typeof preprocessingSchema>;

/**
 * How a set that both calibrates and evaluates is cut in two: `share` of the samples, drawn by `seed` (of every class alike
 * where there are labels), calibrate; the others evaluate.
 */
export const splitSettingsSchema = z
  .object({
    /** Share of the samples for calibration, 0…1; the rest evaluates. */
    share: z.number().gt(0).lt(1).default(0.2),
    seed: z.number().int().nonnegative().default(0),
  })
  .readonly();
export type SplitSettings = z.infer<typeof splitSettingsSchema>;

/** The part of a set that is used. With 'all', seed and share mean nothing and are 0. */
export const splitSchema = z
  .object({
    part: z.enum(['all', 'calibration', 'evaluation']),
    seed: z.number().int().nonnegative(),
    /** Share of the set that is for calibration. */
    share: z.number().min(0).lt(1),
  })
  .readonly();
export type Split = z.infer<typeof splitSchema>;

/** The whole set, uncut. */
export const WHOLE_SET: Split = { part: 'all', seed: 0, share: 0 };

/** The data that a number is about: enough to tell whether two numbers are about the same samples. */
export const measuredDataSchema = z
  .object({
    /** Of the workspace; the path where there is none. */
    datasetId: z.string(),
    /** Changes when the files do. */
    fingerprint: z.string(),
    /** For people. */
    name: z.string(),
    split: splitSchema,
    preprocessing: preprocessingSchema,
    /** Samples that were used: the first so many of the split. */
    samples: z.number().int().nonnegative(),
  })
  .readonly();
export type MeasuredData = z.infer<typeof measuredDataSchema>;
