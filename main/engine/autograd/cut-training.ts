import type { Graph, Model } from '../graph/ir.ts';
import { makeValueInfo } from '../graph/make.ts';
import { removeDeadCode } from '../passes/dead-code.ts';
import { NORM, WEIGHTS, type TrainingGraph } from './training-graph.ts';

/** The two halves of a step, between which gradients of several batches can be averaged. */
export interface CutTraining {
  /** Forward, losses, backward: samples and weights in, the losses and the gradient of all weights, one vector, out. */
  readonly gradient: Model;
  /** Clipping and update: that vector and the state in, `gradient_norm` and the next state out. */
  readonly update: Model;
  /** The vector's name in both. */
  readonly vector: string;
  /** Outputs of the first half that are numbers: the weighted sum of the losses, and each of them. */
  readonly losses: readonly string[];
}

/** Cuts a training graph where the gradient of all weights is one vector. */
export function cutTraining(training: TrainingGraph): CutTraining {
  const { model, gradient: vector, initial, carried } = training;
  const losses = training.numbers.filter((name) => name !== NORM);
  const { graph } = model;
  const count = initial[WEIGHTS]!.data.length;
  const update = {
    ...graph,
    nodes: graph.nodes.filter(({ outputs }) => !outputs.includes(vector)),
    inputs: [...graph.inputs, makeValueInfo(vector, 'float32', [count])],
  };
  return {
    gradient: part(model, graph, [...losses, vector]),
    update: part(model, update, [NORM, ...Object.keys(carried)]),
    vector,
    losses,
  };
}

/** What some outputs depend on. */
function part(model: Model, graph: Graph, outputs: readonly string[]): Model {
  const wanted = outputs.map((name) => ({ name, type: undefined, docString: '', metadata: [], unknown: [] }));
  const alive = removeDeadCode({ ...model, graph: { ...graph, outputs: wanted } }).model;
  const used = new Set(alive.graph.nodes.flatMap(({ inputs }) => inputs));
  return { ...alive, graph: { ...alive.graph, inputs: alive.graph.inputs.filter(({ name }) => used.has(name)) } };
}
