/**
 * The layers of a trial as one table of columns, told once: 50,000 layers are some MB, and are searched in one frame.
 *
 * A layer is what computes in the *source* model. Constants, shape arithmetic, quantization pairs and moved weights belong to
 * the layer that they serve, so a trial has the layers of its model, by the same names and in the same order. The reader of
 * the columns is `judge/layer-table.ts`.
 */
import { z } from 'zod';
import { graphNodeSchema } from './studio.ts';
import { shapeSchema } from './results.ts';

const uint8Array = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected a Uint8Array');
const uint32Array = z.custom<Uint32Array>((value) => value instanceof Uint32Array, 'expected a Uint32Array');
const int32Array = z.custom<Int32Array>((value) => value instanceof Int32Array, 'expected an Int32Array');
const float64Array = z.custom<Float64Array>((value) => value instanceof Float64Array, 'expected a Float64Array');

/** A list for each layer: that of layer i is `items` from `starts[i]` up to `starts[i + 1]`. */
const listsSchema = z.object({ starts: uint32Array, items: uint32Array }).readonly();
export type ListColumn = z.infer<typeof listsSchema>;

const structureColumns = {
  /** Unique, in the source model's order; layers that only the trial has come last. Its length is that of every column. */
  names: z.array(z.string()).readonly(),
  /** What the columns of text point into; the first is ''. */
  texts: z.array(z.string()).readonly(),
  /** Places in `texts`. */
  op: uint32Array,
  domain: uint32Array,
  /** "layer1/0"; '' at the top. */
  scope: uint32Array,
  /** Place in `LAYER_CATEGORIES`. */
  category: uint8Array,
  /** Place in `BLOCK_PARTS`. */
  part: uint8Array,
  /** The layer whose subgraph holds this one; −1: none. */
  parent: int32Array,
  /** Places in the values: what a layer takes from other layers or from the graph's inputs, and what it gives. */
  inputs: listsSchema,
  outputs: listsSchema,
  graphInputs: uint32Array,
  graphOutputs: uint32Array,
};

/** What the layers are and how they hang together: all that can be told before shapes are inferred. */
export const layerStructureSchema = z
  .object({
    ...structureColumns,
    /** Every value that passes between layers, inputs and outputs of the graph among them. */
    values: z.object({ names: z.array(z.string()).readonly() }).readonly(),
  })
  .readonly();
export type LayerStructure = z.infer<typeof layerStructureSchema>;

export const layerTableSchema = z
  .object({
    ...structureColumns,
    /** Distinct shapes; the first is null, not even the rank is known. */
    shapes: z.array(shapeSchema.readonly().nullable()).readonly(),
    /** Place in `texts`: "int8", "int8 weights", "int4 weights", "float16", else the type of its first output; '' when nothing is known. */
    precision: uint32Array,
    /** Place in `LAYER_STATES`. */
    state: uint8Array,
    /** The layer whose nodes compute this one too; −1: it is not fused. */
    fusedInto: int32Array,
    /** Every value that passes between layers, inputs and outputs of the graph among them. */
    values: z
      .object({
        names: z.array(z.string()).readonly(),
        /** Place in `texts`; 0: not known. */
        dtype: uint32Array,
        /** Place in `shapes`. */
        shape: uint32Array,
      })
      .readonly(),
    /** Weights, wherever the trial keeps them; scales and zero points are none. */
    parameters: float64Array,
    /** Bytes that they take in the file. */
    parameterBytes: float64Array,
    /** The weights that the source has there; equal to `parameters` where nothing was cut off. */
    sourceParameters: float64Array,
    /** Multiply–accumulates with all symbolic sizes at 1; NaN: unknown. */
    macs: float64Array,
    /** Activation and weight bytes read and written once; NaN: unknown. */
    bytes: float64Array,
    /** Nodes of the trial's file that belong to the layer, places in `nodeNames`; its main node first. */
    nodes: listsSchema,
    /** Names of the nodes as written, unique. */
    nodeNames: z.array(z.string()).readonly(),
  })
  .readonly();
export type LayerTable = z.infer<typeof layerTableSchema>;

/** One layer as it is written in the trial's file: its nodes with their attributes and weights, the main one first. */
export const layerDetailSchema = z.object({ name: z.string(), nodes: z.array(graphNodeSchema).readonly() }).readonly();
export type LayerDetail = z.infer<typeof layerDetailSchema>;
