import { bodyKey } from './graph-source.ts';
import type { GraphSource, SourceNode } from './graph-source.ts';

/** A group of layers with a common scope. */
export interface ScopeGroup {
  readonly kind: 'group';
  /** The whole scope path, unique: "layer1/0". */
  readonly id: string;
  /** What its frame is called: the parts of the path below the parent group. */
  readonly title: string;
  /** What it is, as far as that has a name: "attention". */
  readonly what: string | null;
  readonly children: readonly ScopeItem[];
  /** Layers below, at any depth. */
  readonly layers: number;
  /** The body that it is, as `bodyKey` names it. */
  readonly body?: string;
}

/** A layer in the tree. */
export interface ScopeLeaf {
  readonly kind: 'leaf';
  readonly id: string;
  readonly node: SourceNode;
}

export type ScopeItem = ScopeGroup | ScopeLeaf;

interface Draft {
  readonly path: string;
  readonly children: Map<string, Draft>;
  readonly items: (Draft | ScopeLeaf)[];
  body?: string;
}

/**
 * The tree of scopes. Groups that hold one layer only are left out (the layer stands in their place) but for subgraphs, and chains of groups
 * with a single group inside become one group with a joined title ("model/layers").
 */
export function buildScopeTree(source: Pick<GraphSource, 'nodes'>): ScopeGroup {
  const root: Draft = { path: '', children: new Map(), items: [] };
  const byName = new Map(source.nodes.map((node) => [node.name, node]));
  for (const node of source.nodes) {
    let group = root;
    for (const part of scopeParts(node, byName)) group = childGroup(group, part);
    if (node.parent !== null && byName.has(node.parent))
      group.body = bodyKey(node.parent, branchOf(node.name, node.parent));
    group.items.push({ kind: 'leaf', id: node.name, node });
  }
  return {
    kind: 'group',
    id: '',
    title: '',
    what: null,
    children: root.items.flatMap((item) => compact(item, '')),
    layers: source.nodes.length,
  };
}

/** Path of a layer in the tree: its scope, below the layer that holds its subgraph where there is one. */
function scopeParts(node: SourceNode, byName: ReadonlyMap<string, SourceNode>): readonly string[] {
  const own = node.scope === '' ? [] : node.scope.split('/').filter((part) => part !== '');
  const parent = node.parent === null ? undefined : byName.get(node.parent);
  if (parent === undefined) return own;
  const branch = branchOf(node.name, parent.name);
  return [...scopeParts(parent, byName), `${parent.name.split('/').at(-1) ?? parent.op}: ${branch}`];
}

/** Which subgraph of `parent` a layer is in: "then_branch"; "body" where its name does not say. */
export function branchOf(name: string, parent: string): string {
  return name.startsWith(`${parent}/`) ? (name.slice(parent.length + 1).split('/')[0] ?? 'body') : 'body';
}

function childGroup(group: Draft, part: string): Draft {
  const known = group.children.get(part);
  if (known !== undefined) return known;
  const child: Draft = { path: group.path === '' ? part : `${group.path}/${part}`, children: new Map(), items: [] };
  group.children.set(part, child);
  group.items.push(child);
  return child;
}

function compact(item: Draft | ScopeLeaf, parentPath: string): ScopeItem[] {
  if ('kind' in item) return [item];
  const only = item.items.length === 1 && item.body === undefined ? item.items[0] : undefined;
  if (only !== undefined) return compact(only, parentPath);
  const children = item.items.flatMap((child) => compact(child, item.path));
  const title = parentPath === '' ? item.path : item.path.slice(parentPath.length + 1);
  const body = item.body === undefined ? {} : { body: item.body };
  return [{ kind: 'group', id: item.path, title, what: null, children, layers: countLayers(children), ...body }];
}

function countLayers(items: readonly ScopeItem[]): number {
  return items.reduce((sum, item) => sum + (item.kind === 'leaf' ? 1 : item.layers), 0);
}

const groupsByRoot = new WeakMap<ScopeGroup, ReadonlyMap<string, ScopeGroup>>();

/** Every group below (not the root itself) by its id, outer before inner; remembered for the root. */
export function groupsIn(root: ScopeGroup): ReadonlyMap<string, ScopeGroup> {
  const known = groupsByRoot.get(root);
  if (known !== undefined) return known;
  const groups = new Map<string, ScopeGroup>();
  const add = (group: ScopeGroup): void => {
    for (const child of group.children) {
      if (child.kind === 'leaf') continue;
      groups.set(child.id, child);
      add(child);
    }
  };
  add(root);
  groupsByRoot.set(root, groups);
  return groups;
}

const aroundByRoot = new WeakMap<ScopeGroup, ReadonlyMap<string, readonly string[]>>();

/** Ids of the groups that hold a layer, outermost first; empty for a layer at the top. Remembered for the root. */
export function groupsAround(root: ScopeGroup, layer: string): readonly string[] {
  let around = aroundByRoot.get(root);
  if (around === undefined) {
    const found = new Map<string, readonly string[]>();
    const visit = (group: ScopeGroup, path: readonly string[]): void => {
      for (const child of group.children) {
        if (child.kind === 'leaf') found.set(child.id, path);
        else visit(child, [...path, child.id]);
      }
    };
    visit(root, []);
    around = found;
    aroundByRoot.set(root, around);
  }
  return around.get(layer) ?? [];
}

/** Ids of the groups that are the subgraphs of a layer, or the function that it calls. */
export function bodiesOf(root: ScopeGroup, layer: string): readonly string[] {
  return [...groupsIn(root).values()].flatMap(({ id, body }) =>
    body?.startsWith(bodyKey(layer, '')) === true ? id : [],
  );
}

/** What a layer is drawn as while these groups are open: the outermost folded group around it, or itself. */
export function drawnBox(root: ScopeGroup, expanded: ReadonlySet<string>, layer: string): string {
  return groupsAround(root, layer).find((id) => !expanded.has(id)) ?? layer;
}

/**
 * Which groups are open at first: all of them in a small graph; in a large one as many, outermost first, as keep the number
 * of drawn items at or below `budget`.
 */
export function startExpanded(
  root: ScopeGroup,
  options: { allBelow?: number; budget?: number } = {},
): ReadonlySet<string> {
  const { allBelow = 150, budget = 130 } = options;
  if (root.layers <= allBelow) return new Set(groupsIn(root).keys());
  const expanded = new Set<string>();
  let drawn = root.children.length;
  let level = root.children.filter((child) => child.kind === 'group');
  while (level.length > 0) {
    const next: ScopeGroup[] = [];
    for (const group of level) {
      if (drawn + group.children.length - 1 > budget) continue;
      drawn += group.children.length - 1;
      expanded.add(group.id);
      next.push(...group.children.filter((child) => child.kind === 'group'));
    }
    level = next;
  }
  return expanded;
}

/** The groups around a layer or a group, outermost first, with the group itself. */
export function pathTo(tree: ScopeGroup, id: string | null): readonly ScopeGroup[] {
  if (id === null) return [];
  const groups = groupsIn(tree);
  const own = groups.get(id);
  const [leaf] = own === undefined ? [id] : leavesIn(own);
  const around = leaf === undefined ? [] : groupsAround(tree, leaf);
  const until = own === undefined ? around.length : around.indexOf(id) + 1;
  return around.slice(0, until).map((group) => groups.get(group)!);
}

function leavesIn(group: ScopeGroup): readonly string[] {
  for (let at = group; ;) {
    const [first] = at.children;
    if (first === undefined) return [];
    if (first.kind === 'leaf') return [first.id];
    at = first;
  }
}
