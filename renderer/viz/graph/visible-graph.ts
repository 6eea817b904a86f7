import type { OperatorCategory } from '../../../main/contract/layer-words.ts';
import { bodyKey } from './graph-source.ts';
import type { GraphSource, NodeRow, SourceBody } from './graph-source.ts';
import { branchOf } from './scope-tree.ts';
import type { ScopeGroup, ScopeItem } from './scope-tree.ts';

/** Something drawn as a box: a layer, a folded group, an input or an output of the graph. */
export interface VisibleBox {
  readonly kind: 'layer' | 'group' | 'input' | 'output';
  readonly id: string;
  /** Operator, title of the group, or name of the value. */
  readonly title: string;
  /** Of a layer's operator; null for other boxes. */
  readonly category: OperatorCategory | null;
  readonly rows: readonly NodeRow[];
  /** Layers inside; 1 for a layer, 0 for inputs and outputs. */
  readonly layers: number;
  readonly width: number;
  readonly height: number;
}

/** An open group: its own little graph. The root's id is ''. */
export interface VisibleContainer {
  readonly kind: 'container';
  readonly id: string;
  readonly title: string;
  readonly layers: number;
  readonly items: readonly (VisibleBox | VisibleContainer)[];
  /** Values that come in and go out over the frame, in the order of their first use. */
  readonly entering: readonly string[];
  readonly leaving: readonly string[];
  readonly pieces: readonly VisiblePiece[];
}

/** A part of an edge within one container. */
export interface VisiblePiece {
  readonly value: string;
  /** Item of the container; null: over the frame. */
  readonly from: string | null;
  readonly to: string | null;
  /** The drawn boxes at the ends of the whole edge. */
  readonly source: string;
  readonly targets: readonly string[];
}

/** Boxes and frames in a container, at any depth. */
export function itemsIn(container: VisibleContainer): number {
  return container.items.reduce((sum, item) => sum + 1 + (item.kind === 'container' ? itemsIn(item) : 0), 0);
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

interface MutableContainer {
  readonly group: ScopeGroup;
  readonly parent: MutableContainer | null;
  readonly depth: number;
  readonly items: (VisibleBox | MutableContainer)[];
  readonly entering: Set<string>;
  readonly leaving: Set<string>;
  readonly pieces: Map<string, VisiblePiece & { readonly targets: string[] }>;
}

const BRANCH = '\u0000branch:';

/** Whether a value is the link from an If, Loop or Scan to its branch or body: it stands for control, not for data. */
export const isBranchLink = (value: string): boolean => value.startsWith(BRANCH);

/** Where a layer is drawn: the box that stands for it, and the container that the box is in. */
interface Place {
  readonly box: string;
  readonly container: MutableContainer;
}

/** Ids of the boxes of the graph's own inputs and outputs. */
export const inputId = (value: string): string => `\u0000in:${value}`;
export const outputId = (value: string): string => `\u0000out:${value}`;

/** Ids of the boxes of what a subgraph or a function takes and gives. */
const bodyInputId = (body: string, value: string): string => inputId(`${body}\u0000${value}`);
const bodyOutputId = (body: string, value: string): string => outputId(`${body}\u0000${value}`);

/**
 * What is drawn for a set of open groups. An edge that crosses frames is cut into pieces, one in each container on its way,
 * so that every container can be laid out by itself; pieces of one value between the same ends are drawn once. Layers that
 * hold subgraphs are linked to each of them; within its frame a subgraph has boxes for what it takes and gives.
 */
export function visibleGraph(
  source: GraphSource,
  tree: ScopeGroup,
  shown: { readonly expanded: ReadonlySet<string>; readonly measure: (box: Omit<VisibleBox, keyof Size>) => Size },
): VisibleContainer {
  const places = new Map<string, Place>();
  const bodies = new Map(source.bodies.map((body) => [bodyKey(body.holder, body.branch), body]));
  const options = { ...shown, bodies };
  const root = openGroup(tree, null, places, options);
  const boxOf = (box: Omit<VisibleBox, keyof Size>): VisibleBox => ({ ...box, ...options.measure(box) });
  for (const value of source.inputs) {
    const id = inputId(value);
    root.items.unshift(boxOf({ kind: 'input', id, title: value, category: null, rows: [], layers: 0 }));
    places.set(id, { box: id, container: root });
  }
  for (const value of source.outputs) {
    const id = outputId(value);
    root.items.push(boxOf({ kind: 'output', id, title: value, category: null, rows: [], layers: 0 }));
    places.set(id, { box: id, container: root });
  }
  for (const [value, from, to] of edgesOf(source)) {
    const start = places.get(from);
    const end = places.get(to);
    if (start !== undefined && end !== undefined && start.box !== end.box) connect(value, start, end);
  }
  for (const { holder, first, entry } of branchesOf(source, bodies)) {
    const start = places.get(holder);
    const end = places.get(entry) ?? places.get(first);
    if (start !== undefined && end !== undefined && start.box !== end.box) connect(BRANCH + first, start, end);
  }
  return freeze(root);
}

type Edge = readonly [value: string, from: string, to: string];

const edgesBySource = new WeakMap<GraphSource, readonly Edge[]>();

/** Every edge between layers, inputs and outputs; found once for a graph, whatever is open of it. */
function edgesOf(source: GraphSource): readonly Edge[] {
  const known = edgesBySource.get(source);
  if (known !== undefined) return known;
  const edges = [...findEdges(source)];
  edgesBySource.set(source, edges);
  return edges;
}

function* findEdges(source: GraphSource): Generator<Edge> {
  const scopes = new Scopes(source);
  for (const node of source.nodes) {
    const scope = scopes.of(node.name);
    for (const value of node.inputs) {
      const from = scopes.producer(scope, value);
      if (from !== undefined) yield [value, from, node.name];
    }
  }
  for (const value of source.outputs) {
    const from = scopes.producer('', value);
    if (from !== undefined) yield [value, from, outputId(value)];
  }
  for (const { holder, branch, outputs } of source.bodies) {
    const body = bodyKey(holder, branch);
    for (const value of outputs) {
      const from = scopes.producer(body, value);
      if (from !== undefined) yield [value, from, bodyOutputId(body, value)];
    }
  }
}

/** Who makes a value, as a layer sees it: in its own graph, or one around it. Two branches may name their values alike. */
class Scopes {
  readonly #of = new Map<string, string>();
  readonly #outer = new Map<string, string | null>();
  readonly #producers = new Map<string, Map<string, string>>([['', new Map()]]);

  constructor({ nodes, inputs, bodies }: GraphSource) {
    for (const value of inputs) this.#put('', value, inputId(value));
    const closed = new Set<string>();
    for (const { holder, branch, closed: shut, inputs: taken } of bodies) {
      const body = bodyKey(holder, branch);
      if (shut) closed.add(body);
      for (const value of taken) this.#put(body, value, bodyInputId(body, value));
    }
    for (const { name, parent, outputs } of nodes) {
      const scope = parent === null ? '' : bodyKey(parent, branchOf(name, parent));
      this.#of.set(name, scope);
      if (parent !== null && !this.#outer.has(scope))
        this.#outer.set(scope, closed.has(scope) ? null : (this.#of.get(parent) ?? ''));
      for (const value of outputs) if (value !== '') this.#put(scope, value, name);
    }
  }

  #put(scope: string, value: string, box: string): void {
    const known = this.#producers.get(scope);
    if (known === undefined) this.#producers.set(scope, new Map([[value, box]]));
    else known.set(value, box);
  }

  of(layer: string): string {
    return this.#of.get(layer) ?? '';
  }

  producer(scope: string, value: string): string | undefined {
    for (let at: string | null = scope; at !== null; at = at === '' ? null : (this.#outer.get(at) ?? null)) {
      const found = this.#producers.get(at)?.get(value);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

interface BranchLink {
  readonly holder: string;
  /** The first layer in it. */
  readonly first: string;
  /** What the link leads to: its first input, or else that layer. */
  readonly entry: string;
}

/** Each branch of an If and the body of a Loop or Scan: the layer that holds it, and the first that is drawn of it. */
function branchesOf({ nodes }: GraphSource, bodies: ReadonlyMap<string, SourceBody>): readonly BranchLink[] {
  const firsts = new Map<string, BranchLink>();
  for (const { name, parent } of nodes) {
    if (parent === null) continue;
    const key = bodyKey(parent, branchOf(name, parent));
    const [input] = bodies.get(key)?.inputs ?? [];
    if (!firsts.has(key))
      firsts.set(key, { holder: parent, first: name, entry: input === undefined ? name : bodyInputId(key, input) });
  }
  return [...firsts.values()];
}

function openGroup(
  group: ScopeGroup,
  parent: MutableContainer | null,
  places: Map<string, Place>,
  options: {
    readonly expanded: ReadonlySet<string>;
    readonly measure: (box: Omit<VisibleBox, keyof Size>) => Size;
    readonly bodies: ReadonlyMap<string, SourceBody>;
  },
): MutableContainer {
  const container: MutableContainer = {
    group,
    parent,
    depth: parent === null ? 0 : parent.depth + 1,
    items: [],
    entering: new Set(),
    leaving: new Set(),
    pieces: new Map(),
  };
  for (const child of group.children) {
    if (child.kind === 'group' && options.expanded.has(child.id)) {
      container.items.push(openGroup(child, container, places, options));
      continue;
    }
    const box =
      child.kind === 'leaf'
        ? ({
            kind: 'layer',
            id: child.id,
            title: child.node.op,
            category: child.node.category,
            rows: child.node.rows,
            layers: 1,
          } as const)
        : ({
            kind: 'group',
            id: child.id,
            title: titleOf(child),
            category: null,
            rows: [],
            layers: child.layers,
          } as const);
    container.items.push({ ...box, ...options.measure(box) });
    placeLayers(child, { box: child.id, container }, { places, bodies: options.bodies });
  }
  const body = group.body === undefined ? undefined : options.bodies.get(group.body);
  if (body === undefined) return container;
  for (const { id, kind, title } of endsOf(group.body!, body)) {
    const box = { kind, id, title, category: null, rows: [], layers: 0 } as const;
    container.items.push({ ...box, ...options.measure(box) });
    places.set(id, { box: id, container });
  }
  return container;
}

/** The boxes of what a subgraph or a function takes and gives. */
function endsOf(key: string, { holder, inputs, outputs }: SourceBody) {
  // A function's values are named after its call.
  const title = (value: string): string => (value.startsWith(`${holder}/`) ? value.slice(holder.length + 1) : value);
  return [
    ...inputs.map((value) => ({ id: bodyInputId(key, value), kind: 'input' as const, title: title(value) })),
    ...outputs.map((value) => ({ id: bodyOutputId(key, value), kind: 'output' as const, title: title(value) })),
  ];
}

/** The name of a group, and what it is where the name does not say so. */
function titleOf({ title, what }: ScopeGroup): string {
  return what === null || title.includes(what) ? title : `${title} · ${what}`;
}

interface Placing {
  readonly places: Map<string, Place>;
  readonly bodies: ReadonlyMap<string, SourceBody>;
}

function placeLayers(item: ScopeItem, place: Place, placing: Placing): void {
  const { places, bodies } = placing;
  if (item.kind === 'leaf') {
    places.set(item.id, place);
    return;
  }
  for (const child of item.children) placeLayers(child, place, placing);
  const body = item.body === undefined ? undefined : bodies.get(item.body);
  if (body !== undefined) for (const { id } of endsOf(item.body!, body)) places.set(id, place);
}

function connect(value: string, start: Place, end: Place): void {
  const common = commonOf(start.container, end.container);
  let from = start.box;
  for (let at = start.container; at !== common; at = at.parent!) {
    at.leaving.add(value);
    addPiece(at, { value, from, to: null, source: start.box, target: end.box });
    from = at.group.id;
  }
  let to = end.box;
  for (let at = end.container; at !== common; at = at.parent!) {
    at.entering.add(value);
    addPiece(at, { value, from: null, to, source: start.box, target: end.box });
    to = at.group.id;
  }
  addPiece(common, { value, from, to, source: start.box, target: end.box });
}

/** The innermost container around both. */
function commonOf(one: MutableContainer, other: MutableContainer): MutableContainer {
  let [a, b] = [one, other];
  while (a !== b) {
    if (a.depth >= b.depth) a = a.parent!;
    else b = b.parent!;
  }
  return a;
}

interface NewPiece extends Omit<VisiblePiece, 'targets'> {
  readonly target: string;
}

function addPiece(container: MutableContainer, { value, from, to, source, target }: NewPiece): void {
  const key = `${value}\u0000${from ?? ''}\u0000${to ?? ''}`;
  const known = container.pieces.get(key);
  if (known === undefined) container.pieces.set(key, { value, from, to, source, targets: [target] });
  else if (!known.targets.includes(target)) known.targets.push(target);
}

function freeze(container: MutableContainer): VisibleContainer {
  return {
    kind: 'container',
    id: container.group.id,
    title: titleOf(container.group),
    layers: container.group.layers,
    items: container.items.map((item) => ('kind' in item ? item : freeze(item))),
    entering: [...container.entering],
    leaving: [...container.leaving],
    pieces: [...container.pieces.values()],
  };
}
