import type { Model } from './ir.ts';
import { subgraphsOf } from './walk.ts';

/** Before this version of the IR, initializers have to be inputs of their graph as well. */
const FREE_INITIALIZERS = 4;

/** A model of the IR version that its graph needs: 4 where an older one holds initializers that are no inputs. */
export function withNeededIr(model: Model): Model {
  if (model.irVersion >= FREE_INITIALIZERS) return model;
  const { inputs, initializers, nodes } = model.graph;
  const names = new Set(inputs.map(({ name }) => name));
  const needed =
    initializers.some(({ name }) => !names.has(name)) ||
    nodes.some((node) => subgraphsOf(node).some(({ graph }) => graph.initializers.length > 0));
  return needed ? { ...model, irVersion: FREE_INITIALIZERS } : model;
}
