import { LAYER_CATEGORIES } from '../../contract/layer-words.ts';
import type { LayerStructure, ListColumn } from '../../contract/layers.ts';
import type { Graph, Model } from '../graph/ir.ts';
import { scopeOf } from '../graph/layers.ts';
import { blockPartNumber } from '../operators/block-part.ts';
import { operatorSpec } from '../operators/table.ts';
import { groupLayers, type Layer, type Layers } from './group-layers.ts';
import { listColumn, Table } from './table-columns.ts';

/** A layer, and the layers that it is one of. */
export interface StructureRow {
  readonly layer: Layer;
  readonly layers: Layers;
}

/** The columns, and what else they are told with. */
export interface MadeStructure {
  readonly columns: LayerStructure;
  /** Row of each layer. */
  readonly places: ReadonlyMap<Layer, number>;
}

const known = new WeakMap<Graph, MadeStructure>();

/** The layers of a model and how they hang together. Nothing is inferred. Linear time; remembered for the graph object. */
export function layerStructure(model: Model): MadeStructure {
  const { graph } = model;
  let made = known.get(graph);
  if (made === undefined) {
    const layers = groupLayers(model);
    made = structureOf(
      layers.all.map((layer) => ({ layer, layers })),
      graph,
    );
    known.set(graph, made);
  }
  return made;
}

/** The same of any rows. @param graph the source's, whose inputs and outputs are the table's */
export function structureOf(rows: readonly StructureRow[], graph: Graph): MadeStructure {
  const places = new Map(rows.map(({ layer }, place) => [layer, place]));
  const texts = new Table<string>((text) => text, ['']);
  const values = new Table<string>((name) => name);
  const text = (value: (layer: Layer) => string): Uint32Array =>
    Uint32Array.from(rows, ({ layer }) => texts.place(value(layer)));
  const stored = new Set(graph.initializers.map(({ name }) => name));
  const fed = graph.inputs.filter(({ name }) => !stored.has(name));
  const columns: LayerStructure = {
    names: rows.map(({ layer }) => layer.name),
    op: text(({ main }) => main.node.opType),
    domain: text(({ main }) => main.node.domain),
    scope: text(({ name }) => scopeOf(name)),
    category: Uint8Array.from(rows, ({ layer: { main } }) =>
      LAYER_CATEGORIES.indexOf(operatorSpec(main.node.domain, main.node.opType)?.category ?? 'other'),
    ),
    part: Uint8Array.from(rows, ({ layer: { main } }) => blockPartNumber(main.node)),
    parent: Int32Array.from(rows, ({ layer: { parent } }) => (parent === null ? -1 : (places.get(parent) ?? -1))),
    ...edgesOf(rows, graph, values),
    graphInputs: Uint32Array.from(fed, ({ name }) => values.place(name)),
    graphOutputs: Uint32Array.from(graph.outputs, ({ name }) => values.place(name)),
    values: { names: values.items },
    texts: texts.items,
  };
  return { columns, places };
}

interface Edges {
  readonly inputs: ListColumn;
  readonly outputs: ListColumn;
}

/** What passes between layers: values that are computed or fed; not what is stored, and what only tells sizes. */
function edgesOf(rows: readonly StructureRow[], graph: Graph, values: Table<string>): Edges {
  const inputs = rows.map(({ layer, layers }) => valuesUsed(layer, layers).map((it) => values.place(it)));
  const used = new Set(values.items);
  for (const { name } of graph.outputs) used.add(name);
  const outputs = rows.map(({ layer }) => {
    const given: number[] = [];
    for (const { node } of layer.nodes)
      for (const value of node.outputs)
        if (value !== '' && (node === layer.main.node || used.has(value))) given.push(values.place(value));
    return given;
  });
  return { inputs: listColumn(inputs), outputs: listColumn(outputs) };
}

/**
 * The values that a layer takes from others, before quantization, each once; those that only its shape arithmetic reads where it
 * has no other.
 */
function valuesUsed(layer: Layer, layers: Layers): readonly string[] {
  const own: string[] = [];
  const read: string[] = [];
  for (const { node, graph } of layer.nodes) {
    const kind = layers.kind(node);
    if (kind === 'constant') continue;
    const list = kind === 'shape' ? read : own;
    for (const input of node.inputs) {
      if (input === '') continue;
      const source = layers.source(input, graph);
      if (source.layer === layer || source.kind === 'constant' || source.kind === 'shape' || source.kind === 'scaling')
        continue;
      if (!list.includes(source.value)) list.push(source.value);
    }
  }
  return own.length > 0 ? own : read;
}
