import { walkNodes } from '../graph/walk.ts';
import type { Model, Node } from '../graph/ir.ts';
import { costOfLayers } from '../operators/cost.ts';
import { inferModel } from '../operators/infer.ts';
import type { Inference } from '../operators/inference.ts';
import type { MeasuredShape } from '../runtime/taps.ts';
import type { LayerFacts } from './layer-times.ts';

/** What a run showed that the graph alone does not tell. */
export interface Shown {
  /** Shapes, where inference ends. */
  readonly measured?: ReadonlyMap<string, MeasuredShape> | undefined;
  /** Which branch each If took. */
  readonly taken?: ReadonlyMap<Node, string>;
}

/** The layers of a model in order, with their multiply–accumulates at these input sizes. */
export function layerFacts(
  model: Model,
  dims: Readonly<Record<string, number>>,
  { measured, taken = new Map() }: Shown = {},
): readonly LayerFacts[] {
  const inference = inferModel(model, { dims, ...(measured === undefined ? {} : { measured }) });
  const costs = costOfLayers(model, inference, { taken });
  return [...walkNodes(model)].map(({ node, layer }, index) => ({
    name: layer,
    op: node.opType,
    macs: costs[index]?.macs ?? null,
  }));
}

/**
 * Values of the main graph whose shape does not follow from the graph alone: those worth measuring by a run.
 */
export function openValues(model: Model, dims: Readonly<Record<string, number>>): readonly string[] {
  const inference: Inference = inferModel(model, { dims });
  const outputs = model.graph.nodes.flatMap((node) => node.outputs).filter((name) => name !== '');
  return outputs.filter((name) => {
    const shape = inference.values.get(name)?.shape;
    return shape === undefined || shape.some((dim) => typeof dim !== 'number');
  });
}
