import { StudioError } from '../../base/errors.ts';
import { GraphEditor } from '../graph/edit.ts';
import type { Attribute, Graph, Model, Node } from '../graph/ir.ts';
import { layerNames } from '../graph/layers.ts';
import { walkNodes } from '../graph/walk.ts';
import { makeTensor } from '../graph/make.ts';
import type { DType } from '../tensor/dtype.ts';
import type { NumericArray } from '../tensor/numeric.ts';
import { inferModel } from '../operators/infer.ts';
import { operatorSpec } from '../operators/table.ts';
import { REWRITES, REFUSALS, type UpgradeScope } from './opset-rewrites.ts';

/** What is known about values of the main graph; undefined where nothing is. */
export interface ValueKnowledge {
  readonly dtype: (value: string) => DType | undefined;
  readonly rank: (value: string) => number | undefined;
}

/** Element types and ranks of a model's values, as far as they follow without running it. */
export function knowledgeOf(model: Model): ValueKnowledge {
  const { values } = inferModel(model);
  return {
    dtype: (value) => values.get(value)?.dtype,
    rank: (value) => values.get(value)?.shape?.length,
  };
}

/** The version of the default domain that a model imports; 1 when it does not say. */
export function defaultOpset(model: Model): number {
  return model.opsetImports.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 1;
}

/** The oldest opset that can be upgraded: before it, operators broadcast by attributes. */
export const OLDEST_UPGRADABLE = 7;

/** DequantizeLinear has an axis, so scales per channel, from this opset on. */
export const PER_CHANNEL_OPSET = 13;

/** ScatterElements adds up from this opset on. */
const ADDING_OPSET = 16;

/** The IR version of the ONNX release that brought opset 16. */
const IR_OF_OPSET_16 = 8;

/**
 * States opset 16 for a model of opset 13 to 15, whose operators mean the same in both; not where one is among them that does
 * not (RoiAlign samples elsewhere, BatchNormalization has other outputs in training).
 */
export function raiseOpset(model: Model): Model {
  const from = defaultOpset(model);
  if (from < PER_CHANNEL_OPSET || from >= ADDING_OPSET) return model;
  const changed = walkNodes(model).some(
    ({ node }) => node.opType === 'RoiAlign' || (node.opType === 'BatchNormalization' && node.outputs.length > 1),
  );
  if (changed || model.functions.length > 0) return model;
  const opsetImports = model.opsetImports.map((entry) =>
    entry.domain === '' || entry.domain === 'ai.onnx' ? { ...entry, version: ADDING_OPSET } : entry,
  );
  return { ...model, irVersion: Math.max(model.irVersion, IR_OF_OPSET_16), opsetImports };
}

/** The IR version of the ONNX release that brought opset 13; from IR 4 on, initializers need not be inputs. */
const IR_OF_OPSET_13 = 7;

/**
 * Rewrites a model of opset 7…12 in opset 13 with the same meaning: attributes that became inputs (Clip, Pad, Slice,
 * Squeeze, Split, ReduceSum, …), Softmax along its axis instead of over a flattened rest, Upsample as Resize. Subgraphs
 * too; functions have their own opset and stay. A model of opset ≥ 13 is returned as it is.
 * @param sources gets the layers that nodes with new names stand for
 * @throws UNSUPPORTED naming the layer that has no counterpart, or an opset below 7
 */
export function upgradeOpset(
  model: Model,
  knowledge: ValueKnowledge,
  sources = new Map<string, readonly string[]>(),
): Model {
  return upgradeTo(model, knowledge, { to: PER_CHANNEL_OPSET, sources });
}

/** DequantizeLinear takes scales for blocks, and 4-bit codes, from this opset on. */
export const BLOCKED_OPSET = 21;

/** The IR versions of the ONNX releases that brought opsets which models are raised to. */
const IR_OF_OPSET: Readonly<Record<number, number>> = { [PER_CHANNEL_OPSET]: IR_OF_OPSET_13, [BLOCKED_OPSET]: 10 };

/** The same up to another opset: 13 or 21. A model of that opset or a later one is returned as it is. */
export function upgradeTo(
  model: Model,
  knowledge: ValueKnowledge,
  { to, sources }: { readonly to: number; readonly sources: Map<string, readonly string[]> },
): Model {
  const from = defaultOpset(model);
  if (from >= to) return model;
  if (from < OLDEST_UPGRADABLE) {
    throw new StudioError(
      'UNSUPPORTED',
      `The model is written in opset ${from}; quantization needs ${OLDEST_UPGRADABLE} or later`,
      {
        hint: 'Export the model again with a newer opset, best 17 or later.',
      },
    );
  }
  const opsetImports = model.opsetImports.map((entry) =>
    entry.domain === '' || entry.domain === 'ai.onnx' ? { ...entry, version: to } : entry,
  );
  const graph = upgradeGraph(model.graph, { from, to }, knowledge, sources);
  return { ...model, irVersion: Math.max(model.irVersion, IR_OF_OPSET[to] ?? 0), opsetImports, graph };
}

/** Subgraphs and functions are not inferred here: within them, the forms that need no rank are used. */
export const NOTHING_KNOWN: ValueKnowledge = { dtype: () => undefined, rank: () => undefined };

/** Opsets that a model comes from and goes to. */
interface Crossing {
  readonly from: number;
  readonly to: number;
}

function upgradeGraph(
  graph: Graph,
  crossing: Crossing,
  knowledge: ValueKnowledge,
  sources: Map<string, readonly string[]>,
): Graph {
  const editor = new GraphEditor(graph);
  const names = layerNames(graph);
  for (const [index, original] of graph.nodes.entries()) {
    const layer = names[index]!;
    const node = upgradeSubgraphs(original, crossing);
    if (node !== original) editor.replaceNode(original, node);
    if (node.domain !== '' && node.domain !== 'ai.onnx') continue;
    const rewritten = rewriteNode(node, crossing, upgradeScope(editor, layer, knowledge));
    if (rewritten.length === 1 && rewritten[0] === node) continue;
    replaceBySeveral(editor, original, rewritten);
    for (const { name } of rewritten) if (name !== layer) sources.set(name, [layer]);
  }
  return editor.build({ dropUnused: true });
}

/**
 * A node of one opset in a newer one, as one or several nodes.
 * @throws what `scope.refuse` throws, where the newer opset has no counterpart or the operator is not known
 */
export function rewriteNode(node: Node, { from, to }: Crossing, scope: UpgradeScope): readonly Node[] {
  const crossed = ({ since }: { readonly since: number }): boolean => since > from && since <= to;
  const refusal = REFUSALS.find((entry) => entry.opType === node.opType && crossed(entry));
  if (refusal !== undefined) return scope.refuse(refusal.reason);
  let current: readonly Node[] = [node];
  for (const entry of REWRITES.filter(crossed)) {
    current = current.flatMap((each) => (each.opType === entry.opType ? entry.rewrite(each, scope) : [each]));
  }
  const unknown = current.find(({ domain, opType }) => operatorSpec(domain, opType) === undefined);
  return unknown === undefined ? current : scope.refuse(`nothing is known about the operator ${unknown.opType}`);
}

/** The node that keeps the layer's name stands in its place; helper nodes around it keep their order. */
function replaceBySeveral(editor: GraphEditor, original: Node, nodes: readonly Node[]): void {
  const [first, ...rest] = nodes;
  editor.replaceNode(original, first!);
  editor.insertAfter(original, ...rest);
}

/** What rewrites may ask for, where values and constants go into the graph that `editor` changes. */
export function upgradeScope(
  editor: Pick<GraphEditor, 'freshValue' | 'freshNode' | 'setInitializer'>,
  layer: string,
  knowledge: ValueKnowledge,
): UpgradeScope {
  const constant = (role: string, dtype: DType, dims: readonly number[], values: NumericArray): string => {
    const name = editor.freshValue(`${layer}/${role}`);
    editor.setInitializer(makeTensor(name, dtype, dims, values));
    return name;
  };
  return {
    ints: (role, values) => constant(role, 'int64', [values.length], BigInt64Array.from(values)),
    int: (role, value) => constant(role, 'int64', [], BigInt64Array.of(value)),
    scalarLike: (role, value, like) => constant(role, knowledge.dtype(like) ?? 'float32', [], Float32Array.of(value)),
    floats: (role, values, dims = [values.length]) => constant(role, 'float32', dims, Float32Array.from(values)),
    value: (role) => editor.freshValue(`${layer}/${role}`),
    node: (role) => editor.freshNode(`${layer}/${role}`),
    rank: knowledge.rank,
    refuse: (reason) => refuse(layer, reason),
  };
}

function refuse(layer: string, reason: string): never {
  throw new StudioError('UNSUPPORTED', `Layer '${layer}' cannot be written in a newer opset: ${reason}`, {
    hint: 'Export the model again with opset 13 or later.',
  });
}

function upgradeSubgraphs(node: Node, crossing: Crossing): Node {
  if (!node.attributes.some(({ type }) => type === 'graph' || type === 'graphs')) return node;
  const upgrade = (graph: Graph): Graph => upgradeGraph(graph, crossing, NOTHING_KNOWN, new Map());
  return {
    ...node,
    attributes: node.attributes.map((attribute): Attribute => {
      if (attribute.type === 'graph') return { ...attribute, value: upgrade(attribute.value) };
      if (attribute.type === 'graphs') return { ...attribute, value: attribute.value.map(upgrade) };
      return attribute;
    }),
  };
}
