import type { Graph, Model, Tensor } from '../graph/ir.ts';
import { tensorByteLength } from '../graph/tensor-size.ts';
import { walkNodes } from '../graph/walk.ts';
import { addKnown, CostContext } from './cost-context.ts';
import { multiplyDims } from './dimension.ts';
import type { Inference, NodeRecord } from './inference.ts';

/** What a layer costs in one run of the model, for the shapes that it was inferred with. */
export interface LayerCost {
  readonly layer: string;
  /**
   * Multiply–accumulates of matrix products, convolutions, recurrences and attention; other work counts 0. null: unknown
   * operator, or a size is not known. A layer in a loop body counts for all iterations; both branches of an If count.
   */
  readonly macs: number | null;
  /** Elements in the weights that this layer is the first to use. */
  readonly parameters: number;
  readonly parameterBytes: number;
  /** Activation and weight bytes read and written once, in as many runs as `macs`; null: unknown. */
  readonly bytes: number | null;
  /** Whether the operator is in the table, or a function of the model made of such. */
  readonly known: boolean;
}

/**
 * The cost of every layer, nested ones included, in the order of `walkNodes`.
 * Parameters are the elements of initializers, each counted at its first user, and of Constant nodes that feed a weight
 * input of an operator.
 */
export function costOfLayers(model: Model, inference: Inference): LayerCost[] {
  const counted = new Set<Tensor>();
  const result: LayerCost[] = [];
  const initializers = new Set<Tensor>();
  const graphs = new Set<Graph>();
  for (const { node, graph, layer } of walkNodes(model)) {
    if (!graphs.has(graph)) for (const tensor of graph.initializers) initializers.add(tensor);
    graphs.add(graph);
    const record = inference.records.get(node);
    const weights = record === undefined ? [] : weightTensors(record, initializers).filter((it) => !counted.has(it));
    for (const tensor of weights) counted.add(tensor);
    result.push({
      layer,
      ...workOf(record),
      parameters: weights.reduce((sum, tensor) => sum + elementsOf(tensor), 0),
      parameterBytes: weights.reduce((sum, tensor) => sum + tensorByteLength(tensor), 0),
    });
  }
  return result;
}

/** The sum over all layers; `macs` leaves out those that are not known, and says how many these are. */
export function totalCost(costs: readonly LayerCost[]): {
  macs: number;
  layersWithoutMacs: number;
  parameters: number;
  parameterBytes: number;
} {
  const total = { macs: 0, layersWithoutMacs: 0, parameters: 0, parameterBytes: 0 };
  for (const { macs, parameters, parameterBytes } of costs) {
    if (macs === null) total.layersWithoutMacs++;
    else total.macs += macs;
    total.parameters += parameters;
    total.parameterBytes += parameterBytes;
  }
  return total;
}

/** Initializers among the inputs, and constants at the inputs that hold weights; each once. */
function weightTensors(record: NodeRecord, initializers: ReadonlySet<Tensor>): readonly Tensor[] {
  const found = new Set<Tensor>();
  record.inputs.forEach((facts, index) => {
    const own = facts?.initializer;
    if (own !== undefined && initializers.has(own)) found.add(own);
    if (facts === undefined || !record.spec?.parameterInputs.includes(index)) return;
    for (const tensor of own === undefined ? (facts.origins ?? []) : [own]) if (isWeight(tensor)) found.add(tensor);
  });
  if (!record.call) return [...found];
  for (const child of childrenOf(record)) for (const tensor of weightTensors(child, initializers)) found.add(tensor);
  return [...found];
}

/** Scalars of Constant nodes are exponents, epsilons and the like. */
function isWeight(tensor: Tensor): boolean {
  return tensor.dims.length > 0 && tensor.dtype !== 'string';
}

function workOf(record: NodeRecord | undefined): Pick<LayerCost, 'macs' | 'bytes' | 'known'> {
  if (record === undefined) return { macs: null, bytes: null, known: false };
  if (record.call) return workOfCall(record);
  const { spec } = record;
  if (spec === undefined) return { macs: null, bytes: null, known: false };
  const context = new CostContext(record.node, record.inputs, record.outputs);
  const macs = spec.macs(context);
  const bytes = spec.bytes === undefined ? context.allBytes() : spec.bytes(context);
  return { macs: repeated(macs, record), bytes: repeated(bytes, record), known: true };
}

/** A call of one of the model's functions costs what its body costs. */
function workOfCall(record: NodeRecord): Pick<LayerCost, 'macs' | 'bytes' | 'known'> {
  const parts = childrenOf(record).map(workOf);
  return {
    macs: addKnown(parts.map((part) => part.macs)),
    bytes: addKnown(parts.map((part) => part.bytes)),
    known: parts.every((part) => part.known),
  };
}

/** The nodes of a called function, with those of subgraphs in it. */
function childrenOf(record: NodeRecord): NodeRecord[] {
  return [...record.children.values()]
    .flat()
    .flatMap((child) => (child.call ? [child] : [child, ...childrenOf(child)]));
}

function repeated(value: number | null, record: NodeRecord): number | null {
  const times = multiplyDims(value, record.repeat);
  return typeof times === 'number' ? times : null;
}

function elementsOf(tensor: Tensor): number {
  return tensor.dims.reduce((product, dim) => product * dim, 1);
}
