import { StudioError } from '../../base/errors.ts';
import { GraphEditor } from '../graph/edit.ts';
import { allValueNames, feedInputs } from '../graph/index-graph.ts';
import type { Graph, Model, OpsetImport } from '../graph/ir.ts';
import { walkNodesOf } from '../graph/walk.ts';
import { defaultOpset } from './upgrade-opset.ts';

/** Two models as one graph that reads the same inputs; the names of the second one are prefixed. */
export interface MergedModels {
  readonly model: Model;
  /** What a value of the second model is called in the merged graph. */
  readonly nameInSecond: (value: string) => string;
}

/**
 * Puts two models side by side. Inputs are matched by name, else by position; the outputs of the result are the first
 * model's.
 * @throws UNSUPPORTED when their opsets or numbers of inputs differ
 */
export function mergeModels(first: Model, second: Model): MergedModels {
  requireSameOpset(first, second);
  const inputs = matchInputs(first.graph, second.graph);
  const prefix = freePrefix(first.graph);
  const nameInSecond = (value: string): string => (value === '' ? '' : (inputs.get(value) ?? `${prefix}${value}`));
  const renamed = renameAll(second.graph, nameInSecond, prefix);
  const graph: Graph = {
    ...first.graph,
    nodes: [...first.graph.nodes, ...renamed.nodes],
    initializers: [...first.graph.initializers, ...renamed.initializers],
    sparseInitializers: [...first.graph.sparseInitializers, ...renamed.sparseInitializers],
    valueInfos: [],
    quantizationAnnotations: [],
  };
  const model: Model = {
    ...first,
    irVersion: Math.max(first.irVersion, second.irVersion),
    opsetImports: joinOpsets(first.opsetImports, second.opsetImports),
    functions: [
      ...first.functions,
      ...second.functions.filter((theirs) => !first.functions.some((ours) => sameFunction(ours, theirs))),
    ],
    graph,
  };
  return { model, nameInSecond };
}

/** Stands before every value and node name of the second model, but for the shared inputs; no name of the first begins so. */
function freePrefix(graph: Graph): string {
  const names = [...allValueNames(graph), ...walkNodesOf(graph).map(({ name }) => name)];
  let prefix = 'second/';
  while (names.some((name) => name.startsWith(prefix))) prefix = `_${prefix}`;
  return prefix;
}

function sameFunction(a: Model['functions'][number], b: Model['functions'][number]): boolean {
  return a.name === b.name && a.domain === b.domain && a.overload === b.overload;
}

function requireSameOpset(first: Model, second: Model): void {
  const [a, b] = [defaultOpset(first), defaultOpset(second)];
  if (a === b) return;
  throw new StudioError(
    'UNSUPPORTED',
    `The models cannot be compared layer by layer: one has opset ${a}, the other ${b}`,
    {
      hint: 'Export both with the same opset.',
    },
  );
}

function matchInputs(first: Graph, second: Graph): ReadonlyMap<string, string> {
  const ours = feedInputs(first).map(({ name }) => name);
  const theirs = feedInputs(second).map(({ name }) => name);
  if (ours.length !== theirs.length) {
    throw new StudioError(
      'UNSUPPORTED',
      `The models take ${ours.length} and ${theirs.length} inputs, expected the same`,
    );
  }
  return new Map(theirs.map((name, at) => [name, ours.includes(name) ? name : ours[at]!]));
}

function renameAll(graph: Graph, nameOf: (value: string) => string, prefix: string): Graph {
  const editor = new GraphEditor(graph);
  for (const tensor of graph.initializers) editor.replaceUses(tensor.name, nameOf(tensor.name));
  for (const { values } of graph.sparseInitializers) editor.replaceUses(values.name, nameOf(values.name));
  for (const { name } of graph.inputs) if (nameOf(name) !== name) editor.replaceUses(name, nameOf(name));
  for (const node of graph.nodes) {
    for (const output of node.outputs) if (output !== '') editor.replaceUses(output, nameOf(output));
    editor.replaceNode(node, { ...node, name: `${prefix}${node.name}`, outputs: node.outputs.map(nameOf) });
  }
  const { nodes } = editor.build();
  return {
    ...graph,
    nodes,
    initializers: graph.initializers.map((tensor) => ({ ...tensor, name: nameOf(tensor.name) })),
    sparseInitializers: graph.sparseInitializers.map((sparse) => ({
      ...sparse,
      values: { ...sparse.values, name: nameOf(sparse.values.name) },
    })),
  };
}

function joinOpsets(first: readonly OpsetImport[], second: readonly OpsetImport[]): readonly OpsetImport[] {
  const known = new Set(first.map(({ domain }) => (domain === 'ai.onnx' ? '' : domain)));
  return [...first, ...second.filter(({ domain }) => !known.has(domain === 'ai.onnx' ? '' : domain))];
}
