/** One run, value by value: what every layer made, and where the run ended if it did not go through. */
import { z } from 'zod';

const tensorShape = z.object({
  name: z.string(),
  /** null: the runtime does not tell it. */
  dtype: z.string().nullable(),
  shape: z.array(z.number()).nullable(),
});

export const runFailureSchema = z.object({
  layer: z.string(),
  op: z.string(),
  /** Why, in plain words. */
  reason: z.string(),
  /** What to do about it. */
  advice: z.string(),
  /** The runtime's own words. */
  runtime: z.string(),
  /** What came to the layer; `values`: of a few integers, the integers themselves. */
  inputs: z.array(tensorShape.extend({ values: z.array(z.number()).nullable() })),
});
export type RunFailure = z.infer<typeof runFailureSchema>;

export const runReportSchema = z.object({
  /** What it ran on, in words. */
  on: z.string(),
  inputs: z.array(tensorShape),
  /** Layers of the main graph. */
  layers: z.number(),
  /** What was made, in the order in which it was, up to the layer that failed. */
  values: z.array(tensorShape.extend({ layer: z.string(), op: z.string() })),
  /** null: it went through. */
  failure: runFailureSchema.nullable(),
});
export type RunReport = z.infer<typeof runReportSchema>;
