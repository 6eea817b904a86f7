import type { SolvableLayer } from '../linear/solvable-layers.ts';
import type { LimitedNode, ScaleClosure, StoredChannels } from './scale-closure.ts';

/** A layer with the sets that its channels belong to; −1 where a channel stays. */
export interface ScaledLayer {
  readonly layer: SolvableLayer;
  /** Of each output channel, and of each channel of its data. */
  readonly outputs: Int32Array;
  readonly inputs: Int32Array;
}

/** Channels that are scaled one by one, all between the same layers. */
export interface ScaleGroup {
  /** Sets, in the order of the first layer that gives or takes them. */
  readonly roots: readonly number[];
  /** Layers whose rows take up what the channels are divided by. */
  readonly from: readonly ScaledLayer[];
  /** Layers whose columns take up what they are multiplied by. */
  readonly to: readonly ScaledLayer[];
  /** Stored factors that take up what the channels are divided by. */
  readonly gains: readonly StoredChannels[];
  readonly limits: readonly LimitedNode[];
}

/** Finds where the channels of each layer belong. */
export function scaledLayers({ axes, sets }: ScaleClosure, layers: readonly SolvableLayer[]): readonly ScaledLayer[] {
  const rootsAt = (value: string, channelsLast: boolean, count: number): Int32Array => {
    const roots = new Int32Array(count).fill(-1);
    const rank = axes.shape(value)?.length ?? 0;
    const axis = channelsLast ? rank - 1 : 1;
    const first = axes.first(value, axis);
    if (first < 0 || axes.size(value, axis) !== count) return roots;
    return roots.map((_, at) => (sets.isFrozen(first + at) ? -1 : sets.root(first + at)));
  };
  return layers.map((layer) => {
    const { form, node, data } = layer;
    return {
      layer,
      outputs: rootsAt(node.outputs[0] ?? '', form.channelsLast, form.groups * form.outputs),
      inputs: rootsAt(data, form.channelsLast, (form.groups * form.columns) / form.taps),
    };
  });
}

/** Puts the sets together that lie between the same layers. Sets that no layer takes are of no interest. */
export function scaleGroups(closure: ScaleClosure, layers: readonly ScaledLayer[]): readonly ScaleGroup[] {
  const uses = new Map<number, Uses>();
  const entryOf = (root: number): Uses => {
    const known = uses.get(root) ?? { from: new Set(), to: new Set(), gains: new Set(), limits: new Set() };
    uses.set(root, known);
    return known;
  };
  for (const [at, { outputs, inputs }] of layers.entries()) {
    for (const root of outputs) if (root >= 0) entryOf(root).from.add(at);
    for (const root of inputs) if (root >= 0) entryOf(root).to.add(at);
  }
  for (const [at, { tensor, axis }] of closure.gains.entries()) {
    for (const root of rootsOnAxis(closure, tensor, axis)) uses.get(root)?.gains.add(at);
  }
  for (const [at, { node }] of closure.limits.entries()) {
    const value = node.inputs[0] ?? '';
    const rank = closure.axes.shape(value)?.length ?? 0;
    for (let axis = 0; axis < rank; axis++) {
      for (const root of rootsOnAxis(closure, value, axis)) uses.get(root)?.limits.add(at);
    }
  }
  const drafts = new Map<string, { readonly roots: number[]; readonly uses: Uses }>();
  for (const [root, own] of uses) {
    if (own.to.size === 0) continue;
    const key = [own.from, own.to, own.gains, own.limits].map((set) => [...set].sort((a, b) => a - b).join()).join('|');
    const draft = drafts.get(key);
    if (draft === undefined) drafts.set(key, { roots: [root], uses: own });
    else draft.roots.push(root);
  }
  return [...drafts.values()].map(({ roots, uses: own }) => ({
    roots,
    from: [...own.from].map((at) => layers[at]!),
    to: [...own.to].map((at) => layers[at]!),
    gains: [...own.gains].map((at) => closure.gains[at]!),
    limits: [...own.limits].map((at) => closure.limits[at]!),
  }));
}

interface Uses {
  readonly from: Set<number>;
  readonly to: Set<number>;
  readonly gains: Set<number>;
  readonly limits: Set<number>;
}

/** Sets on an axis that may be scaled, by their place. */
export function rootsOnAxis({ axes, sets }: ScaleClosure, value: string, axis: number): readonly number[] {
  const first = axes.first(value, axis);
  if (first < 0) return [];
  const size = axes.size(value, axis);
  return Array.from({ length: size }, (_, at) => (sets.isFrozen(first + at) ? -1 : sets.root(first + at)));
}
