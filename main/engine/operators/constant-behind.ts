import { floatAttribute, floatsAttribute, intsAttribute, tensorAttribute } from '../graph/attributes.ts';
import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Graph, Node, Tensor } from '../graph/ir.ts';
import { makeTensor } from '../graph/make.ts';
import { tensorValues } from '../graph/tensor-data.ts';
import { hasTrait } from './ask.ts';

/** What stands behind a value: a tensor; or sparse, codes behind a DequantizeLinear, or what is computed or fed. */
export type Behind = StoredBehind | { readonly other: 'sparse' | 'dequantized' | 'computed' };

interface StoredBehind {
  readonly tensor: Tensor;
  /** Axis k of the value is axis `axes[k]` of the tensor; null: its elements lie in another shape. */
  readonly axes: readonly number[] | null;
}

interface Reach {
  /** Also through nodes that give the same elements in another order, shape or type; default: the value itself only. */
  readonly rearranged?: boolean;
  /** The graph around each subgraph, whose values it may use; default: this graph only. */
  readonly outerOf?: ReadonlyMap<Graph, Graph>;
}

/** Each step goes to an earlier node; the bound only guards against a ring in a broken model. */
const MAX_STEPS = 64;

/** What a value always is, followed back from the graph that uses it. */
export function constantBehind(graph: Graph, value: string, reach: Reach = {}): Behind {
  let index = indexGraph(graph);
  let name = value;
  const moves: Node[] = [];
  for (let steps = 0; steps < MAX_STEPS && name !== ''; steps++) {
    const initializer = index.initializer(name);
    if (initializer !== undefined) return { tensor: initializer, axes: axesBehind(initializer, moves) };
    if (index.sparseInitializer(name) !== undefined) return { other: 'sparse' };
    const producer = index.producer(name);
    if (producer === undefined) {
      const outer = index.input(name) === undefined ? reach.outerOf?.get(index.graph) : undefined;
      if (outer === undefined) break;
      index = indexGraph(outer);
      continue;
    }
    if (hasTrait(producer, 'constant')) {
      const tensor = tensorOfConstant(producer);
      return tensor === undefined ? { other: 'computed' } : { tensor, axes: axesBehind(tensor, moves) };
    }
    if (hasTrait(producer, 'dequantizes')) return { other: 'dequantized' };
    if (!hasTrait(producer, reach.rearranged === true ? 'rearranges' : 'identity')) break;
    name = producer.inputs[0] ?? '';
    moves.push(producer);
  }
  return { other: 'computed' };
}

/** Where the axes of a value lie in the tensor behind it. @param moves the nodes between, the one that gives the value first */
function axesBehind({ dims }: Tensor, moves: readonly Node[]): readonly number[] | null {
  let axes: readonly number[] = dims.map((_, axis) => axis);
  for (const node of moves) {
    if (hasTrait(node, 'identity') || node.opType === 'Cast') continue;
    if (node.opType !== 'Transpose') return null;
    const order = intsAttribute(node, 'perm') ?? dims.map((_, axis) => dims.length - 1 - axis);
    axes = axes.map((axis) => order[axis]!);
  }
  return axes;
}

/**
 * The tensor that a value of this graph always is: an initializer, a Constant node's value, or either behind Identity nodes.
 * @returns undefined when the value is computed, fed or sparse
 */
export function constantOf(index: GraphIndex, value: string): Tensor | undefined {
  const behind = constantBehind(index.graph, value);
  return 'tensor' in behind ? behind.tensor : undefined;
}

/** The tensor that a Constant node gives; undefined for texts, integers without a tensor, and sparse values. */
export function tensorOfConstant(node: Node): Tensor | undefined {
  const name = node.outputs[0] ?? '';
  const tensor = tensorAttribute(node, 'value');
  if (tensor !== undefined) return tensor;
  const scalar = floatAttribute(node, 'value_float');
  if (scalar !== undefined) return makeTensor(name, 'float32', [], Float32Array.of(scalar));
  const vector = floatsAttribute(node, 'value_floats');
  if (vector !== undefined) return makeTensor(name, 'float32', [vector.length], Float32Array.from(vector));
  return undefined;
}

/** Of what shape a float32 constant is; undefined when the value is not constant or of another type. Its elements are not read. */
export function floatDims(index: GraphIndex, value: string): readonly number[] | undefined {
  const tensor = constantOf(index, value);
  return tensor?.dtype === 'float32' ? tensor.dims : undefined;
}

/** The float32 elements of a constant value; undefined when it is not constant or of another type. */
export function constantFloats(index: GraphIndex, value: string): { tensor: Tensor; values: Float32Array } | undefined {
  const tensor = constantOf(index, value);
  if (tensor === undefined || tensor.dtype !== 'float32') return undefined;
  const values = tensorValues(tensor);
  return values instanceof Float32Array ? { tensor, values } : undefined;
}
