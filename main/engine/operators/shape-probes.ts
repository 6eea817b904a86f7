import { allValueNames } from '../graph/index-graph.ts';
import type { Model } from '../graph/ir.ts';
import { claimName } from '../graph/layers.ts';
import { makeNode, makeValueInfo } from '../graph/make.ts';

/** A model that gives the dimensions of its values. */
export interface ProbedModel {
  readonly model: Model;
  /** Name of the int64 output that holds a value's dimensions, by the value's name. */
  readonly outputs: ReadonlyMap<string, string>;
}

/**
 * The model with the dimensions of values of its main graph as its only outputs. They are a few numbers each, where the values
 * themselves may be larger than memory together.
 * @param values tensors that something in the main graph gives
 */
export function probeShapes(model: Model, values: readonly string[]): ProbedModel {
  const taken = allValueNames(model.graph);
  const outputs = new Map(values.map((value) => [value, claimName(`${value}:shape`, taken)]));
  const probes = [...outputs].map(([value, output]) => makeNode('Shape', [value], [output], { name: output }));
  const infos = [...outputs.values()].map((output) => makeValueInfo(output, 'int64', undefined));
  return {
    model: { ...model, graph: { ...model.graph, nodes: [...model.graph.nodes, ...probes], outputs: infos } },
    outputs,
  };
}
