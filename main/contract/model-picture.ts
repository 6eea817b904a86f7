import { z } from 'zod';
import { layerStructureSchema } from './layers.ts';
import { graphNodeSchema, graphViewSchema } from './studio.ts';

/** What the first picture of a model is drawn from: what stands in its file, nothing inferred. */
export const modelPictureSchema = z.object({
  /** Those of the baseline's table. */
  layers: layerStructureSchema,
  /** null: too many nodes for their details to be told. */
  details: z
    .object({
      /** Of each layer: its own attributes, and the weights of all nodes that serve it. */
      boxes: z.array(graphNodeSchema.pick({ weights: true, attributes: true })),
      /** Nodes of called functions, and what nodes hold or call, as in the graph. */
      inner: z.array(graphNodeSchema),
      bodies: graphViewSchema.shape.bodies,
    })
    .nullable(),
});
export type ModelPicture = z.infer<typeof modelPictureSchema>;
