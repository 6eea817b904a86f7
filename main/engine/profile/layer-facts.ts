import type { Model, Node } from '../graph/ir.ts';
import { groupLayers } from '../layers/group-layers.ts';
import { costOfLayers } from '../operators/cost.ts';
import { addKnown } from '../operators/cost-context.ts';
import { inferModel } from '../operators/infer.ts';
import type { Inference } from '../operators/inference.ts';
import type { MeasuredShape } from '../runtime/taps.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { heldValues } from './held-values.ts';
import type { LayerFacts } from './layer-times.ts';

/** What a run showed that the graph alone does not tell. */
export interface Shown {
  /** What it was given: sizes and trip counts may stand in there. */
  readonly feeds?: HostTensors;
  /** Shapes, where inference ends. */
  readonly measured?: ReadonlyMap<string, MeasuredShape> | undefined;
  /** Which branch each If took. */
  readonly taken?: ReadonlyMap<Node, string>;
}

/** The layers of a model in order, with the multiply–accumulates of all their nodes at these input sizes. */
export function layerFacts(
  model: Model,
  dims: Readonly<Record<string, number>>,
  { feeds = {}, measured, taken = new Map() }: Shown = {},
): readonly LayerFacts[] {
  const inference = inferModel(model, {
    dims,
    ...heldValues(feeds),
    ...(measured === undefined ? {} : { measured }),
  });
  const macsOf = new Map(costOfLayers(model, inference, { taken }).map(({ layer, macs }) => [layer, macs]));
  return groupLayers(model).all.map(({ name, main, nodes }) => ({
    name,
    op: main.node.opType,
    macs: addKnown(nodes.map((node) => macsOf.get(node.layer) ?? null)),
  }));
}

/**
 * Values of the main graph whose shape does not follow from the graph alone: those worth measuring by a run.
 */
export function openValues(
  model: Model,
  dims: Readonly<Record<string, number>>,
  feeds: HostTensors,
): readonly string[] {
  const inference: Inference = inferModel(model, { dims, ...heldValues(feeds) });
  const outputs = model.graph.nodes.flatMap((node) => node.outputs).filter((name) => name !== '');
  return outputs.filter((name) => {
    const shape = inference.values.get(name)?.shape;
    return shape === undefined || shape.some((dim) => typeof dim !== 'number');
  });
}
