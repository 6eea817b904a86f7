import { intsAttribute } from '../graph/attributes.ts';
import { GraphEditor } from '../graph/edit.ts';
import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Model, Node } from '../graph/ir.ts';
import { tensorValues } from '../graph/tensor-data.ts';
import { hasTrait } from '../operators/ask.ts';
import { constantOf } from '../operators/constant-behind.ts';
import { unchanged, type PassResult } from './pass.ts';

/**
 * Nodes of the main graph whose output is a value that is there already: Identity, Dropout outside of training, the second of
 * two transpositions that cancel each other. Outputs of the model keep their nodes, and constants that subgraphs name.
 * @returns by node, the value that its first output equals
 */
export function noOps(index: GraphIndex): ReadonlyMap<Node, string> {
  const found = new Map<Node, string>();
  for (const node of index.graph.nodes) {
    if (node.outputs.some((value) => index.isOutput(value))) continue;
    const equal = equalValue(node, index);
    if (equal !== undefined && equal !== '') found.set(node, equal);
  }
  return found;
}

function equalValue(node: Node, index: GraphIndex): string | undefined {
  const input = node.inputs[0] ?? '';
  if (hasTrait(node, 'identity')) return input;
  if (node.opType === 'Dropout' && node.domain === '') return isTraining(node, index) ? undefined : input;
  if (node.opType !== 'Transpose' || node.domain !== '') return undefined;
  const before = index.producer(input);
  if (before?.opType !== 'Transpose' || before.domain !== '') return undefined;
  const [second, first] = [node, before].map((one) => intsAttribute(one, 'perm'));
  if (second === undefined || first === undefined) return second === first ? before.inputs[0] : undefined;
  return second.every((axis, at) => first[axis] === at) ? before.inputs[0] : undefined;
}

/** Whether a Dropout drops, or its mask is used. */
function isTraining(node: Node, index: GraphIndex): boolean {
  if (node.outputs.slice(1).some((value) => value !== '' && index.consumers(value).length > 0)) return true;
  const mode = node.inputs[2] ?? '';
  if (mode === '') return false;
  const constant = constantOf(index, mode);
  return constant === undefined || Number(tensorValues(constant)[0]) !== 0;
}

/** Takes out what {@link noOps} finds, and transpositions that nothing reads any more. The same values are computed. */
export function removeNoOps(model: Model): PassResult {
  const index = indexGraph(model.graph);
  const found = noOps(index);
  if (found.size === 0) return unchanged(model);
  const editor = new GraphEditor(model.graph);
  for (const [node, equal] of found) {
    editor.replaceUses(node.outputs[0]!, equal);
    editor.removeNode(node);
  }
  const graph = withoutUnreadTranspositions(editor.build({ dropUnused: true }));
  const notes = [`${found.size} layers without effect are gone.`];
  return { model: { ...model, graph }, sources: new Map(), notes };
}

function withoutUnreadTranspositions(graph: Model['graph']): Model['graph'] {
  const index = indexGraph(graph);
  const unread = graph.nodes.filter(
    ({ opType, domain, outputs }) =>
      opType === 'Transpose' &&
      domain === '' &&
      outputs.every((value) => index.consumers(value).length === 0 && !index.isOutput(value)),
  );
  if (unread.length === 0) return graph;
  const editor = new GraphEditor(graph);
  for (const node of unread) editor.removeNode(node);
  return editor.build({ dropUnused: true });
}
