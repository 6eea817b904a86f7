import { GraphEditor } from '../graph/edit.ts';
import { usedValues } from '../graph/index-graph.ts';
import type { Graph, Model, Node } from '../graph/ir.ts';
import { unchanged, type PassResult } from './pass.ts';
import { withoutUnusedInitializers } from './unused-weights.ts';

/** Takes out the nodes of the main graph that no output depends on, and initializers that nothing uses. Linear. */
export function removeDeadCode(model: Model): PassResult {
  const graph = withoutUnusedInitializers(withoutDeadNodes(model.graph));
  return graph === model.graph ? unchanged(model) : { model: { ...model, graph }, sources: new Map(), notes: [] };
}

/** The graph without the nodes that none of its outputs depends on. */
export function withoutDeadNodes(graph: Graph): Graph {
  const producers = new Map<string, Node>();
  for (const node of graph.nodes) {
    for (const output of node.outputs) if (output !== '') producers.set(output, node);
  }
  const alive = new Set<Node>();
  const waiting = graph.outputs.map(({ name }) => name);
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    const node = producers.get(value);
    if (node === undefined || alive.has(node)) continue;
    alive.add(node);
    waiting.push(...usedValues(node));
  }
  if (alive.size === graph.nodes.length) return graph;
  const editor = new GraphEditor(graph);
  for (const node of graph.nodes) if (!alive.has(node)) editor.removeNode(node);
  return editor.build({ dropUnused: true });
}
