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

/** @param written the trial's graph as written, for attributes and weights; null: without them */
export function layerGraph(table: LayerTable, written: GraphView | null): GraphView {
  const nodes = new Map(written?.nodes.map((node) => [node.name, node]));
  const { names, dtype, shape } = table.values;
  const nameOf = (place: number): string => names[place]!;
  return {
    nodes: layerRows(table).map((row) =>
      layerNode(
        row,
        nodesOf(table, row.index).flatMap((name) => nodes.get(name) ?? []),
      ),
    ),
    values: names.map((name, place) => {
      const known = table.shapes[shape[place]!]!;
      return { name, dtype: table.texts[dtype[place]!] || null, shape: known === null ? null : [...known] };
    }),
    inputs: Array.from(table.graphInputs, nameOf),
    outputs: Array.from(table.graphOutputs, nameOf),
  };
}
