import { feedInputs } from '../graph/index-graph.ts';
import type { Model, ValueInfo } from '../graph/ir.ts';
import { openBatch as openWithShapes } from '../passes/open-batch.ts';

/**
 * The model with an open batch: exporters often write 1 where any number would do. Where it cannot be told from shapes that this is so,
 * the inputs are opened all the same: a run tells.
 */
export function openBatch(given: Model): Model {
  const { model } = openWithShapes(given);
  const fed = new Set(feedInputs(model.graph).map(({ name }) => name));
  if (feedInputs(model.graph).every(({ type }) => type?.kind !== 'tensor' || typeof type.shape?.[0] !== 'number')) {
    return model;
  }
  const open = (info: ValueInfo): ValueInfo => {
    if (info.type?.kind !== 'tensor' || info.type.shape === undefined || info.type.shape.length === 0) return info;
    return { ...info, type: { ...info.type, shape: [null, ...info.type.shape.slice(1)] } };
  };
  const { graph } = model;
  return {
    ...model,
    graph: {
      ...graph,
      inputs: graph.inputs.map((info) => (fed.has(info.name) ? open(info) : info)),
      outputs: graph.outputs.map(open),
      valueInfos: [],
    },
  };
}
