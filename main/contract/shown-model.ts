import { z } from 'zod';
import { layerTableSchema } from './layers.ts';
import { graphViewSchema, openedModelSchema, trialSchema } from './studio.ts';

/** A model with all that its first picture needs, told at once. */
export const shownModelSchema = z.object({
  model: openedModelSchema,
  trials: z.array(trialSchema),
  /** Of the baseline, as `trial.layers` and `trial.graph` tell them; null: to be asked for. */
  layers: layerTableSchema.nullable(),
  graph: graphViewSchema.nullable(),
});
export type ShownModel = z.infer<typeof shownModelSchema>;
