import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Graph, Node } from '../graph/ir.ts';
import { subgraphsOf } from '../graph/walk.ts';
import { hasTrait } from '../operators/ask.ts';
import { topologicalOrder } from '../operators/order.ts';
import type { OperatorSpec } from '../operators/spec.ts';
import { operatorSpec } from '../operators/table.ts';

/**
 * What a node is for: it computes (`layer`), or it serves a node that does.
 * - `constant`: the same in every run: Constant nodes, weights on their way through Cast, Transpose, DequantizeLinear.
 * - `shape`: follows from shapes alone.
 * - `setting`: only says how others work (a Slice's ends, the condition of an If), never what they work on.
 * - `quantize`, `dequantize`: the ends of a pair on an activation.
 * - `scaling`: quantizes by a scale of the moment, or reckons with such scales; `rescale`: makes real values again of what an
 *   integer kernel sums up.
 */
export type NodeKind = 'layer' | 'constant' | 'shape' | 'setting' | 'quantize' | 'dequantize' | 'scaling' | 'rescale';

/** What makes a value; `scale`: one that a `scaling` node found; undefined: it is fed, or not known here. */
export type ValueKind = NodeKind | 'scale' | undefined;

/** Of a node; undefined until it is found. */
export interface Kind {
  kind: NodeKind | undefined;
}

/** Work that is never done just to tell a size: such a node is a layer even where only a setting depends on it. */
const HEAVY = new Set(['layer', 'attention', 'pool', 'normalization']);

/**
 * Finds the kind of every node of one graph. Linear time.
 * @param of where it is put
 * @param outer what the values of the graphs around are
 * @returns what the values that are seen in the graph are
 */
export function findKinds(
  graph: Graph,
  of: (node: Node) => Kind,
  outer: (value: string) => ValueKind,
): (value: string) => ValueKind {
  const index = indexGraph(graph);
  const order = topologicalOrder(graph.nodes);
  const ofValue = (value: string): ValueKind => {
    if (index.initializer(value) !== undefined || index.sparseInitializer(value) !== undefined) return 'constant';
    const producer = index.producer(value);
    if (producer !== undefined) return kindOfOutput(producer, value, of(producer).kind);
    return index.input(value) === undefined ? outer(value) : undefined;
  };
  for (const node of order) {
    const found = of(node);
    const inputs = node.inputs.filter((value) => value !== '');
    const kinds = inputs.map(ofValue);
    found.kind = kindByInputs(node, kinds);
    const converted = scaledSums(inputs, kinds, index);
    if (converted !== undefined) found.kind = of(converted).kind = 'rescale';
  }
  for (const node of order.toReversed()) {
    const found = of(node);
    if (found.kind === 'layer' && onlySets(node, index, of)) found.kind = 'setting';
  }
  return ofValue;
}

/** The codes of a node that quantizes are no scale; all else that comes of scales is one. */
function kindOfOutput(producer: Node, value: string, kind: NodeKind | undefined): ValueKind {
  if (kind !== 'scaling') return kind;
  const codes =
    operatorSpec(producer.domain, producer.opType)?.category === 'quantization' && producer.outputs[0] === value;
  return codes ? 'scaling' : 'scale';
}

/** The node that converts the sums of an integer kernel, where its result is the only input that is no scale. */
function scaledSums(inputs: readonly string[], kinds: readonly ValueKind[], index: GraphIndex): Node | undefined {
  const real = kinds.findIndex((kind) => kind !== 'scale');
  if (real === -1 || inputs.length < 2 || kinds.some((kind, place) => place !== real && kind !== 'scale'))
    return undefined;
  const converts = index.producer(inputs[real]!);
  const isOfSums = converts !== undefined && hasTrait(index.producer(converts.inputs[0] ?? ''), 'integerKernel');
  return isOfSums && hasTrait(converts, 'rearranges') ? converts : undefined;
}

function kindByInputs(node: Node, inputs: readonly ValueKind[]): NodeKind {
  if (hasTrait(node, 'constant')) return 'constant';
  const spec = operatorSpec(node.domain, node.opType);
  const areAll = (...kinds: readonly ValueKind[]): boolean => inputs.every((kind) => kinds.includes(kind));
  if (subgraphsOf(node).length > 0 || hasTrait(node, 'random')) return 'layer';
  if (inputs.length > 0 && areAll('constant')) return 'constant';
  if (hasTrait(node, 'quantizes')) return 'quantize';
  if (hasTrait(node, 'dequantizes')) return 'dequantize';
  if (spec?.category === 'quantization') return 'scaling';
  if (hasTrait(node, 'readsShape')) return 'shape';
  if (!isLight(spec)) return 'layer';
  if (inputs.includes('shape') && areAll('shape', 'constant')) return 'shape';
  if (inputs.includes('scale') && areAll('scale', 'constant')) return 'scaling';
  return 'layer';
}

function isLight(spec: OperatorSpec | undefined): boolean {
  return spec !== undefined && !HEAVY.has(spec.category);
}

/** Whether all that the node gives says how other nodes work. */
function onlySets(node: Node, index: GraphIndex, of: (node: Node) => Kind): boolean {
  if (!isLight(operatorSpec(node.domain, node.opType)) || subgraphsOf(node).length > 0) return false;
  let uses = 0;
  for (const output of node.outputs) {
    if (output === '') continue;
    if (index.isOutput(output)) return false;
    for (const consumer of index.consumers(output)) {
      if (of(consumer).kind !== 'setting' && !takesAsSetting(consumer, output)) return false;
      uses++;
    }
  }
  return uses > 0;
}

/** Whether the value stands at inputs alone that say how the node works; false where a subgraph captures it. */
function takesAsSetting(node: Node, value: string): boolean {
  const settings = operatorSpec(node.domain, node.opType)?.settingInputs ?? [];
  let found = false;
  for (const [place, input] of node.inputs.entries()) {
    if (input !== value) continue;
    if (!settings.includes(place)) return false;
    found = true;
  }
  return found;
}
