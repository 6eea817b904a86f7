import type { Attribute, Graph, Model, Node } from '../graph/ir.ts';
import { walkGraphs, walkNodes } from '../graph/walk.ts';
import type { ModelSource } from '../runtime/settings.ts';
import { isTooNew, sourceOfModel } from '../runtime/model-source.ts';
import { unchanged, type PassResult } from './pass.ts';

/**
 * Gives nodes without a name, or with one that others have too, the name of their layer. Names are unique then, nodes
 * inserted later cannot change what others are called, the runtime's trace tells them apart, and the runtime takes the
 * model: it refuses two nodes of one name in a graph. Nodes of functions stay as they are.
 */
export function nameNodes(model: Model): PassResult {
  const uses = new Map<string, number>();
  const layers = new Map<Node, string>();
  for (const { node, layer } of walkNodes(model)) {
    uses.set(node.name, (uses.get(node.name) ?? 0) + 1);
    layers.set(node, layer);
  }
  const isOwn = (name: string): boolean => name !== '' && uses.get(name) === 1;
  if ([...uses.keys()].every(isOwn)) return unchanged(model);

  const nameGraph = (graph: Graph): Graph => ({ ...graph, nodes: graph.nodes.map(nameNode) });
  const nameNode = (node: Node): Node => ({
    ...node,
    name: isOwn(node.name) ? node.name : (layers.get(node) ?? node.name),
    attributes: node.attributes.map(nameAttribute),
  });
  const nameAttribute = (attribute: Attribute): Attribute => {
    if (attribute.type === 'graph') return { ...attribute, value: nameGraph(attribute.value) };
    if (attribute.type === 'graphs') return { ...attribute, value: attribute.value.map(nameGraph) };
    return attribute;
  };
  return { model: { ...model, graph: nameGraph(model.graph) }, sources: new Map(), notes: notesOf(model, layers) };
}

/** Whether two nodes of one graph have the same name: the runtime refuses such models. */
export function hasNamesakes(model: Model): boolean {
  for (const { nodes } of walkGraphs(model)) {
    const names = nodes.map(({ name }) => name).filter((name) => name !== '');
    if (new Set(names).size < names.length) return true;
  }
  return false;
}

/**
 * What to load in place of a file: the file, or the model where the runtime would refuse that: with unique names where it has
 * namesakes, and stating an IR version that the runtime takes.
 */
export function runnableSource({ model, path }: { readonly model: Model; readonly path: string }): ModelSource {
  return hasNamesakes(model) || isTooNew(model) ? sourceOfModel(nameNodes(model).model) : { path };
}

/** Told where a name that the model gives itself was changed. */
function notesOf({ graph }: Model, layers: ReadonlyMap<Node, string>): readonly string[] {
  const renamed = graph.nodes.filter((node) => node.name !== '' && layers.get(node) !== node.name);
  if (renamed.length === 0) return [];
  const names = [...new Set(renamed.map(({ name }) => `'${name}'`))];
  const shown = `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`;
  return [`${renamed.length} nodes share their name with others (${shown}); each has one of its own now.`];
}
