import type { Node } from '../../graph/ir.ts';
import type { FrozenLayer } from '../prunable-weights.ts';
import type { UnitKind, WeightRole } from '../../operators/channel-ties.ts';
import { operatorSpec } from '../../operators/table.ts';
import type { NumberedAxis } from '../../channels/axis-table.ts';
import type { Closure } from '../../channels/closure.ts';
import { valueAt } from '../../channels/scene.ts';

/** Where a group's atoms lie in a stored tensor. */
export interface GroupMember {
  /** Name of the stored tensor. */
  readonly tensor: string;
  readonly axis: number;
  /** What it means to the layer; `scales`: γ, slopes and other vectors beside the data. */
  readonly role: WeightRole | 'scales';
  /** Whether it is the γ of a normalization of each channel. */
  readonly isGamma: boolean;
  /** The layer that uses the tensor. */
  readonly layer: string;
  readonly op: string;
}

/** Atoms that can be chosen among: each goes as a whole, and all of them do the same thing in the model. */
export interface ChannelGroup {
  /** The first layer that gives these channels. */
  readonly name: string;
  readonly kind: UnitKind;
  /** The element that stands for each atom's set, in the order of the first producing axis. */
  readonly roots: Int32Array;
  readonly members: readonly GroupMember[];
}

export interface ChannelGroups {
  readonly groups: readonly ChannelGroup[];
  readonly frozen: readonly FrozenLayer[];
}

/** A stored tensor's axis as a layer uses it. */
interface Use {
  readonly node: Node;
  readonly role: WeightRole | 'scales';
  readonly axis: NumberedAxis;
}

interface Draft {
  readonly name: string;
  readonly kind: UnitKind;
  readonly roots: number[];
  readonly uses: Use[];
}

/**
 * The groups of a closure: sets that can go and that at least one layer produces, put together where they lie in the same
 * axes of stored tensors equally often. Linear in the number of elements of these axes.
 */
export function channelGroups(closure: Closure): ChannelGroups {
  const { sets } = closure;
  const uses = storedUses(closure);
  const keyOf = signatures(closure, uses);
  const kinds = kindsOf(closure);
  const drafts = new Map<string, Draft>();
  const grouped = new Set<number>();
  for (const { node, role, axis } of uses) {
    if (role !== 'produces') continue;
    for (const root of rootsOf(closure, axis)) {
      if (grouped.has(root) || sets.isFrozen(root)) continue;
      grouped.add(root);
      const draft = drafts.get(keyOf(root));
      if (draft !== undefined) draft.roots.push(root);
      else drafts.set(keyOf(root), { name: node.name, kind: kinds.get(root) ?? 'channel', roots: [root], uses: [] });
    }
  }
  for (const use of uses) {
    const keys = new Set<string>();
    for (const root of rootsOf(closure, use.axis)) if (grouped.has(root)) keys.add(keyOf(root));
    for (const key of keys) drafts.get(key)?.uses.push(use);
  }
  const found = [...drafts.values()].filter(({ roots }) => roots.length > 1);
  const cuttable = new Set(found.flatMap(({ roots }) => roots));
  return { groups: named(found), frozen: frozenLayers(closure, uses, cuttable) };
}

/** Sets on an axis, each once, in its order. */
function rootsOf({ sets }: Closure, { first, size }: NumberedAxis): ReadonlySet<number> {
  const roots = new Set<number>();
  for (let element = first; element < first + size; element++) roots.add(sets.root(element));
  return roots;
}

/** Every axis of every stored tensor that a node with a rule uses, in the order of the graph. */
function storedUses({ model, ties, axes }: Closure): readonly Use[] {
  const stored = new Set(model.graph.initializers.map(({ name }) => name));
  const uses: Use[] = [];
  for (const [node, rules] of ties) {
    for (const [position, value] of node.inputs.entries()) {
      if (!stored.has(value) || node.inputs.indexOf(value) !== position) continue;
      const rank = axes.shape(value)?.length ?? 0;
      for (let axis = 0; axis < rank; axis++) {
        const first = axes.first(value, axis);
        if (first < 0) continue;
        const stated = rules.weights.find((one) => valueAt(node, one.axis) === value && one.axis.axis === axis);
        const role = stated?.role ?? 'scales';
        uses.push({ node, role, axis: { value, axis, first, size: axes.size(value, axis) } });
      }
    }
  }
  return uses;
}

/** Equal keys for sets that lie in the same axes of stored tensors equally often (64 bits of hash). */
function signatures({ sets, axes }: Closure, uses: readonly Use[]): (root: number) => string {
  const low = new Int32Array(axes.count);
  const high = new Int32Array(axes.count);
  const seen = new Set<number>();
  for (const { axis } of uses) {
    if (seen.has(axis.first)) continue;
    seen.add(axis.first);
    const a = mixed(axis.first + 1, 0x9e3779b1);
    const b = mixed(axis.first + 1, 0x85ebca6b);
    for (let element = axis.first; element < axis.first + axis.size; element++) {
      const root = sets.root(element);
      low[root] = (low[root]! + a) | 0;
      high[root] = (high[root]! + b) | 0;
    }
  }
  return (root) => `${low[root]!},${high[root]!}`;
}

/** Spreads a number over 32 bits. */
function mixed(value: number, seed: number): number {
  let hash = Math.imul(value, seed) ^ seed;
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return hash ^ (hash >>> 15);
}

/** Heads where any rule says so; units where one of matrix products says so. */
function kindsOf({ ties, axes, sets }: Closure): ReadonlyMap<number, UnitKind> {
  const kinds = new Map<number, UnitKind>();
  for (const [node, rules] of ties) {
    for (const { axis, kind } of rules.kinds) {
      const value = valueAt(node, axis);
      const first = axes.first(value, axis.axis);
      const size = first < 0 ? 0 : axes.size(value, axis.axis);
      for (let element = first; element < first + size; element++) {
        const root = sets.root(element);
        if (!sets.isFrozen(root) && kinds.get(root) !== 'head') kinds.set(root, kind);
      }
    }
  }
  return kinds;
}

/** Several groups of one layer are told apart by their number. */
function named(drafts: readonly Draft[]): ChannelGroup[] {
  const counts = new Map<string, number>();
  return drafts.map(({ name, kind, roots, uses }) => {
    const before = counts.get(name) ?? 0;
    counts.set(name, before + 1);
    return {
      name: before === 0 ? name : `${name}#${before + 1}`,
      kind,
      roots: Int32Array.from(roots),
      members: uses.map(({ node, role, axis }) => ({
        tensor: axis.value,
        axis: axis.axis,
        role,
        isGamma: operatorSpec(node.domain, node.opType)?.scale === node.inputs.indexOf(axis.value),
        layer: node.name,
        op: node.opType,
      })),
    };
  });
}

/** Layers none of whose channels can go. */
function frozenLayers(closure: Closure, uses: readonly Use[], cuttable: ReadonlySet<number>): readonly FrozenLayer[] {
  const reasons = new Map<string, string>();
  const free = new Set<string>();
  for (const { node, role, axis } of uses) {
    if (role !== 'produces' || free.has(node.name)) continue;
    const roots = rootsOf(closure, axis);
    if ([...roots].some((root) => cuttable.has(root))) {
      free.add(node.name);
      continue;
    }
    const [first] = roots;
    const reason = first === undefined ? undefined : closure.sets.reason(first);
    if (!reasons.has(node.name)) reasons.set(node.name, reason ?? 'all its channels hang together');
  }
  return [...reasons].flatMap(([name, reason]) => (free.has(name) ? [] : [{ name, reason }]));
}
