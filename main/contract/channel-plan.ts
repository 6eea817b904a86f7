/** What the window must know of a model to answer in the same frame when whole channels are pruned. */
import { z } from 'zod';

const float64Array = z.custom<Float64Array>((value) => value instanceof Float64Array, 'expected a Float64Array');

/** The size of an axis: what always stays, and so many elements for each atom that a group keeps. */
const axisSchema = z.object({
  fixed: z.number(),
  parts: z.array(z.object({ group: z.number(), each: z.number() })),
});

/** See `judge/predict/widths.ts`, which reads it. */
const widthModelSchema = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['channel', 'unit', 'head']),
      atoms: z.number(),
      each: z.number(),
      layers: z.array(z.string()),
    }),
  ),
  axes: z.array(axisSchema),
  tensors: z.array(
    z.object({
      axes: z.array(z.number()),
      elements: z.number(),
      bytesEach: z.number(),
      isParameter: z.boolean(),
    }),
  ),
  layers: z.array(
    z.object({
      name: z.string(),
      op: z.string(),
      macs: z.number(),
      tensors: z.array(z.number()),
      axes: z.array(z.number()),
      inputAxes: z.array(z.number()),
    }),
  ),
});

/** Scores of a group's atoms, in the order of the atoms; null: the score is not known beforehand, or not defined here. */
const scoresSchema = z.object({
  l2: float64Array,
  l1: float64Array,
  'bn-gamma': float64Array.nullable(),
  fpgm: float64Array.nullable(),
});

/** Layers are named as the opened model names them; groups as a recipe's `widths` does. */
export const channelPlanSchema = z.object({
  /** Tells models of the same widths, layers and tensors: they take the same time. */
  shapes: z.string(),
  widths: widthModelSchema,
  /** In the order of `widths.groups`. */
  groups: z.array(
    z.object({
      /** Layers whose weights take these channels. */
      consumers: z.array(z.string()),
      scores: scoresSchema,
    }),
  ),
  /** Layers that give channels of groups: of what their axis of channels consists. */
  layers: z.array(z.object({ name: z.string(), op: z.string(), channels: axisSchema })),
  /** Layers whose channels all stay, and why. */
  frozen: z.array(z.object({ name: z.string(), reason: z.string() })),
});
export type ChannelPlan = z.infer<typeof channelPlanSchema>;
