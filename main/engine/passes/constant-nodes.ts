import { indexGraph, usedValues, type GraphIndex } from '../graph/index-graph.ts';
import type { Model, Node } from '../graph/ir.ts';
import { subgraphsOf } from '../graph/walk.ts';
import { hasTrait } from '../operators/ask.ts';
import { topologicalOrder } from '../operators/order.ts';
import { operatorSpec } from '../operators/table.ts';

/** Which nodes of the main graph give the same in every run, and which of these are worth evaluating. */
export interface ConstantNodes {
  /** In topological order. */
  readonly nodes: ReadonlySet<Node>;
  /**
   * The values among their outputs that other nodes use, each with the first node that does; made by operators that compute
   * something: what a Constant node holds, or Identity passes on, is known as it is.
   */
  readonly frontier: ReadonlyMap<string, Node>;
}

/**
 * Finds the constant subgraphs of a model: nodes all whose inputs are initializers or come from such nodes. Operators that
 * draw random numbers, hold subgraphs, quantize or dequantize, belong to unknown domains or make outputs of the model are
 * not among them. Linear time, nothing is evaluated.
 * @param keepMoved whether weights that are only moved or converted (Transpose, Reshape, Cast) stay as they are stored
 */
export function constantNodes(model: Model, { keepMoved = false } = {}): ConstantNodes {
  const index = indexGraph(model.graph);
  const nodes = new Set<Node>();
  const plain = new Set<Node>();
  for (const node of topologicalOrder(model.graph.nodes)) {
    if (!isConstant(node, index, nodes)) continue;
    nodes.add(node);
    if (isPlain(node, index, plain, keepMoved)) plain.add(node);
  }
  const frontier = new Map<string, Node>();
  for (const node of nodes) {
    if (plain.has(node)) continue;
    for (const output of node.outputs) {
      const user = output === '' ? undefined : index.consumers(output).find((consumer) => !nodes.has(consumer));
      if (user !== undefined) frontier.set(output, user);
    }
  }
  return { nodes, frontier };
}

function isConstant(node: Node, index: GraphIndex, constant: ReadonlySet<Node>): boolean {
  if (node.domain !== '' && node.domain !== 'ai.onnx') return false;
  const spec = operatorSpec(node.domain, node.opType);
  if (spec === undefined || spec.category === 'quantization') return false;
  if (hasTrait(node, 'random') || subgraphsOf(node).length > 0) return false;
  if (node.outputs.some((output) => index.isOutput(output))) return false;
  const inputs = usedValues(node);
  if (inputs.length === 0 && !hasTrait(node, 'constant')) return false;
  return inputs.every((value) => {
    if (index.initializer(value) !== undefined) return true;
    const producer = index.producer(value);
    return producer !== undefined && constant.has(producer);
  });
}

/** Whether the node only says what is stored elsewhere. */
function isPlain(node: Node, index: GraphIndex, plain: ReadonlySet<Node>, keepMoved: boolean): boolean {
  if (hasTrait(node, 'constant')) return true;
  const moves = keepMoved && operatorSpec(node.domain, node.opType)?.carries === 'first';
  if (!hasTrait(node, 'identity') && !moves) return false;
  const input = node.inputs[0] ?? '';
  const producer = index.producer(input);
  return producer === undefined ? index.initializer(input) !== undefined : plain.has(producer);
}
