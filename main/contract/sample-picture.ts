/** A sample of a data set as a model gets it. */
import { z } from 'zod';

export const samplePictureSchema = z.object({
  width: z.number(),
  height: z.number(),
  /** RGB, row by row; 0…255. */
  pixels: z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected a Uint8Array'),
  /** The name of its class, where it has one. */
  label: z.string().nullable(),
});
export type SamplePicture = z.infer<typeof samplePictureSchema>;
