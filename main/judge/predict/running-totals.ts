import { axisSizes, fullElements, widthTotals, type WidthMeasure, type WidthModel } from './widths.ts';

/** What the axes of a model are part of, by their places; made once for each model. */
interface Touched {
  /** For each group its axes, with the elements that an atom has there. */
  readonly axes: readonly (readonly { readonly axis: number; readonly each: number }[])[];
  /** For each axis the tensors, and the layers whose work is in proportion to their output. */
  readonly tensors: readonly (readonly number[])[];
  readonly outputs: readonly (readonly number[])[];
  /** For each tensor the layers whose work is in proportion to it. */
  readonly layers: readonly (readonly number[])[];
}

const known = new WeakMap<WidthModel, Touched>();

function touchedBy(model: WidthModel): Touched {
  const remembered = known.get(model);
  if (remembered !== undefined) return remembered;
  const lists = <T>(count: number): T[][] => Array.from({ length: count }, () => []);
  const axes = lists<{ axis: number; each: number }>(model.groups.length);
  const tensors = lists<number>(model.axes.length);
  const outputs = lists<number>(model.axes.length);
  const layers = lists<number>(model.tensors.length);
  model.axes.forEach(({ parts }, axis) => parts.forEach(({ group, each }) => axes[group]!.push({ axis, each })));
  model.tensors.forEach((tensor, at) => new Set(tensor.axes).forEach((axis) => tensors[axis]!.push(at)));
  model.layers.forEach((layer, at) => {
    if (layer.tensors.length > 0) new Set(layer.tensors).forEach((tensor) => layers[tensor]!.push(at));
    else new Set(layer.axes).forEach((axis) => outputs[axis]!.push(at));
  });
  const touched = { axes, tensors, outputs, layers };
  known.set(model, touched);
  return touched;
}

/**
 * The totals of a model while single groups change: a change costs what the group touches, not the model. Equal to
 * `widthTotals` but for rounding.
 */
export class RunningTotals {
  readonly #model: WidthModel;
  readonly #touched: Touched;
  readonly #full: ReturnType<typeof fullElements>;
  readonly #kept: Int32Array;
  readonly #sizes: Float64Array;
  readonly #elements: Float64Array;
  readonly #layerMacs: Float64Array;
  readonly #totals: Record<WidthMeasure, number>;

  /** @param kept atoms of each group at first; not modified */
  constructor(model: WidthModel, kept: ArrayLike<number>) {
    this.#model = model;
    this.#touched = touchedBy(model);
    this.#full = fullElements(model);
    this.#kept = Int32Array.from(kept);
    this.#sizes = axisSizes(model, kept);
    this.#elements = Float64Array.from(model.tensors, (_, at) => this.#elementsOf(at));
    const { macs, parameters, bytes, layerMacs } = widthTotals(model, kept);
    this.#layerMacs = layerMacs;
    this.#totals = { macs, parameters, bytes };
  }

  total(measure: WidthMeasure): number {
    return this.#totals[measure];
  }

  /** Gives a group another width. */
  set(group: number, width: number): void {
    const more = width - this.#kept[group]!;
    if (more === 0) return;
    this.#kept[group] = width;
    const tensors = new Set<number>();
    const layers = new Set<number>();
    for (const { axis, each } of this.#touched.axes[group]!) {
      this.#sizes[axis]! += each * more;
      for (const tensor of this.#touched.tensors[axis]!) tensors.add(tensor);
      for (const layer of this.#touched.outputs[axis]!) layers.add(layer);
    }
    for (const at of tensors) {
      const { bytesEach, isParameter } = this.#model.tensors[at]!;
      const elements = this.#elementsOf(at);
      const change = elements - this.#elements[at]!;
      this.#elements[at] = elements;
      this.#totals.bytes += change * bytesEach;
      if (isParameter) this.#totals.parameters += change;
      for (const layer of this.#touched.layers[at]!) layers.add(layer);
    }
    for (const at of layers) {
      const macs = this.#macsOf(at);
      this.#totals.macs += macs - this.#layerMacs[at]!;
      this.#layerMacs[at] = macs;
    }
  }

  #elementsOf(at: number): number {
    const { axes, elements } = this.#model.tensors[at]!;
    return axes.reduce((count, axis) => count * this.#sizes[axis]!, elements);
  }

  #macsOf(at: number): number {
    const { macs, tensors, axes } = this.#model.layers[at]!;
    if (tensors.length === 0) {
      return axes.reduce((left, axis) => (left * this.#sizes[axis]!) / this.#full.axes[axis]!, macs);
    }
    let [left, all] = [0, 0];
    for (const tensor of tensors) {
      left += this.#elements[tensor]!;
      all += this.#full.tensors[tensor]!;
    }
    return all === 0 ? macs : (macs * left) / all;
  }
}
