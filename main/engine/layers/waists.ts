/** Where everything learnt passes through one value. Pure. */
import { feedInputs, indexGraph, usedValues, type GraphIndex } from '../graph/index-graph.ts';
import type { Graph, Node } from '../graph/ir.ts';
import { hasTrait } from '../operators/ask.ts';
import { operatorSpec } from '../operators/table.ts';

/** Whether a node has weights of its own, in a matrix or kernel, stored or behind the codes of a quantized model. */
export function isWeighted(index: GraphIndex, node: Node): boolean {
  const inputs = operatorSpec(node.domain, node.opType)?.prunableInputs ?? [];
  return inputs.some((input) => isStored(index, node.inputs[input] ?? ''));
}

function isStored(index: GraphIndex, value: string): boolean {
  if (index.initializer(value) !== undefined) return true;
  const node = index.producer(value);
  if (node === undefined) return false;
  return (
    hasTrait(node, 'constant') ||
    (node.inputs.length > 0 && node.inputs.every((input) => input === '' || isStored(index, input)))
  );
}

/** Values that follow from what the model is fed with, its inputs among them. */
export function madeValues(graph: Graph): ReadonlySet<string> {
  const made = new Set(feedInputs(graph).map(({ name }) => name));
  for (const node of graph.nodes) {
    if (!usedValues(node).some((value) => made.has(value))) continue;
    for (const output of node.outputs) if (output !== '') made.add(output);
  }
  return made;
}

/**
 * Values through which everything learnt passes, with a layer between each two: the ends of a residual network's blocks, of a
 * transformer's, of a plain network's layers. In the order of the graph.
 * @param graph in topological order
 * @param before the value at which to stop, itself left out; undefined: the end
 */
export function waists(graph: Graph, before?: string): readonly string[] {
  const index = indexGraph(graph);
  const made = madeValues(graph);
  const lastUse = new Map<string, number>();
  graph.nodes.forEach((node, at) => {
    for (const value of usedValues(node)) lastUse.set(value, at);
  });
  for (const { name } of graph.outputs) lastUse.set(name, graph.nodes.length);
  const learnt = new Set<string>();
  const live = new Set<string>();
  const found: string[] = [];
  let layers = 0;
  for (const [at, node] of graph.nodes.entries()) {
    const weighted = isWeighted(index, node);
    const used = usedValues(node);
    if (weighted) layers++;
    if (made.has(node.outputs[0] ?? '') && (weighted || used.some((value) => learnt.has(value)))) {
      for (const output of node.outputs) {
        if (output === '' || (lastUse.get(output) ?? -1) <= at) continue;
        learnt.add(output);
        live.add(output);
      }
    }
    for (const value of used) if (lastUse.get(value) === at) live.delete(value);
    if (before !== undefined && node.outputs.includes(before)) break;
    const [only] = live;
    if (live.size !== 1 || only === undefined || only !== node.outputs[0]) continue;
    if (layers === 0 || isPassedOn(index, only)) continue;
    found.push(only);
    layers = 0;
  }
  return found;
}

/** Whether only an activation or something that moves values reads it: the point behind that says the same and more. */
function isPassedOn(index: GraphIndex, value: string): boolean {
  const readers = index.consumers(value);
  if (readers.length !== 1) return false;
  const { domain, opType } = readers[0]!;
  const category = operatorSpec(domain, opType)?.category ?? 'other';
  return category === 'activation' || category === 'normalization' || category === 'dropout';
}
