/** What a training run tells of itself, while it runs and afterwards. */
import { z } from 'zod';

/** What a training is to do: `stop` ends it with the best state that it had. */
export const trainingOrderSchema = z.enum(['go', 'pause', 'stop']);
export type TrainingOrder = z.infer<typeof trainingOrderSchema>;

/** How near the student is to the teacher on the samples that are held out. */
const heldOutSchema = z.object({
  step: z.number(),
  loss: z.number(),
  /** Share of the held-out samples on which both answer the same, with its 95 % interval; null: the outputs are no scores. */
  agreement: z.object({ value: z.number(), low: z.number(), high: z.number() }).nullable(),
  /** Share answered as labelled, where there are labels. */
  accuracy: z.object({ value: z.number(), low: z.number(), high: z.number() }).nullable(),
});
export type HeldOutPoint = z.infer<typeof heldOutSchema>;

/** Errors of a layer's output against the teacher's, over the teacher's square: 0 is exact, 1 as bad as giving zeros. */
const trainedLayerSchema = z.object({ name: z.string(), op: z.string(), before: z.number(), after: z.number() });
export type TrainedLayer = z.infer<typeof trainedLayerSchema>;

export const trainingSchema = z.object({
  /** `stopped`: by the user, with the best state kept. */
  status: z.enum(['preparing', 'training', 'paused', 'stopped', 'done']),
  step: z.number(),
  steps: z.number(),
  /** Largest learning rate; null before it is known. */
  rate: z.number().nullable(),
  /** What the short test of learning rates found; [] where none was made. */
  rateTest: z.array(z.object({ rate: z.number(), loss: z.number() })),
  samples: z.object({ trained: z.number(), heldOut: z.number() }),
  samplesPerSecond: z.number().nullable(),
  /** Of the process that trains, at most; null until it is done. */
  memoryBytes: z.number().nullable(),
  /** What a step takes by its estimate, told before the first one; null: sizes are not known. */
  estimate: z
    .object({
      stepBytes: z.number(),
      /** Into how many segments the forward pass is cut, all but the last computed twice; 1: it fits as a whole. */
      segments: z.number(),
    })
    .nullable()
    .default(null),
  /** Mean over the steps since the point before. */
  train: z.array(z.object({ step: z.number(), loss: z.number() })),
  /** The first one is before any training. */
  heldOut: z.array(heldOutSchema),
  /** The state that is kept; its step, 0: as it was before. */
  best: z.number(),
  /** What is matched, in words. */
  losses: z.array(z.string()),
  layers: z.array(trainedLayerSchema),
});
export type Training = z.infer<typeof trainingSchema>;
