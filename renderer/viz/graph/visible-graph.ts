import type { OperatorCategory } from '../../../main/contract/layer-words.ts';
import type { GraphSource, NodeRow } from './graph-source.ts';
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

/**
 * What is drawn for a set of open groups. An edge that crosses frames is cut into pieces, one in each container on its way,
 * so that every container can be laid out by itself; pieces of one value between the same ends are drawn once. Layers that
 * hold subgraphs are linked to each of them.
 */
export function visibleGraph(
  source: GraphSource,
  tree: ScopeGroup,
  options: { readonly expanded: ReadonlySet<string>; readonly measure: (box: Omit<VisibleBox, keyof Size>) => Size },
): VisibleContainer {
  const places = new Map<string, Place>();
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
  for (const { holder, first } of branchesOf(source)) {
    const start = places.get(holder);
    const end = places.get(first);
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
  const producers = new Map<string, string>(source.inputs.map((value) => [value, inputId(value)]));
  for (const node of source.nodes) for (const value of node.outputs) if (value !== '') producers.set(value, node.name);
  for (const node of source.nodes) {
    for (const value of node.inputs) {
      const from = producers.get(value);
      if (from !== undefined) yield [value, from, node.name];
    }
  }
  for (const value of source.outputs) {
    const from = producers.get(value);
    if (from !== undefined) yield [value, from, outputId(value)];
  }
}

/** Each branch of an If and the body of a Loop or Scan: the layer that holds it, and the first that is drawn of it. */
function branchesOf({ nodes }: GraphSource): readonly { readonly holder: string; readonly first: string }[] {
  const firsts = new Map<string, { readonly holder: string; readonly first: string }>();
  for (const { name, parent } of nodes) {
    if (parent === null) continue;
    const key = `${parent}\u0000${branchOf(name, parent)}`;
    if (!firsts.has(key)) firsts.set(key, { holder: parent, first: name });
  }
  return [...firsts.values()];
}

function openGroup(
  group: ScopeGroup,
  parent: MutableContainer | null,
  places: Map<string, Place>,
  options: { readonly expanded: ReadonlySet<string>; readonly measure: (box: Omit<VisibleBox, keyof Size>) => Size },
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
    placeLayers(child, { box: child.id, container }, places);
  }
  return container;
}

/** The name of a group, and what it is where the name does not say so. */
function titleOf({ title, what }: ScopeGroup): string {
  return what === null || title.includes(what) ? title : `${title} · ${what}`;
}

function placeLayers(item: ScopeItem, place: Place, places: Map<string, Place>): void {
  if (item.kind === 'leaf') places.set(item.id, place);
  else for (const child of item.children) placeLayers(child, place, places);
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
