/** Samples of a data set as a model gets them. */
import { z } from 'zod';
import { PRESETS } from './preprocessing-presets.ts';

export const samplePictureSchema = z.object({
  width: z.number(),
  height: z.number(),
  /** RGB, row by row; 0…255. */
  pixels: z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected a Uint8Array'),
  /** The least and the greatest value that the model gets; drawn as black and white. */
  low: z.number(),
  high: z.number(),
  /** The name of its class, where it has one. */
  label: z.string().nullable(),
});
export type SamplePicture = z.infer<typeof samplePictureSchema>;

/** What is in data that is about to be added, and what the model would see of it. */
export const dataPreviewSchema = z.object({
  kind: z.enum(['npz', 'npy', 'images', 'idx', 'pb']),
  name: z.string(),
  samples: z.number(),
  labelled: z.boolean(),
  classCount: z.number(),
  /** The preprocessing that the model seems to want, with the reason. */
  guess: z.object({ preset: z.enum(PRESETS), because: z.string() }),
  /** How a sample becomes the model's input, in words; null: it does not fit, and `problem` says why. */
  sentence: z.string().nullable(),
  problem: z.string().nullable(),
  /** The first samples; none where they are no pictures. */
  pictures: z.array(samplePictureSchema),
});
export type DataPreview = z.infer<typeof dataPreviewSchema>;
