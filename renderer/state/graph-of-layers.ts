/** The table of layers as a graph to draw and to walk: one node for each layer. */
import type { LayerStructure, LayerTable } from '../../main/contract/layers.ts';
import type { ModelPicture } from '../../main/contract/model-picture.ts';
import type { GraphNode, GraphView } from '../../main/contract/studio.ts';
import { layerRows, nodesOf, placeAt, type LayerPlace } from '../../main/judge/layer-table.ts';

/** What a node says under its operator. */
type Box = Pick<GraphNode, 'weights' | 'attributes'>;

const EMPTY: Box = { weights: [], attributes: [] };

function nodeOf(row: LayerPlace, { weights, attributes }: Box): GraphNode {
  return {
    name: row.name,
    op: row.op,
    domain: row.domain,
    category: row.category,
    part: row.part,
    brings: null,
    scope: row.scope,
    parent: row.parent,
    inputs: [...row.inputs],
    outputs: [...row.outputs],
    weights,
    attributes,
  };
}

/** A layer as one node: its own attributes, with the weights of all nodes that serve it. */
export function layerNode(row: LayerPlace, written: readonly GraphNode[]): GraphNode {
  return nodeOf(row, {
    weights: written.flatMap(({ weights }) => weights),
    attributes: written[0]?.attributes ?? [],
  });
}

function valuesOf(written: GraphView | null, nodes: readonly GraphNode[]): GraphView['values'] {
  if (written === null || nodes.length === 0) return [];
  const names = new Set(nodes.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]));
  return written.values.filter(({ name }) => names.has(name));
}

function endsOf({ graphInputs, graphOutputs, values }: LayerStructure): Pick<GraphView, 'inputs' | 'outputs'> {
  const nameOf = (place: number): string => values.names[place]!;
  return { inputs: Array.from(graphInputs, nameOf), outputs: Array.from(graphOutputs, nameOf) };
}

/** Types and shapes of the values that pass between layers. */
export function layerValues({ values, texts, shapes }: LayerTable): GraphView['values'] {
  return values.names.map((name, place) => {
    const known = shapes[values.shape[place]!]!;
    return { name, dtype: texts[values.dtype[place]!] || null, shape: known === null ? null : [...known] };
  });
}

/** @param written the trial's graph as written, for attributes and weights; null: without them */
export function layerGraph(table: LayerTable, written: GraphView | null): GraphView {
  const nodes = new Map(written?.nodes.map((node) => [node.name, node]));
  const layers = layerRows(table).map((row) =>
    layerNode(
      row,
      nodesOf(table, row.index).flatMap((name) => nodes.get(name) ?? []),
    ),
  );
  const bodies = written?.bodies ?? [];
  const closed = bodies.filter((body) => body.closed);
  const functions = new Set(closed.map(({ holder, branch }) => `${holder}/${branch}/`));
  const within = new Set<string>();
  // Also in the subgraphs of its nodes, which follow those that hold them.
  const inFunction = ({ name, parent }: GraphNode): boolean => {
    if (parent === null) return false;
    const isIn = within.has(parent) || functions.has(`${name.slice(0, name.indexOf('/', parent.length + 1))}/`);
    if (isIn) within.add(name);
    return isIn;
  };
  const inner = closed.length === 0 ? [] : written!.nodes.filter(inFunction);
  return {
    // What a called function is made of is drawn in it; it is no layer of the table.
    nodes: [...layers, ...inner],
    values: [...layerValues(table), ...valuesOf(written, inner)],
    bodies: [...bodies],
    ...endsOf(table),
  };
}

/** The same graph before types and shapes of its values are known: it has none of them. */
export function pictureGraph({ layers, details }: ModelPicture): GraphView {
  const nodes = layers.names.map((_, index) => nodeOf(placeAt(layers, index), details?.boxes[index] ?? EMPTY));
  return {
    nodes: details === null ? nodes : [...nodes, ...details.inner],
    values: [],
    bodies: details?.bodies ?? [],
    ...endsOf(layers),
  };
}
