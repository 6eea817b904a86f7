/** Values that look wrong, found over a data set. */
import { z } from 'zod';

/** What makes a value suspect. */
export const SUSPICIONS = ['nan', 'infinite', 'denormal'] as const;
export type Suspicion = (typeof SUSPICIONS)[number];

const countSchema = z.object({
  elements: z.number(),
  /** Samples that have any. */
  samples: z.number(),
  /** The first of them, by its place in the data. */
  first: z.number(),
  /** Nothing that the layer takes has it: it begins here. */
  begins: z.boolean(),
});

export const suspectRowSchema = z.object({
  value: z.string(),
  /** null: an input of the model. */
  layer: z.string().nullable(),
  op: z.string(),
  shape: z.array(z.number()),
  /** Not a number, ±∞, smaller than the least normal number and not 0; null: none. */
  nan: countSchema.nullable(),
  infinite: countSchema.nullable(),
  denormal: countSchema.nullable(),
  /** Channels that are 0 everywhere on all samples; null: none. `channels`: the first of them. */
  dead: z.object({ axis: z.number(), count: z.number(), of: z.number(), channels: z.array(z.number()) }).nullable(),
});
export type SuspectRow = z.infer<typeof suspectRowSchema>;

export const suspectsSchema = z.object({
  /** The data. */
  on: z.string(),
  samples: z.number(),
  /** Values that were looked at. */
  values: z.number(),
  elements: z.number(),
  /** The suspect ones, in the order in which they are computed. */
  rows: z.array(suspectRowSchema),
});
export type Suspects = z.infer<typeof suspectsSchema>;
