import type { Model } from '../graph/ir.ts';
import { hasTrait } from '../operators/ask.ts';
import type { Sources } from '../passes/pass.ts';
import { groupLayers, type Layer, type Layers } from './group-layers.ts';
import { neighbours } from './neighbours.ts';

/** Which layers of the source model each layer of a changed one computes. */
export interface LayerMatch {
  readonly source: Layers;
  readonly changed: Layers;
  /** By layer of the changed model, the one it is named after first; empty: the source has none such. */
  readonly sourcesOf: ReadonlyMap<Layer, readonly Layer[]>;
  /** Layers of the changed model whose main layer this is, in its order. */
  readonly changedOf: ReadonlyMap<Layer, readonly Layer[]>;
  /** The layer of the source whose nodes compute this one too. */
  readonly fusedInto: ReadonlyMap<Layer, Layer>;
}

/**
 * Finds the layers of the source model in one that was made of it: by what those who changed it tell, then by the names of
 * nodes, then by the values they give, then by what stands beside them.
 * @param sources names of source nodes by name of a node of the changed model
 * @param complete `sources` tells of every layer: names alone say nothing
 */
export function matchLayers(
  source: Model,
  changed: Model,
  sources: Sources = new Map(),
  { complete = false }: { readonly complete?: boolean } = {},
): LayerMatch {
  const match = new Matching(groupLayers(source), groupLayers(changed), sources);
  return match.find(complete);
}

class Matching {
  readonly #source: Layers;
  readonly #changed: Layers;
  readonly #sources: Sources;
  readonly #sourcesOf = new Map<Layer, readonly Layer[]>();
  readonly #byOutput = new Map<string, Layer>();

  constructor(source: Layers, changed: Layers, sources: Sources) {
    this.#source = source;
    this.#changed = changed;
    this.#sources = sources;
    for (const layer of source.all) {
      for (const { node } of layer.nodes) for (const output of node.outputs) this.#byOutput.set(output, layer);
    }
  }

  find(complete: boolean): LayerMatch {
    for (const layer of this.#changed.all)
      this.#sourcesOf.set(layer, complete ? this.#inSources(layer) : this.#told(layer));
    this.#adopt();
    const changedOf = new Map<Layer, Layer[]>();
    const fusedInto = new Map<Layer, Layer>();
    for (const [layer, [main]] of this.#sourcesOf) {
      if (main === undefined) continue;
      const list = changedOf.get(main);
      if (list === undefined) changedOf.set(main, [layer]);
      else list.push(layer);
    }
    for (const [main, ...others] of this.#sourcesOf.values()) {
      if (main !== undefined) for (const other of others) if (!changedOf.has(other)) fusedInto.set(other, main);
    }
    if (!complete) this.#fuseByValue(changedOf, fusedInto);
    return { source: this.#source, changed: this.#changed, sourcesOf: this.#sourcesOf, changedOf, fusedInto };
  }

  /** What names tell: the map's, else the node's own, else those of the values that it gives. */
  #told(layer: Layer): readonly Layer[] {
    const { node, layer: name } = layer.main;
    const own = this.#source.ofName(name);
    const layers = this.#inSources(layer);
    if (layers.length > 0) {
      // A node that kept its name is that layer first, whatever else it took in.
      return [...new Set(own !== undefined && layers.includes(own) ? [own, ...layers] : layers)];
    }
    if (own !== undefined) return [own];
    const given = node.outputs.map((output) => (output === '' ? undefined : this.#byOutput.get(output)));
    const found = given.find((it) => it !== undefined && it.main.node.opType === node.opType) ?? given.find(Boolean);
    return found === undefined ? [] : [found];
  }

  #inSources({ main: { node, layer: name } }: Layer): readonly Layer[] {
    const told = this.#sources.get(name) ?? this.#sources.get(node.name) ?? [];
    return told.map((source) => this.#source.ofName(source)).filter((it) => it !== undefined);
  }

  /**
   * New layers that compute nothing of their own (Casts, transposes, sums of pieces of a layer that was divided) belong to the
   * layer that they feed, or else to the one that feeds them.
   */
  #adopt(): void {
    const lost = this.#changed.all.filter(
      (it) => this.#sourcesOf.get(it)!.length === 0 && hasTrait(it.main.node, 'passive'),
    );
    if (lost.length === 0) return;
    const { users, makers } = neighbours(this.#changed);
    for (const layer of lost.toReversed()) {
      const near = [...(users.get(layer) ?? []), ...(makers.get(layer) ?? [])];
      const [main] = near.flatMap((it) => this.#sourcesOf.get(it)!.slice(0, 1));
      if (main !== undefined) this.#sourcesOf.set(layer, [main]);
    }
  }

  /** A layer whose value another layer's node gives now went into it, as BatchNormalization into Conv. */
  #fuseByValue(changedOf: ReadonlyMap<Layer, readonly Layer[]>, fusedInto: Map<Layer, Layer>): void {
    const makers = new Map<string, Layer>();
    for (const layer of this.#changed.all) {
      for (const { node } of layer.nodes) for (const output of node.outputs) makers.set(output, layer);
    }
    for (const layer of this.#source.all) {
      if (changedOf.has(layer) || fusedInto.has(layer)) continue;
      for (const output of layer.main.node.outputs) {
        const maker = output === '' ? undefined : makers.get(output);
        const [main] = maker === undefined ? [] : this.#sourcesOf.get(maker)!;
        if (main !== undefined && main !== layer) fusedInto.set(layer, main);
      }
    }
  }
}
