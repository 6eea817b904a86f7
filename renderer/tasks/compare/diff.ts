/** Which layers of two compared models stand for the same: what the graphs of both, and the one of both together, are made of. */
import type { GraphNode, GraphView } from '../../../main/contract/studio.ts';
import type { CompareRow } from './model.ts';

/** The layers of one of the models. */
export interface DiffSide {
  /** The row of the comparison that a layer is told in. */
  readonly rowOf: ReadonlyMap<string, CompareRow>;
  /** Names of a row's layers, the one it is named after first; none: this model has no such layer. */
  readonly namesOf: (key: string) => readonly string[];
}

export interface Diff {
  readonly rows: ReadonlyMap<string, CompareRow>;
  readonly a: DiffSide;
  readonly b: DiffSide;
  /** Layers of A that another one's layer in B computes too, by that one's key, in order. */
  readonly fusedInto: ReadonlyMap<string, readonly CompareRow[]>;
}

/** Where both models have their layers. */
export function diffOf(rows: readonly CompareRow[]): Diff {
  const byKey = new Map(rows.map((row) => [row.key, row]));
  const inA = new Map<string, readonly string[]>();
  const inB = new Map<string, readonly string[]>();
  const rowOfA = new Map<string, CompareRow>();
  const rowOfB = new Map<string, CompareRow>();
  const fusedInto = new Map<string, CompareRow[]>();
  for (const row of rows) {
    if (row.status !== 'added') {
      rowOfA.set(row.name, row);
      inA.set(row.key, [row.name]);
    }
    const names = row.status === 'added' ? [row.name] : row.matchedBy === null ? [] : partners(row);
    if (names.length > 0) inB.set(row.key, names);
    for (const name of names) rowOfB.set(name, row);
  }
  for (const row of rows) {
    const host = isFused(row) ? byKey.get(row.fusedB!.into) : undefined;
    if (host === undefined) continue;
    inB.set(row.key, inB.get(host.key) ?? []);
    inA.set(host.key, [...inA.get(host.key)!, row.name]);
    const others = fusedInto.get(host.key);
    if (others === undefined) fusedInto.set(host.key, [row]);
    else others.push(row);
  }
  return {
    rows: byKey,
    a: { rowOf: rowOfA, namesOf: (key) => inA.get(key) ?? [] },
    b: { rowOf: rowOfB, namesOf: (key) => inB.get(key) ?? [] },
    fusedInto,
  };
}

const partners = ({ name, nameB, othersB }: CompareRow): readonly string[] => [nameB ?? name, ...othersB];

/** Whether a layer of A has no partner because another layer's kernel in B computes it. */
function isFused({ status, matchedBy, fusedB }: CompareRow): boolean {
  return status === 'changed' && matchedBy === null && fusedB !== null;
}

export interface UnionGraph {
  readonly view: GraphView;
  readonly rowOf: ReadonlyMap<string, CompareRow>;
  /** Layers that only one of the models has. */
  readonly onlyIn: ReadonlyMap<string, 'a' | 'b'>;
  /** Values whose edges only one of the models has; others are in both. */
  readonly edges: ReadonlyMap<string, 'a' | 'b'>;
}

/** Both models as one graph: matched layers once, under A's names, with the edges of both. */
export function unionGraph(a: GraphView, b: GraphView, diff: Diff): UnionGraph {
  return new Union(a, b, diff).make();
}

/** A layer of both, or of one of them. */
interface Pair {
  readonly a: GraphNode | undefined;
  readonly b: GraphNode | undefined;
}

class Union {
  readonly #a: GraphView;
  readonly #b: GraphView;
  readonly #diff: Diff;
  readonly #nodesA: ReadonlyMap<string, GraphNode>;
  /** Values of B by the union's names, and nodes likewise. */
  readonly #values = new Map<string, string>();
  readonly #names = new Map<string, string>();
  readonly #taken: Set<string>;
  readonly #edges = new Map<string, 'a' | 'b'>();
  /** Second names of values, under which the edges of one model alone leave a layer of both. */
  readonly #aliases = new Map<string, Set<string>>();

  constructor(a: GraphView, b: GraphView, diff: Diff) {
    this.#a = a;
    this.#b = b;
    this.#diff = diff;
    this.#nodesA = new Map(a.nodes.map((node) => [node.name, node]));
    this.#taken = new Set([...a.values.map(({ name }) => name), ...a.nodes.flatMap(({ outputs }) => outputs)]);
  }

  make(): UnionGraph {
    const { a: sideA, b: sideB } = this.#diff;
    this.#nameValues();
    const onlyIn = new Map<string, 'a' | 'b'>();
    const rowOf = new Map<string, CompareRow>();
    const nodes = this.#ordered().map(({ a, b }): GraphNode => {
      const row = a !== undefined ? sideA.rowOf.get(a.name) : sideB.rowOf.get(b!.name);
      const name = a?.name ?? this.#names.get(b!.name)!;
      if (row !== undefined) rowOf.set(name, row);
      if (a === undefined) onlyIn.set(name, 'b');
      else if (row?.status === 'removed') onlyIn.set(name, 'a');
      return this.#merged(name, { a, b, removed: row?.status === 'removed' });
    });
    const view = this.#finished(nodes);
    return { view, rowOf, onlyIn, edges: this.#edges };
  }

  /** What each value and each layer of B is called in the union. */
  #nameValues(): void {
    const { b: side, fusedInto } = this.#diff;
    for (const [place, input] of this.#b.inputs.entries()) {
      const same = this.#a.inputs.includes(input) ? input : undefined;
      const partner = same ?? (this.#a.inputs.length === this.#b.inputs.length ? this.#a.inputs[place] : undefined);
      this.#values.set(input, partner ?? this.#fresh(input));
    }
    for (const node of this.#b.nodes) {
      const partner = this.#partnerOf(node.name);
      this.#names.set(node.name, partner?.name ?? (this.#nodesA.has(node.name) ? `${node.name} (B)` : node.name));
      const row = side.rowOf.get(node.name);
      // What the kernel gives is what the last of its layers gives.
      const last = row === undefined ? undefined : fusedInto.get(row.key)?.at(-1);
      const source = partner === undefined || last === undefined ? partner : this.#nodesA.get(last.name);
      for (const [place, output] of node.outputs.entries()) {
        if (output === '' || this.#values.has(output)) continue;
        const known = source?.outputs[place];
        this.#values.set(output, known === undefined || known === '' ? this.#fresh(output) : known);
      }
    }
  }

  /** The layer of A that a layer of B is drawn as. */
  #partnerOf(name: string): GraphNode | undefined {
    const row = this.#diff.b.rowOf.get(name);
    if (row === undefined || row.status === 'added' || (row.nameB ?? row.name) !== name) return undefined;
    return this.#nodesA.get(row.name);
  }

  #fresh(value: string): string {
    let name = value;
    while (this.#taken.has(name)) name = `${name} (B)`;
    this.#taken.add(name);
    this.#edges.set(name, 'b');
    return name;
  }

  /** Layers of A in order, and those of B alone after what comes before them there. */
  #ordered(): readonly Pair[] {
    const partners = new Map<string, GraphNode>();
    const after = new Map<string, GraphNode[]>();
    let last = '';
    for (const node of this.#b.nodes) {
      const partner = this.#partnerOf(node.name);
      if (partner !== undefined) {
        partners.set(partner.name, node);
        last = partner.name;
        continue;
      }
      const list = after.get(last);
      if (list === undefined) after.set(last, [node]);
      else list.push(node);
    }
    const behind = (name: string): readonly Pair[] => (after.get(name) ?? []).map((b) => ({ a: undefined, b }));
    return [...behind(''), ...this.#a.nodes.flatMap((a) => [{ a, b: partners.get(a.name) }, ...behind(a.name)])];
  }

  #merged(name: string, { a, b, removed }: Pair & { readonly removed: boolean }): GraphNode {
    const fromB = new Set(b?.inputs.filter((value) => value !== '').map((value) => this.#values.get(value) ?? value));
    const fromA = a?.inputs.filter((value) => value !== '') ?? [];
    const inputs = fromA.map((value) => {
      const alone = removed || (b !== undefined && !fromB.has(value));
      return alone ? this.#alias(value, 'a') : value;
    });
    for (const value of fromB) if (!fromA.includes(value)) inputs.push(this.#alias(value, 'b'));
    if (removed) for (const output of a?.outputs ?? []) this.#edges.set(output, 'a');
    const outputs = a?.outputs ?? b!.outputs.map((value) => this.#values.get(value) ?? value);
    const { parent } = a ?? b!;
    const around = parent === null ? null : a === undefined ? (this.#names.get(parent) ?? null) : parent;
    return { ...(a ?? b!), name, parent: around, inputs, outputs, attributes: [], weights: [] };
  }

  /** The name under which one model's edge of a value of both is drawn. */
  #alias(value: string, side: 'a' | 'b'): string {
    const isInput = this.#a.inputs.includes(value);
    if (this.#edges.has(value) || isInput) return value;
    const alias = `${value}\u0001${side}`;
    const known = this.#aliases.get(value);
    if (known === undefined) this.#aliases.set(value, new Set([alias]));
    else known.add(alias);
    this.#edges.set(alias, side);
    return alias;
  }

  #finished(nodes: readonly GraphNode[]): GraphView {
    const valuesB = this.#b.values.map((value) => ({ ...value, name: this.#values.get(value.name) ?? value.name }));
    const values = new Map([...valuesB, ...this.#a.values].map((value) => [value.name, value]));
    for (const [value, aliases] of this.#aliases) {
      const known = values.get(value);
      if (known !== undefined) for (const name of aliases) values.set(name, { ...known, name });
    }
    const withAliases = nodes.map((node) => ({
      ...node,
      outputs: node.outputs.flatMap((value) => [value, ...(this.#aliases.get(value) ?? [])]),
    }));
    const of = (names: readonly string[]): string[] => names.map((name) => this.#values.get(name) ?? name);
    return {
      nodes: withAliases,
      values: [...values.values()],
      inputs: [...new Set([...this.#a.inputs, ...of(this.#b.inputs)])],
      outputs: [...new Set([...this.#a.outputs, ...of(this.#b.outputs)])],
      bodies: this.#a.bodies,
    };
  }
}
