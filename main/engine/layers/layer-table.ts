import { LAYER_CATEGORIES, LAYER_STATES, type LayerState } from '../../contract/layer-words.ts';
import type { LayerTable } from '../../contract/layers.ts';
import type { Model, Shape } from '../graph/ir.ts';
import { scopeOf } from '../graph/layers.ts';
import type { LayerCost } from '../operators/cost.ts';
import type { Inference } from '../operators/inference.ts';
import { blockPartNumber } from '../operators/block-part.ts';
import { operatorSpec } from '../operators/table.ts';
import type { Sources } from '../passes/pass.ts';
import { groupLayers, type Layer, type Layers } from './group-layers.ts';
import { matchLayers, type LayerMatch } from './match-layers.ts';
import { layerPrecisions } from './precision.ts';
import { listColumn, Table } from './table-columns.ts';

/** A model with what is known of it. */
export interface LayerSide {
  readonly model: Model;
  /** Shapes as they are shown: with the file's symbolic sizes. */
  readonly inference: Inference;
  /** In the order of `walkNodes`, all sizes known. */
  readonly costs: readonly LayerCost[];
}

/** The layers of a model as it was opened. */
export function layerTable(side: LayerSide): LayerTable {
  return new TableBuilder(side, side, undefined).build();
}

/**
 * The layers of a changed model: those of the model that it was made of, each with what it is now.
 * @param sources names of source nodes by name of a node of the changed model, as far as they are known
 */
export function changedLayerTable(source: LayerSide, changed: LayerSide, sources?: Sources): LayerTable {
  return new TableBuilder(source, changed, matchLayers(source.model, changed.model, sources)).build();
}

interface Row {
  /** The layer as the source has it, or the changed model's own where the source has none. */
  readonly layer: Layer;
  readonly layers: Layers;
  /** What computes it now. */
  readonly now: readonly Layer[];
  readonly state: LayerState;
}

/** Of all nodes of some layers. */
interface Totals {
  readonly parameters: number;
  readonly parameterBytes: number;
  readonly macs: number;
  readonly bytes: number;
}

class TableBuilder {
  readonly #source: LayerSide;
  readonly #now: LayerSide;
  readonly #match: LayerMatch | undefined;
  readonly #texts = new Table<string>((text) => text, '');
  readonly #shapes = new Table<Shape | null>((shape) => JSON.stringify(shape), null);
  readonly #values = new Table<string>((name) => name);

  constructor(source: LayerSide, now: LayerSide, match: LayerMatch | undefined) {
    this.#source = source;
    this.#now = now;
    this.#match = match;
  }

  build(): LayerTable {
    const rows = this.#rows();
    const places = new Map(rows.map(({ layer }, place) => [layer, place]));
    const layersNow = groupLayers(this.#now.model);
    const precisions = layerPrecisions(layersNow, this.#now.inference);
    const costsNow = costsByName(this.#now.costs);
    const costsBefore = this.#now === this.#source ? costsNow : costsByName(this.#source.costs);
    const totals = rows.map(({ now }) => totalsOf(now, costsNow));
    const before = rows.map(({ layer, state }) => (state === 'added' ? 0 : totalsOf([layer], costsBefore).parameters));
    const column = (value: (row: Row) => number): Uint32Array => Uint32Array.from(rows, value);
    const text = (value: (row: Row) => string): Uint32Array => column((row) => this.#texts.place(value(row)));
    const place = (layer: Layer | null | undefined): number => (layer ? (places.get(layer) ?? -1) : -1);
    const { inputs, outputs } = this.#edges(rows);
    const graph = this.#source.model.graph;
    const stored = new Set(graph.initializers.map(({ name }) => name));
    const fed = graph.inputs.filter(({ name }) => !stored.has(name));
    const nodeNames = new Table<string>((name) => name);
    const nodes = rows.map(({ now }) =>
      now.flatMap((layer) => layer.nodes.map(({ layer: name }) => nodeNames.place(name))),
    );
    return {
      names: rows.map(({ layer }) => layer.name),
      op: text(({ layer }) => layer.main.node.opType),
      domain: text(({ layer }) => layer.main.node.domain),
      scope: text(({ layer }) => scopeOf(layer.name)),
      precision: text(({ now }) => (now[0] === undefined ? '' : (precisions.get(now[0]) ?? ''))),
      category: Uint8Array.from(rows, ({ layer: { main } }) =>
        LAYER_CATEGORIES.indexOf(operatorSpec(main.node.domain, main.node.opType)?.category ?? 'other'),
      ),
      part: Uint8Array.from(rows, ({ layer: { main } }) => blockPartNumber(main.node)),
      state: Uint8Array.from(rows, ({ state }) => LAYER_STATES.indexOf(state)),
      parent: Int32Array.from(rows, ({ layer }) => place(layer.parent)),
      fusedInto: Int32Array.from(rows, ({ layer }) => place(this.#match?.fusedInto.get(layer))),
      inputs,
      outputs,
      graphInputs: Uint32Array.from(fed, ({ name }) => this.#values.place(name)),
      graphOutputs: Uint32Array.from(graph.outputs, ({ name }) => this.#values.place(name)),
      parameters: Float64Array.from(totals, ({ parameters }) => parameters),
      parameterBytes: Float64Array.from(totals, ({ parameterBytes }) => parameterBytes),
      sourceParameters: Float64Array.from(before),
      macs: Float64Array.from(totals, ({ macs }) => macs),
      bytes: Float64Array.from(totals, ({ bytes }) => bytes),
      nodes: listColumn(nodes),
      nodeNames: nodeNames.items,
      values: this.#valueColumns(),
      texts: this.#texts.items,
      shapes: this.#shapes.items,
    };
  }

  #rows(): readonly Row[] {
    const layers = groupLayers(this.#source.model);
    const match = this.#match;
    if (match === undefined) return layers.all.map((layer) => ({ layer, layers, now: [layer], state: 'present' }));
    const rows = layers.all.map((layer): Row => {
      const now = match.changedOf.get(layer) ?? [];
      const state = now.length > 0 ? 'present' : match.fusedInto.has(layer) ? 'fused' : 'removed';
      return { layer, layers, now, state };
    });
    const added = match.changed.all.filter((layer) => match.sourcesOf.get(layer)!.length === 0);
    return [...rows, ...added.map((layer): Row => ({ layer, layers: match.changed, now: [layer], state: 'added' }))];
  }

  /** What passes between layers: values that are computed or fed; not what is stored, and what only tells sizes. */
  #edges(rows: readonly Row[]): Pick<LayerTable, 'inputs' | 'outputs'> {
    const inputs = rows.map(({ layer, layers }) => [...valuesUsed(layer, layers)].map((it) => this.#values.place(it)));
    const used = new Set(this.#values.items);
    for (const { name } of this.#source.model.graph.outputs) used.add(name);
    const outputs = rows.map(({ layer }) =>
      layer.nodes.flatMap(({ node }) =>
        node.outputs.flatMap((value) =>
          value !== '' && (node === layer.main.node || used.has(value)) ? [this.#values.place(value)] : [],
        ),
      ),
    );
    return { inputs: listColumn(inputs), outputs: listColumn(outputs) };
  }

  #valueColumns(): LayerTable['values'] {
    const names = this.#values.items;
    const known = names.map((name) => this.#now.inference.values.get(name) ?? this.#source.inference.values.get(name));
    return {
      names,
      dtype: Uint32Array.from(known, (value) => this.#texts.place(value?.dtype ?? '')),
      shape: Uint32Array.from(known, (value) => this.#shapes.place(value?.shape ?? null)),
    };
  }
}

function costsByName(costs: readonly LayerCost[]): ReadonlyMap<string, LayerCost> {
  return new Map(costs.map((cost) => [cost.layer, cost]));
}

/** Weights wherever they lie; work of the main nodes and of those that serve them. NaN where something is not known. */
function totalsOf(layers: readonly Layer[], costs: ReadonlyMap<string, LayerCost>): Totals {
  let [parameters, parameterBytes, macs, bytes] = [0, 0, 0, 0];
  for (const layer of layers) {
    for (const { layer: name } of layer.nodes) {
      const cost = costs.get(name);
      parameters += cost?.parameters ?? 0;
      parameterBytes += cost?.parameterBytes ?? 0;
      macs += cost?.macs ?? Number.NaN;
      if (name === layer.name) bytes += cost?.bytes ?? Number.NaN;
    }
  }
  return { parameters, parameterBytes, macs, bytes };
}

/** The values that a layer takes from others, before quantization; those that only its shape arithmetic reads where it has no other. */
function valuesUsed(layer: Layer, layers: Layers): ReadonlySet<string> {
  const own = new Set<string>();
  const read = new Set<string>();
  for (const { node, graph } of layer.nodes) {
    const kind = layers.kind(node);
    if (kind === 'constant') continue;
    for (const input of node.inputs) {
      if (input === '') continue;
      const source = layers.source(input, graph);
      if (source.layer === layer || source.kind === 'constant' || source.kind === 'shape' || source.kind === 'scaling')
        continue;
      (kind === 'shape' ? read : own).add(source.value);
    }
  }
  return own.size > 0 ? own : read;
}
