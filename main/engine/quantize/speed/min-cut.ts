/** Flow below this share of the largest finite capacity is rounding. */
const ROUNDING = 1e-12;

/**
 * A directed network with capacities ≥ 0, for the cut between two of its nodes that costs least. Nodes are numbers from 0.
 * ```ts
 * const network = new Network();
 * const [from, to] = [network.node(), network.node()];
 * network.edge(from, to, 3);
 * network.sourceSide(from, to); // {cost: 3, inside: [true, false]}
 * ```
 */
export class Network {
  /** Edges one after the other, each followed by the one back: edge e leads to `#to[e]`, e ^ 1 back. */
  readonly #to: number[] = [];
  readonly #left: number[] = [];
  readonly #edges: number[][] = [];

  /** A new node. */
  node(): number {
    return this.#edges.push([]) - 1;
  }

  /** @param capacity ≥ 0; Infinity: never cut */
  edge(from: number, to: number, capacity: number): void {
    this.#edges[from]!.push(this.#to.length);
    this.#to.push(to);
    this.#left.push(capacity);
    this.#edges[to]!.push(this.#to.length);
    this.#to.push(from);
    this.#left.push(0);
  }

  /**
   * The cheapest set of edges without which nothing leads from source to sink: by the greatest flow, in layers. Uses the
   * network up. Of several cheapest cuts the one with the fewest nodes on the source's side.
   * @returns what the cut edges cost together (Infinity: there is no finite cut), and for each node whether it lies on the
   *   source's side
   * @see Dinitz 1970; Ford and Fulkerson 1956 for the equality of flow and cut
   */
  sourceSide(source: number, sink: number): { readonly cost: number; readonly inside: readonly boolean[] } {
    const largest = this.#left.reduce((most, left) => (left < Infinity && left > most ? left : most), 0);
    const least = largest * ROUNDING;
    let cost = 0;
    for (;;) {
      const depth = this.#depths(source, least);
      if (depth[sink]! < 0) return { cost, inside: depth.map((own) => own >= 0) };
      const next = new Int32Array(this.#edges.length);
      for (;;) {
        const sent = this.#send({ source, sink, depth, next, least });
        if (sent === Infinity) return { cost: Infinity, inside: depth.map((own) => own >= 0) };
        if (sent === 0) break;
        cost += sent;
      }
    }
  }

  /** Edges from the source over edges with something left; −1: not reached. */
  #depths(source: number, least: number): number[] {
    const depth = this.#edges.map(() => -1);
    depth[source] = 0;
    const reached = [source];
    for (const node of reached) {
      for (const edge of this.#edges[node]!) {
        const to = this.#to[edge]!;
        if (depth[to] !== -1 || this.#left[edge]! <= least) continue;
        depth[to] = depth[node]! + 1;
        reached.push(to);
      }
    }
    return depth;
  }

  /** Sends what one path of the layers takes, without recursion: paths may be as long as the model is deep. */
  #send(by: {
    readonly source: number;
    readonly sink: number;
    readonly depth: readonly number[];
    /** The first edge of each node that may still lead on. */
    readonly next: Int32Array;
    readonly least: number;
  }): number {
    const { source, sink, depth, next, least } = by;
    const path: number[] = [];
    let node = source;
    while (node !== sink) {
      const edges = this.#edges[node]!;
      while (next[node]! < edges.length && !this.#leadsOn(edges[next[node]!]!, depth[node]!, depth, least))
        next[node]!++;
      if (next[node]! < edges.length) {
        const edge = edges[next[node]!]!;
        path.push(edge);
        node = this.#to[edge]!;
        continue;
      }
      const back = path.pop();
      if (back === undefined) return 0;
      node = this.#to[back ^ 1]!;
      next[node]!++;
    }
    const sent = path.reduce((least_, edge) => Math.min(least_, this.#left[edge]!), Infinity);
    if (sent === Infinity) return Infinity;
    for (const edge of path) {
      this.#left[edge]! -= sent;
      this.#left[edge ^ 1]! += sent;
    }
    return sent;
  }

  #leadsOn(edge: number, depth: number, depths: readonly number[], least: number): boolean {
    return this.#left[edge]! > least && depths[this.#to[edge]!] === depth + 1;
  }
}
