/**
 * Which layers of two models are the same when nobody tells: files of anywhere, exported anew, fused, quantized, renamed. What
 * is sure comes first and anchors the rest: equal weights, names that somebody gave, names of values, then the place in the
 * graph (colour refinement of operators, attributes and neighbours, as in Weisfeiler and Leman, 1968), at last the order
 * between two anchors. Near linear in the number of nodes.
 */
import { createHash } from 'node:crypto';
import type { MatchedBy } from '../../contract/studio.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Model, Tensor } from '../graph/ir.ts';
import { tensorBytePieces } from '../graph/tensor-data.ts';
import { elementCount } from '../graph/tensor-size.ts';
import { categoryOf, sourceOperator } from '../operators/ask.ts';
import { groupLayers, type Layer, type Layers } from './group-layers.ts';
import { neighbours, type Neighbours } from './neighbours.ts';

export interface Alignment {
  /** Names of layers of the first model by name of a layer of the second; the first is its partner, the others went into it. */
  readonly sources: ReadonlyMap<string, readonly string[]>;
  /** Why, by name of a layer of the second. */
  readonly by: ReadonlyMap<string, MatchedBy>;
}

/** Weights with fewer elements than this may be equal by chance. */
const TELLING = 16;
/** Bytes of a weight that are compared, from its beginning. */
const COMPARED_BYTES = 1 << 16;
/** How far around a layer its neighbourhood is looked at. */
const ROUNDS = 4;
/** Steps of the search for a common order between two anchors; longer stretches are left as they are. */
const MOST_STEPS = 4_000_000;
/** How often the whole graph is coloured anew; what is still open then is left to the order. */
const MOST_PASSES = 12;
/** How many layers in a row may have been written in other operators. */
const MOST_REWORDED = 3;
/** How many layers in a row may have gone into the one before them. */
const LONGEST_FUSION = 6;

/** @param a the first model. @param b the second; subgraphs too. Nothing is run. */
export function alignModels(a: Model, b: Model): Alignment {
  const aligning = new Aligning(sideOf(a), sideOf(b));
  return aligning.align();
}

interface Side {
  readonly layers: Layers;
  readonly near: Neighbours;
  /** The float operator, with the depth of the graph: subgraphs match subgraphs. */
  readonly kind: ReadonlyMap<Layer, string>;
  readonly weights: ReadonlyMap<Layer, Weights>;
}

interface Weights {
  /** Equal where all telling weights are; undefined: there are none. */
  readonly fingerprint: string | undefined;
  readonly dims: string;
}

function sideOf(model: Model): Side {
  const layers = groupLayers(model);
  return {
    layers,
    near: neighbours(layers),
    kind: new Map(layers.all.map((layer) => [layer, kindOf(layer)])),
    weights: new Map(layers.all.map((layer) => [layer, weightsOf(layer)])),
  };
}

/** Integer and packed kernels compute what their float operator does. */
function kindOf({ main: { node, depth } }: Layer): string {
  return `${depth}:${sourceOperator(node.opType).replace(/(?:Integer|IntegerToFloat|NBits)$/u, '')}`;
}

function weightsOf({ nodes }: Layer): Weights {
  const hash = createHash('sha1');
  const dims: string[] = [];
  let telling = false;
  for (const { node, graph } of nodes)
    for (const input of node.inputs) {
      const tensor = indexGraph(graph).initializer(input);
      if (tensor === undefined || elementCount(tensor.dims) < TELLING) continue;
      telling = true;
      dims.push(tensor.dims.join('x'));
      hash.update(`${tensor.dtype}[${tensor.dims.join()}]`).update(beginningOf(tensor));
    }
  return { fingerprint: telling ? hash.digest('hex') : undefined, dims: dims.join() };
}

/** Its first bytes; no more is read of external data. */
function beginningOf(tensor: Tensor): Uint8Array {
  for (const piece of tensorBytePieces(tensor, COMPARED_BYTES)) return piece.subarray(0, COMPARED_BYTES);
  return new Uint8Array();
}

class Aligning {
  readonly #a: Side;
  readonly #b: Side;
  readonly #partnerOfA = new Map<Layer, Layer>();
  readonly #partnerOfB = new Map<Layer, Layer>();
  readonly #by = new Map<string, MatchedBy>();

  constructor(a: Side, b: Side) {
    this.#a = a;
    this.#b = b;
  }

  align(): Alignment {
    this.#matchUnique('weights', (layer, side) => {
      const { fingerprint } = side.weights.get(layer)!;
      return fingerprint === undefined ? undefined : `${side.kind.get(layer)}|${fingerprint}`;
    });
    this.#matchUnique('name', (layer, side) =>
      isGiven(layer.name) ? `${side.kind.get(layer)}|${layer.name}` : undefined,
    );
    this.#matchUnique('value', (layer, side) => {
      const [output = ''] = layer.main.node.outputs;
      return isGiven(output) ? `${side.kind.get(layer)}|${output}` : undefined;
    });
    this.#grow([...this.#partnerOfA.keys()]);
    for (const closeness of ['exact', 'kind'] as const) this.#matchPlaces(closeness);
    this.#matchOrder();
    return { sources: this.#sources(), by: this.#by };
  }

  #pair(a: Layer, b: Layer, by: MatchedBy): void {
    this.#partnerOfA.set(a, b);
    this.#partnerOfB.set(b, a);
    this.#by.set(b.name, by);
  }

  /** Pairs layers of both sides whose key no other layer of their side has. */
  #matchUnique(by: MatchedBy, keyOf: (layer: Layer, side: Side) => string | number | undefined): void {
    const inA = uniqueBy(this.#a.layers.all, (layer) =>
      this.#partnerOfA.has(layer) ? undefined : keyOf(layer, this.#a),
    );
    const inB = uniqueBy(this.#b.layers.all, (layer) =>
      this.#partnerOfB.has(layer) ? undefined : keyOf(layer, this.#b),
    );
    for (const [key, a] of inA) {
      const b = inB.get(key);
      if (a !== null && b !== undefined && b !== null) this.#pair(a, b, by);
    }
  }

  /**
   * From pairs along the edges: who makes the same input of both, and the only user of its kind of both, are pairs too, as
   * long as their kinds agree.
   */
  #grow(from: readonly Layer[]): void {
    const open = [...from];
    const take = (a: Layer | undefined, b: Layer | undefined): void => {
      if (a === undefined || b === undefined || this.#partnerOfA.has(a) || this.#partnerOfB.has(b)) return;
      if (this.#a.kind.get(a) !== this.#b.kind.get(b)) return;
      this.#pair(a, b, 'structure');
      open.push(a);
    };
    for (let a = open.pop(); a !== undefined; a = open.pop()) {
      const b = this.#partnerOfA.get(a)!;
      const makersA = this.#a.near.makers.get(a) ?? [];
      const makersB = this.#b.near.makers.get(b) ?? [];
      if (makersA.length === makersB.length)
        for (const [index, maker] of makersA.entries()) take(maker, makersB[index]);
      const usersA = this.#usersByKind(this.#a, a);
      const usersB = this.#usersByKind(this.#b, b);
      for (const [kind, user] of usersA) take(user ?? undefined, usersB.get(kind) ?? undefined);
    }
  }

  /** The user of each kind; null where there are several. */
  #usersByKind(side: Side, layer: Layer): ReadonlyMap<string | undefined, Layer | null> {
    const users = [...new Set(side.near.users.get(layer))];
    return uniqueBy(users, (user) => side.kind.get(user));
  }

  /**
   * Pairs layers by where they stand: each starts with a colour of what it is (pairs with one of their own), and takes in its
   * neighbours' colours again and again; a colour that one layer of each side has alone makes a pair. The widest
   * neighbourhoods are the surest and come first; what they pair makes others unique.
   */
  #matchPlaces(closeness: 'exact' | 'kind'): void {
    for (let pass = 0, found = 1; found > 0 && pass < MOST_PASSES; pass++) {
      const ids = new Map<string, number>();
      const idOf = (text: string): number => {
        const known = ids.get(text);
        if (known !== undefined) return known;
        ids.set(text, ids.size);
        return ids.size - 1;
      };
      const rounds = [this.#startColours(closeness, idOf)];
      for (let round = 0; round < ROUNDS; round++) rounds.push(this.#refined(rounds.at(-1)!, idOf));
      const before = this.#partnerOfA.size;
      for (const { a, b } of rounds.slice(1).toReversed())
        this.#matchUnique('structure', (layer, side) => (side === this.#a ? a : b).get(layer));
      found = this.#partnerOfA.size - before;
      this.#grow([...this.#partnerOfA.keys()].slice(before));
    }
  }

  #startColours(closeness: 'exact' | 'kind', idOf: (text: string) => number): Colours {
    const colours = (side: Side, partner: (layer: Layer) => Layer | undefined): Map<Layer, number> =>
      new Map(
        side.layers.all.map((layer) => {
          const paired = partner(layer);
          if (paired !== undefined) return [layer, idOf(`pair ${(side === this.#a ? layer : paired).name}`)];
          const kind = side.kind.get(layer)!;
          const exact =
            closeness === 'exact' ? `${side.weights.get(layer)!.dims}|${layer.main.node.attributes.length}` : '';
          return [layer, idOf(`${kind}|${exact}`)];
        }),
      );
    return {
      a: colours(this.#a, (layer) => this.#partnerOfA.get(layer)),
      b: colours(this.#b, (layer) => this.#partnerOfB.get(layer)),
    };
  }

  #refined(colours: Colours, idOf: (text: string) => number): Colours {
    const refine = (side: Side, own: ReadonlyMap<Layer, number>): Map<Layer, number> =>
      new Map(
        side.layers.all.map((layer) => {
          const makers = (side.near.makers.get(layer) ?? []).map((it) => own.get(it)!);
          const users = (side.near.users.get(layer) ?? []).map((it) => own.get(it)!).sort((x, y) => x - y);
          return [layer, idOf(`${own.get(layer)}<${makers.join()}>${users.join()}`)];
        }),
      );
    return { a: refine(this.#a, colours.a), b: refine(this.#b, colours.b) };
  }

  /** Between two anchors that stand in the same order in both, layers of the same kinds in the same order. */
  #matchOrder(): void {
    const placeInB = new Map(this.#b.layers.all.map((layer, place) => [layer, place]));
    let [fromA, fromB] = [0, 0];
    const close = (toA: number, toB: number): void => {
      const restA = this.#a.layers.all.slice(fromA, toA).filter((layer) => !this.#partnerOfA.has(layer));
      const restB = this.#b.layers.all.slice(fromB, toB).filter((layer) => !this.#partnerOfB.has(layer));
      for (const [a, b] of commonOrder(restA, restB, (x, y) => this.#a.kind.get(x) === this.#b.kind.get(y)))
        this.#pair(a, b, 'order');
      // As many of either between the same anchors: written in other words, a mean over axes for a pooling.
      const [lostA, lostB] = [
        restA.filter((it) => !this.#partnerOfA.has(it)),
        restB.filter((it) => !this.#partnerOfB.has(it)),
      ];
      const anchored = fromA > 0 && toA < this.#a.layers.all.length;
      if (anchored && lostA.length === lostB.length && lostA.length <= MOST_REWORDED)
        for (const [index, a] of lostA.entries()) this.#pair(a, lostB[index]!, 'order');
    };
    for (const [place, layer] of this.#a.layers.all.entries()) {
      const partner = this.#partnerOfA.get(layer);
      const there = partner === undefined ? undefined : placeInB.get(partner)!;
      if (there === undefined || there < fromB) continue;
      close(place, there);
      [fromA, fromB] = [place + 1, there + 1];
    }
    close(this.#a.layers.all.length, this.#b.layers.all.length);
  }

  /** Partners, and behind each the layers of A that its kernel computes too. */
  #sources(): ReadonlyMap<string, readonly string[]> {
    const sources = new Map<string, readonly string[]>();
    const gone = new Set<Layer>();
    for (const b of this.#b.layers.all) {
      const a = this.#partnerOfB.get(b);
      const into = a === undefined ? [] : this.#fusedBehind(a, b).filter((layer) => !gone.has(layer));
      for (const layer of into) gone.add(layer);
      sources.set(b.name, a === undefined ? [] : [a.name, ...into.map(({ name }) => name)]);
    }
    return sources;
  }

  /**
   * Layers of A behind `a` that have no partner, each the only user of the one before, up to a layer whose partner takes what
   * `b` gives: in B there is nothing between.
   */
  #fusedBehind(a: Layer, b: Layer): readonly Layer[] {
    const between: Layer[] = [];
    for (let at = a; between.length <= LONGEST_FUSION;) {
      const users = this.#a.near.users.get(at) ?? [];
      const [next] = users;
      const following = this.#b.near.users.get(b) ?? [];
      if (between.length > 0 && this.#meets(users, following)) return between;
      if (next === undefined || users.some((user) => user !== next) || this.#partnerOfA.has(next)) return [];
      // Work of its own does not vanish into another layer; it was removed.
      if (categoryOf(next.main.node.opType) === 'layer') return [];
      between.push(next);
      at = next;
    }
    return [];
  }

  /** Whether what follows in A are the partners of what follows in B; where nothing follows in either, both are the end. */
  #meets(inA: readonly Layer[], inB: readonly Layer[]): boolean {
    if (inA.length === 0 || inB.length === 0) return inA.length === inB.length;
    return inA.every((layer) => {
      const partner = this.#partnerOfA.get(layer);
      return partner !== undefined && inB.includes(partner);
    });
  }
}

interface Colours {
  readonly a: ReadonlyMap<Layer, number>;
  readonly b: ReadonlyMap<Layer, number>;
}

/** A name that somebody gave: not a bare number, nor an operator with its number, which are shifted by every change. */
function isGiven(name: string): boolean {
  return name !== '' && !/^(?:[A-Za-z]*[_.]?)?\d+$/u.test(name);
}

/** The layer of each key that one layer alone has; null where several do. */
function uniqueBy<K>(layers: readonly Layer[], keyOf: (layer: Layer) => K | undefined): Map<K, Layer | null> {
  const found = new Map<K, Layer | null>();
  for (const layer of layers) {
    const key = keyOf(layer);
    if (key !== undefined) found.set(key, found.has(key) ? null : layer);
  }
  return found;
}

/** The longest common subsequence (by dynamic programming); none where that takes too many steps. */
function commonOrder<T>(a: readonly T[], b: readonly T[], alike: (x: T, y: T) => boolean): (readonly [T, T])[] {
  if (a.length === 0 || b.length === 0 || a.length * b.length > MOST_STEPS) return [];
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      lengths[i * width + j] = alike(a[i]!, b[j]!)
        ? lengths[(i + 1) * width + j + 1]! + 1
        : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
  const pairs: (readonly [T, T])[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (alike(a[i]!, b[j]!) && lengths[i * width + j] === lengths[(i + 1) * width + j + 1]! + 1)
      pairs.push([a[i++]!, b[j++]!]);
    else if (lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!) i++;
    else j++;
  }
  return pairs;
}
