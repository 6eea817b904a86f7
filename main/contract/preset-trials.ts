/** Ways to prepare images, each tried on some labelled samples. */
import { z } from 'zod';
import { PRESETS } from './preprocessing-presets.ts';
import { metricSchema } from './results.ts';

/** As many samples as tell presets apart that matter: at 50 % the interval of 100 is ±10 %. */
export const PRESET_TRIAL_SAMPLES = 100;

export const presetTrialsSchema = z.object({
  /** Samples that each was tried on, the same for all, drawn of every class alike. */
  samples: z.number(),
  /** What is guessed from model and data alone. */
  guess: z.enum(PRESETS),
  /** One row for each preset, in the order of the presets. */
  rows: z.array(
    z.object({
      preset: z.enum(PRESETS),
      /** Top-1 accuracy with its 95 % interval; null: it could not be tried. */
      top1: metricSchema.nullable(),
      /** Why it could not be tried. */
      problem: z.string().nullable(),
    }),
  ),
  /** The most accurate; null: none could be tried. */
  best: z.enum(PRESETS).nullable(),
  /** Others that are as good, as far as the samples tell: their intervals meet the best's. */
  rivals: z.array(z.enum(PRESETS)),
});
export type PresetTrials = z.infer<typeof presetTrialsSchema>;
