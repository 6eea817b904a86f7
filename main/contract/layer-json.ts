/** One layer as plain data, for copying, saving and scripts. */
import { z } from 'zod';
import { shapeSchema } from './results.ts';

const valueSchema = z.object({
  name: z.string(),
  /** Null: not known. */
  dtype: z.string().nullable(),
  shape: shapeSchema.nullable(),
  /** Whether it lies in the file, and the bytes that it takes there. */
  stored: z.boolean(),
  bytes: z.number().optional(),
});

export const layerJsonSchema = z.object({
  layer: z.string(),
  /** The file that it is written in. */
  source: z.object({ path: z.string(), sha256: z.string() }),
  /** Its nodes, the main one first. */
  nodes: z.array(
    z.object({
      name: z.string(),
      op: z.string(),
      domain: z.string(),
      /** Version of the domain's operators; null: the file does not say. */
      opset: z.number().nullable(),
      /** The layer whose subgraph holds it. */
      within: z.string().nullable(),
      attributes: z.record(z.string(), z.unknown()),
      inputs: z.array(valueSchema.extend({ role: z.string().nullable() })),
      outputs: z.array(valueSchema),
      doc: z.string(),
    }),
  ),
});
export type LayerJson = z.infer<typeof layerJsonSchema>;
