import { LAYER_STATES, type LayerState } from '../../contract/layer-words.ts';
import type { LayerTable } from '../../contract/layers.ts';
import type { Model, Shape } from '../graph/ir.ts';
import type { LayerCost } from '../operators/cost.ts';
import type { Inference } from '../operators/inference.ts';
import type { Sources } from '../passes/pass.ts';
import { groupLayers, type Layer } from './group-layers.ts';
import { layerStructure, structureOf, type StructureRow } from './layer-structure.ts';
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

/** The layer as the source has it, or the changed model's own where the source has none. */
interface Row extends StructureRow {
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

  constructor(source: LayerSide, now: LayerSide, match: LayerMatch | undefined) {
    this.#source = source;
    this.#now = now;
    this.#match = match;
  }

  build(): LayerTable {
    const rows = this.#rows();
    const { columns, places } =
      this.#match === undefined ? layerStructure(this.#source.model) : structureOf(rows, this.#source.model.graph);
    const texts = new Table<string>((text) => text, columns.texts);
    const shapes = new Table<Shape | null>((shape) => JSON.stringify(shape), [null]);
    const precisions = layerPrecisions(groupLayers(this.#now.model), this.#now.inference);
    const totals = rows.map(({ now }) => totalsOf(now, this.#now.costs));
    const before =
      this.#match === undefined
        ? totals
        : rows.map(({ layer, state }) => (state === 'added' ? NOTHING : totalsOf([layer], this.#source.costs)));
    const place = (layer: Layer | undefined): number => (layer ? (places.get(layer) ?? -1) : -1);
    const nodeNames = new Table<string>((name) => name);
    const nodes = rows.map(({ now }) =>
      now.flatMap((layer) => layer.nodes.map(({ layer: name }) => nodeNames.place(name))),
    );
    return {
      ...columns,
      precision: Uint32Array.from(rows, ({ now }) =>
        texts.place(now[0] === undefined ? '' : (precisions.get(now[0]) ?? '')),
      ),
      state: Uint8Array.from(rows, ({ state }) => LAYER_STATES.indexOf(state)),
      fusedInto: Int32Array.from(rows, ({ layer }) => place(this.#match?.fusedInto.get(layer))),
      parameters: Float64Array.from(totals, ({ parameters }) => parameters),
      parameterBytes: Float64Array.from(totals, ({ parameterBytes }) => parameterBytes),
      sourceParameters: Float64Array.from(before, ({ parameters }) => parameters),
      macs: Float64Array.from(totals, ({ macs }) => macs),
      bytes: Float64Array.from(totals, ({ bytes }) => bytes),
      nodes: listColumn(nodes),
      nodeNames: nodeNames.items,
      values: this.#valueColumns(columns.values.names, texts, shapes),
      texts: texts.items,
      shapes: shapes.items,
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

  #valueColumns(names: readonly string[], texts: Table<string>, shapes: Table<Shape | null>): LayerTable['values'] {
    const known = names.map((name) => this.#now.inference.values.get(name) ?? this.#source.inference.values.get(name));
    return {
      names,
      dtype: Uint32Array.from(known, (value) => texts.place(value?.dtype ?? '')),
      shape: Uint32Array.from(known, (value) => shapes.place(value?.shape ?? null)),
    };
  }
}

const NOTHING: Totals = { parameters: 0, parameterBytes: 0, macs: 0, bytes: 0 };

/** Weights wherever they lie; work of the main nodes and of those that serve them. NaN where something is not known. */
function totalsOf(layers: readonly Layer[], costs: readonly LayerCost[]): Totals {
  let [parameters, parameterBytes, macs, bytes] = [0, 0, 0, 0];
  for (const layer of layers) {
    for (const { layer: name, place } of layer.nodes) {
      const cost = costs[place];
      parameters += cost?.parameters ?? 0;
      parameterBytes += cost?.parameterBytes ?? 0;
      macs += cost?.macs ?? Number.NaN;
      if (name === layer.name) bytes += cost?.bytes ?? Number.NaN;
    }
  }
  return { parameters, parameterBytes, macs, bytes };
}
