/** The table of layers as a graph to draw and to walk: one node for each layer. */
import type { LayerTable } from '../../main/contract/layers.ts';
import type { GraphNode, GraphView } from '../../main/contract/studio.ts';
import { layerRows, nodesOf, type LayerRow } from '../../main/judge/layer-table.ts';

/** A layer as one node: its own attributes, with the weights of all nodes that serve it. */
export function layerNode(row: LayerRow, written: readonly GraphNode[]): GraphNode {
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
    weights: written.flatMap(({ weights }) => weights),
    attributes: written[0]?.attributes ?? [],
  };
}

function valuesOf(written: GraphView | null, nodes: readonly GraphNode[]): GraphView['values'] {
  if (written === null || nodes.length === 0) return [];
  const names = new Set(nodes.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]));
  return written.values.filter(({ name }) => names.has(name));
}

/** @param written the trial's graph as written, for attributes and weights; null: without them */
export function layerGraph(table: LayerTable, written: GraphView | null): GraphView {
  const nodes = new Map(written?.nodes.map((node) => [node.name, node]));
  const { names, dtype, shape } = table.values;
  const nameOf = (place: number): string => names[place]!;
  const layers = layerRows(table).map((row) =>
    layerNode(
      row,
      nodesOf(table, row.index).flatMap((name) => nodes.get(name) ?? []),
    ),
  );
  const values = names.map((name, place) => {
    const known = table.shapes[shape[place]!]!;
    return { name, dtype: table.texts[dtype[place]!] || null, shape: known === null ? null : [...known] };
  });
  const bodies = written?.bodies ?? [];
  const closed = bodies.filter((body) => body.closed);
  const functions = new Set(closed.map(({ holder, branch }) => `${holder}/${branch}/`));
  const inFunction = ({ name, parent }: GraphNode): boolean =>
    parent !== null && functions.has(`${name.slice(0, name.indexOf('/', parent.length + 1))}/`);
  const inner = closed.length === 0 ? [] : written!.nodes.filter(inFunction);
  return {
    // What a called function is made of is drawn in it; it is no layer of the table.
    nodes: [...layers, ...inner],
    values: [...values, ...valuesOf(written, inner)],
    bodies: [...bodies],
    inputs: Array.from(table.graphInputs, nameOf),
    outputs: Array.from(table.graphOutputs, nameOf),
  };
}
