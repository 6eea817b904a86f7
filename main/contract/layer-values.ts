/** How the values of a quantized layer are spread, and the codes that hold them. */
import { z } from 'zod';

/** Samples that activations are looked at on. */
export const VALUE_SAMPLES = 16;

const rangeSchema = z.object({ min: z.number(), max: z.number() });

export const layerValuesSchema = z.object({
  layer: z.string(),
  samples: z.number(),
  tensors: z.array(
    z.object({
      /** In the float model. */
      name: z.string(),
      role: z.enum(['input', 'weights', 'output']),
      range: rangeSchema,
      /** Bin i counts values in ((first + i − 1) · width, (first + i) · width]; of large tensors some of the values. */
      histogram: z.object({ width: z.number(), first: z.number(), counts: z.array(z.number()) }),
      /** Least and greatest value of each channel; empty where there are none. */
      channels: z.array(rangeSchema),
      /** x ≈ scale · (code − zeroPoint), lowest ≤ code ≤ highest; several scales: one for each channel. */
      codes: z
        .object({ scales: z.array(z.number()), zeroPoint: z.number(), lowest: z.number(), highest: z.number() })
        .nullable(),
    }),
  ),
});
export type LayerValues = z.infer<typeof layerValuesSchema>;
export type TensorValues = LayerValues['tensors'][number];
