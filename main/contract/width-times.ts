/** What was learnt of how long a model takes on this machine at other widths: timed once, kept, and asked of again. */
import { z } from 'zod';
import { targetSchema } from './measurement.ts';

export const widthTimesSchema = z.object({
  /** Of the widths, layers and tensors that were timed: another model with the same ones takes the same time. */
  shapes: z.string(),
  target: targetSchema,
  /** Threads within an operator. */
  threads: z.number(),
  /** Widths that were timed are multiples of this. */
  align: z.number(),
  /** Cuts that were timed. */
  cuts: z.number(),
  /** See `LatencyModel` of the judge. */
  fullMs: z.number(),
  block: z.number(),
  coefficients: z.array(z.number()),
  slope: z.number(),
  spread: z.number(),
  /** Unix milliseconds. */
  at: z.number(),
});
export type WidthTimes = z.infer<typeof widthTimesSchema>;

/** Times are learnt for one model at the widths that a step may choose. */
export const widthTimesRequestSchema = z.object({
  modelId: z.string(),
  align: z.number().int().min(1),
  minimum: z.number().int().min(1),
});

/** Which times are looked for. */
export const widthTimesKeySchema = z.object({ shapes: z.string(), align: z.number() });
