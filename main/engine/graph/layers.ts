import type { Graph } from './ir.ts';

/** `name`, or `name_2`, `name_3` … when that is taken; the result is taken from then on. */
export function claimName(name: string, taken: Set<string>): string {
  let candidate = name;
  for (let copy = 2; taken.has(candidate); copy++) candidate = `${name}_${copy}`;
  taken.add(candidate);
  return candidate;
}

const namesByGraph = new WeakMap<Graph, readonly string[]>();

/**
 * The unique name of each node of this graph, in order: its own name, or `<Op>_<index>` where it has none or shares it.
 * Layers inside subgraphs are named by `walkNodes`. Linear time; remembered for the graph object.
 */
export function layerNames(graph: Graph): readonly string[] {
  const known = namesByGraph.get(graph);
  if (known) return known;
  const distinct = new Set<string>();
  for (const { name } of graph.nodes) distinct.add(name);
  // Most files give each node a name of its own.
  const names = distinct.size === graph.nodes.length && !distinct.has('') ? graph.nodes.map(nameOf) : madeNames(graph);
  namesByGraph.set(graph, names);
  return names;
}

const nameOf = ({ name }: { readonly name: string }): string => name;

function madeNames(graph: Graph): readonly string[] {
  const uses = new Map<string, number>();
  for (const node of graph.nodes) uses.set(node.name, (uses.get(node.name) ?? 0) + 1);
  const own = (name: string): boolean => name !== '' && uses.get(name) === 1;
  // Names that nodes have of their own come first, so that a made-up "Relu_3" gives way to a real one.
  const taken = new Set(graph.nodes.map((node) => node.name).filter(own));
  return graph.nodes.map((node, index) => (own(node.name) ? node.name : claimName(`${node.opType}_${index}`, taken)));
}

/**
 * The scope that a layer's name tells: all but its last part, without a leading slash; '' at the top.
 * "/layer1/0/conv1/Conv" → "layer1/0/conv1"; "layer1.0.conv1" → "layer1/0"; "block/conv/Conv2D:0" → "block/conv".
 *
 * Slashes separate; where there is none, dots do.
 */
export function scopeOf(layerName: string): string {
  const end = layerName.lastIndexOf('/');
  const isPlain = end > 0 && end < layerName.length - 1 && !layerName.includes('//');
  if (isPlain) return layerName.slice(layerName.startsWith('/') ? 1 : 0, end);
  const separator = end === -1 ? '.' : '/';
  const parts = layerName.split(separator).filter((part) => part !== '');
  return parts.slice(0, -1).join('/');
}
