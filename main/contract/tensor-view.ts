/** One tensor looked into: a weight, or a value between layers on one sample. */
import { z } from 'zod';
import { tensorStatsSchema } from './results.ts';

const float32Array = z.custom<Float32Array>((value) => value instanceof Float32Array, 'expected a Float32Array');
const float64Array = z.custom<Float64Array>((value) => value instanceof Float64Array, 'expected a Float64Array');

/** What is looked into. */
export const tensorSourceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('weight'), tensor: z.string() }),
  /** On a sample of a data set; without one on made inputs, which are random. */
  z.object({
    kind: z.literal('value'),
    value: z.string(),
    datasetId: z.string().nullable(),
    sample: z.number().int().nonnegative(),
  }),
]);
export type TensorSource = z.infer<typeof tensorSourceSchema>;

export const tensorViewSchema = tensorStatsSchema.omit({ preview: true }).extend({
  /** Finite values too small for full precision: smaller than the least normal number of the type, and not 0. */
  denormal: z.number(),
  /** Ranges along an axis; null for scalars and text. */
  channels: z
    .object({
      axis: z.number(),
      min: float64Array,
      max: float64Array,
      mean: float64Array,
      zeros: float64Array,
      outliers: z.array(z.number()).readonly(),
    })
    .nullable(),
  picture: z
    .object({
      width: z.number(),
      height: z.number(),
      values: float32Array,
      tile: z.object({ height: z.number(), width: z.number(), across: z.number(), count: z.number() }),
      slices: z.number(),
      thinned: z.number(),
    })
    .nullable(),
  /** Weights with the same content: names of other tensors that are stored again. */
  duplicates: z.array(z.string()),
  /** Layers that read this weight; more than one: it is tied. */
  users: z.array(z.string()),
  /** For a value: what it was computed on, in words. */
  on: z.string().nullable(),
});
export type TensorView = z.infer<typeof tensorViewSchema>;

export const tensorPageSchema = z.object({
  offset: z.number(),
  values: z.union([float64Array, z.array(z.string())]),
});
export type TensorPage = z.infer<typeof tensorPageSchema>;
