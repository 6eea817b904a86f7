import type { WidthModel } from '../../../judge/predict/widths.ts';
import { trainedTensors } from '../../operators/cost.ts';
import { walkNodes } from '../../graph/walk.ts';
import { dtypeBits } from '../../tensor/dtype.ts';
import { layerMacs } from '../layer-macs.ts';
import type { Closure } from '../../channels/closure.ts';
import type { ChannelGroup } from './groups.ts';

/**
 * How work and size depend on the widths of the groups: the size of every axis is a sum over groups, a stored tensor's
 * elements a product of sizes, a layer's multiply–accumulates in proportion to its weights (or, between computed tensors, to
 * its output). Exact for convolutions, matrix products and recurrent layers.
 */
export function widthModel(closure: Closure, groups: readonly ChannelGroup[]): WidthModel {
  const book = new AxisBook(closure, groups);
  const { model, ties } = closure;
  const weightsOf = new Map<string, Set<string>>();
  for (const node of model.graph.nodes) {
    // What takes channels is a matrix or kernel, each of whose weights meets the data as often.
    for (const { axis, role } of ties.get(node)?.weights ?? []) {
      if (role !== 'consumes') continue;
      const value = axis.side === 'input' ? (node.inputs[axis.position] ?? '') : '';
      weightsOf.set(node.name, (weightsOf.get(node.name) ?? new Set()).add(value));
    }
  }
  const places = new Map<string, number>();
  const trained = trainedTensors(model, closure.inference);
  const tensors = model.graph.initializers.map((tensor, at) => {
    const { name, dims, dtype } = tensor;
    places.set(name, at);
    const axes = dims.map((_, axis) => book.axis(name, axis));
    const elements = dims.reduce((product, size, axis) => (axes[axis] === undefined ? product * size : product), 1);
    return {
      axes: axes.filter((axis) => axis !== undefined),
      elements,
      bytesEach: (dtypeBits(dtype) ?? 8) / 8,
      isParameter: trained.has(tensor),
    };
  });
  const macs = layerMacs({ model, layerOf: (node, layer) => ({ name: layer, op: node.opType }) });
  const layers = [...walkNodes(model)].flatMap(({ node, layer, depth }) => {
    const own = macs.get(layer) ?? 0;
    if (depth > 0) return [];
    const weights = [...(weightsOf.get(node.name) ?? [])].flatMap((value) => {
      const place = places.get(value);
      return place === undefined ? [] : [place];
    });
    const [axes, inputAxes] = [node.outputs[0] ?? '', node.inputs[0] ?? ''].map((value) => book.axesOf(value));
    if (own === 0 && axes!.length === 0 && inputAxes!.length === 0) return [];
    return [{ name: node.name, op: node.opType, macs: own, tensors: weights, axes: axes!, inputAxes: inputAxes! }];
  });
  return { groups: groups.map((group) => describe(closure, group)), axes: book.list, tensors, layers };
}

function describe({ axes, sets }: Closure, { name, kind, roots, members }: ChannelGroup): WidthModel['groups'][number] {
  const producing = members.find(({ role }) => role === 'produces');
  let each = 0;
  if (producing !== undefined) {
    const first = axes.first(producing.tensor, producing.axis);
    const size = axes.size(producing.tensor, producing.axis);
    for (let element = first; element < first + size; element++) if (sets.root(element) === roots[0]) each++;
  }
  return {
    name,
    kind,
    atoms: roots.length,
    each: Math.max(1, each),
    layers: [...new Set(members.flatMap(({ layer, role }) => (role === 'produces' ? [layer] : [])))],
  };
}

/** The axes that depend on groups, each written down once. */
class AxisBook {
  readonly list: WidthModel['axes'][number][] = [];
  readonly #closure: Closure;
  readonly #groupOf = new Map<number, number>();
  readonly #known = new Map<number, number | undefined>();
  readonly #atoms: readonly number[];

  constructor(closure: Closure, groups: readonly ChannelGroup[]) {
    this.#closure = closure;
    groups.forEach(({ roots }, at) => roots.forEach((root) => this.#groupOf.set(root, at)));
    this.#atoms = groups.map(({ roots }) => roots.length);
  }

  /** Those of a value's axes that depend on groups. */
  axesOf(value: string): readonly number[] {
    const rank = this.#closure.axes.shape(value)?.length ?? 0;
    return Array.from({ length: rank }, (_, axis) => this.axis(value, axis)).filter((axis) => axis !== undefined);
  }

  /** Place of the axis in the list; undefined: it never changes. */
  axis(value: string, axis: number): number | undefined {
    const { axes, sets } = this.#closure;
    const first = axes.first(value, axis);
    if (first < 0) return undefined;
    if (this.#known.has(first)) return this.#known.get(first);
    const counts = new Map<number, number>();
    let fixed = 0;
    const size = axes.size(value, axis);
    for (let element = first; element < first + size; element++) {
      const group = this.#groupOf.get(sets.root(element));
      if (group === undefined) fixed++;
      else counts.set(group, (counts.get(group) ?? 0) + 1);
    }
    const parts = [...counts].map(([group, count]) => ({ group, each: count / this.#atoms[group]! }));
    const place = parts.length === 0 ? undefined : this.list.push({ fixed, parts }) - 1;
    this.#known.set(first, place);
    return place;
  }
}
