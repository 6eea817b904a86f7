import type { Graph, Model, Node, Tensor } from '../graph/ir.ts';
import { tensorByteLength } from '../graph/tensor-size.ts';
import { walkNodes } from '../graph/walk.ts';
import { dtypeBits } from '../tensor/dtype.ts';
import type { Inference, NodeRecord } from './inference.ts';
import { NodeAttributes } from './node-attributes.ts';
import type { OperatorSpec } from './spec.ts';
import { childrenOf, WorkCounter, type Work } from './work.ts';

/** What a layer costs in one run of the model, for the shapes that it was inferred with. */
export interface LayerCost {
  readonly layer: string;
  /**
   * Multiply–accumulates of matrix products, convolutions, recurrences and attention; other work counts 0. null: unknown
   * operator, or a size is not known. A layer in a loop body counts for all iterations; of an If's branches one counts, the
   * other costs 0.
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

export interface CostOptions {
  /** Which branch ("then_branch", "else_branch") an If took in a run, by the node; default: the one with more work. */
  readonly taken?: ReadonlyMap<Node, string>;
}

/**
 * The cost of every layer, nested ones included, in the order of `walkNodes`.
 * Parameters are what is trained: elements of initializers and Constant nodes at the inputs that hold data or weights, each
 * tensor counted at its first user. Shapes, axes, limits, scales, zero points and single numbers are none.
 */
export function costOfLayers(model: Model, inference: Inference, options: CostOptions = {}): LayerCost[] {
  const work = new WorkCounter(options.taken ?? new Map());
  const idle = work.idleNodes(inference.records.values());
  const counted = new Set<Tensor>();
  const result: LayerCost[] = [];
  const initializers = new Set<Tensor>();
  const graphs = new Set<Graph>();
  for (const { node, graph, layer } of walkNodes(model)) {
    if (!graphs.has(graph)) for (const tensor of graph.initializers) initializers.add(tensor);
    graphs.add(graph);
    const record = inference.records.get(node);
    const weights =
      record === undefined ? [] : [...weightTensors(record, initializers)].filter(([it]) => !counted.has(it));
    for (const [tensor] of weights) counted.add(tensor);
    result.push({
      layer,
      ...(record === undefined ? UNKNOWN_WORK : work.of(record)),
      ...(idle.has(node) ? { macs: 0, bytes: 0 } : {}),
      parameters: weights.reduce((sum, [, elements]) => sum + elements, 0),
      parameterBytes: weights.reduce((sum, [tensor]) => sum + tensorByteLength(tensor), 0),
    });
  }
  return result;
}

const UNKNOWN_WORK: Work = { macs: null, bytes: null, known: false };

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

/** Stored tensors of a model that are trained: those that `costOfLayers` counts. */
export function trainedTensors(model: Model, inference: Inference): ReadonlySet<Tensor> {
  const initializers = new Set(model.graph.initializers);
  const trained = new Set<Tensor>();
  for (const record of inference.records.values()) {
    for (const tensor of weightTensors(record, initializers).keys()) trained.add(tensor);
  }
  return trained;
}

/** Constants among the inputs that hold what is trained, each once, and how many weights they hold. */
function weightTensors(record: NodeRecord, initializers: ReadonlySet<Tensor>): ReadonlyMap<Tensor, number> {
  const found = new Map<Tensor, number>();
  const attributes = new NodeAttributes(record.node);
  const { spec } = record;
  record.inputs.forEach((facts, index) => {
    if (facts === undefined || spec?.settingInputs.includes(index)) return;
    const isParameter = spec?.parameterInputs.includes(index) ?? false;
    const own = facts.initializer;
    // Data that stands in the file is trained too, or how did it come there; a Constant node's may be any number.
    const stored = own !== undefined && initializers.has(own) ? [own] : [];
    const constants = own === undefined ? (facts.origins ?? []) : [own];
    for (const tensor of isParameter ? constants : stored) {
      if (!isTrained(tensor, spec)) continue;
      found.set(tensor, spec?.packedElements?.(index, tensor, attributes) ?? elementsOf(tensor));
    }
  });
  if (!record.call) return found;
  for (const child of nodesWithin(record)) {
    for (const [tensor, elements] of weightTensors(child, initializers)) found.set(tensor, elements);
  }
  return found;
}

/** The nodes of a called function, with those of subgraphs in it. */
function nodesWithin(record: NodeRecord): NodeRecord[] {
  return childrenOf(record).flatMap((child) => (child.call ? [child] : [child, ...nodesWithin(child)]));
}

/** Single numbers are exponents, epsilons and the like; integers count where they are codes of real weights. */
function isTrained(tensor: Tensor, spec: OperatorSpec | undefined): boolean {
  if (tensor.dims.length === 0 || tensor.dtype === 'string' || tensor.dtype === 'bool') return false;
  if (/float|complex/.test(tensor.dtype)) return true;
  const holdsCodes = spec !== undefined && (spec.traits.has('integerKernel') || spec.traits.has('dequantizes'));
  return holdsCodes || (dtypeBits(tensor.dtype) ?? 64) <= 8;
}

function elementsOf(tensor: Tensor): number {
  return tensor.dims.reduce((product, dim) => product * dim, 1);
}
