/**
 * What a model is worth at other widths: multiply–accumulates, parameters and bytes when groups of channels keep fewer of
 * them. Pure and linear in the number of tensors, so that it answers within the frame of a slider's move.
 */

/** A group of channels, heads or units of which any number may be kept. */
export interface WidthGroup {
  readonly name: string;
  readonly kind: 'channel' | 'unit' | 'head';
  readonly atoms: number;
  /** Elements of the first producing axis that one atom stands for: the features of a head. */
  readonly each: number;
  /** Layers that give these channels. */
  readonly layers: readonly string[];
}

/** The size of an axis: what always stays, and so many elements for each atom that a group keeps. */
interface WidthAxis {
  readonly fixed: number;
  readonly parts: readonly { readonly group: number; readonly each: number }[];
}

interface WidthTensor {
  /** Axes that depend on groups, by place in `axes`. */
  readonly axes: readonly number[];
  /** Elements along all its other axes. */
  readonly elements: number;
  readonly bytesEach: number;
  /** Whether its elements are trained. */
  readonly isParameter: boolean;
}

export interface WidthLayer {
  readonly name: string;
  readonly op: string;
  /** For one sample, at full width. */
  readonly macs: number;
  /** Weights that its work is in proportion to, by place in `tensors`; none: in proportion to its output. */
  readonly tensors: readonly number[];
  /** Axes of its first output and of its first input that depend on groups, by place in `axes`. */
  readonly axes: readonly number[];
  readonly inputAxes: readonly number[];
}

export interface WidthModel {
  readonly groups: readonly WidthGroup[];
  readonly axes: readonly WidthAxis[];
  readonly tensors: readonly WidthTensor[];
  /** Layers with work, and those whose output or input depends on groups. */
  readonly layers: readonly WidthLayer[];
}

/** Measures that a cut can be aimed at. */
export type WidthMeasure = 'macs' | 'parameters' | 'bytes';

export interface WidthTotals extends Readonly<Record<WidthMeasure, number>> {
  /** Multiply–accumulates of each layer. */
  readonly layerMacs: Float64Array;
}

const fulls = new WeakMap<WidthModel, WidthTotals>();

/** The totals of the whole model; remembered. */
export function fullTotals(model: WidthModel): WidthTotals {
  const known = fulls.get(model);
  if (known !== undefined) return known;
  const full = widthTotals(
    model,
    model.groups.map(({ atoms }) => atoms),
  );
  fulls.set(model, full);
  return full;
}

/** The totals when group g keeps `kept[g]` atoms. */
export function widthTotals(model: WidthModel, kept: ArrayLike<number>): WidthTotals {
  const sizes = axisSizes(model, kept);
  const elements = new Float64Array(model.tensors.length);
  let parameters = 0;
  let bytes = 0;
  model.tensors.forEach((tensor, at) => {
    let count = tensor.elements;
    for (const axis of tensor.axes) count *= sizes[axis]!;
    elements[at] = count;
    bytes += count * tensor.bytesEach;
    if (tensor.isParameter) parameters += count;
  });
  const full = fullElements(model);
  const layerMacs = new Float64Array(model.layers.length);
  let macs = 0;
  model.layers.forEach((layer, at) => {
    layerMacs[at] =
      layer.macs *
      (layer.tensors.length > 0 ? ofWeights(layer, elements, full.tensors) : ofAxes(layer, sizes, full.axes));
    macs += layerMacs[at]!;
  });
  return { macs, parameters, bytes, layerMacs };
}

function ofWeights({ tensors }: WidthLayer, elements: Float64Array, full: Float64Array): number {
  let [left, all] = [0, 0];
  for (const tensor of tensors) {
    left += elements[tensor]!;
    all += full[tensor]!;
  }
  return all === 0 ? 1 : left / all;
}

function ofAxes({ axes }: WidthLayer, sizes: Float64Array, full: Float64Array): number {
  return axes.reduce((share, axis) => (share * sizes[axis]!) / full[axis]!, 1);
}

/** Elements along each axis when group g keeps `kept[g]` atoms. */
export function axisSizes({ axes }: WidthModel, kept: ArrayLike<number>): Float64Array {
  return Float64Array.from(axes, ({ fixed, parts }) =>
    parts.reduce((size, { group, each }) => size + each * kept[group]!, fixed),
  );
}

const wholes = new WeakMap<WidthModel, { axes: Float64Array; tensors: Float64Array }>();

/** Sizes at full width; remembered. */
export function fullElements(model: WidthModel): { axes: Float64Array; tensors: Float64Array } {
  const known = wholes.get(model);
  if (known !== undefined) return known;
  const axes = axisSizes(
    model,
    model.groups.map(({ atoms }) => atoms),
  );
  const tensors = Float64Array.from(model.tensors, ({ elements, axes: own }) =>
    own.reduce((count, axis) => count * axes[axis]!, elements),
  );
  const full = { axes, tensors };
  wholes.set(model, full);
  return full;
}
