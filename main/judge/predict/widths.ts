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

/** The totals when group g keeps `kept[g]` atoms. Plain loops: a slider asks some twenty times in a frame. */
export function widthTotals(model: WidthModel, kept: ArrayLike<number>): WidthTotals {
  const { tensors, layers } = model;
  const sizes = axisSizes(model, kept);
  const elements = new Float64Array(tensors.length);
  let parameters = 0;
  let bytes = 0;
  for (let at = 0; at < tensors.length; at++) {
    const tensor = tensors[at]!;
    let count = tensor.elements;
    for (let i = 0; i < tensor.axes.length; i++) count *= sizes[tensor.axes[i]!]!;
    elements[at] = count;
    bytes += count * tensor.bytesEach;
    if (tensor.isParameter) parameters += count;
  }
  const full = fullElements(model);
  const layerMacs = new Float64Array(layers.length);
  let macs = 0;
  for (let at = 0; at < layers.length; at++) {
    const layer = layers[at]!;
    if (layer.macs === 0) continue;
    const own =
      layer.tensors.length > 0
        ? layer.macs * ofWeights(layer, elements, full.tensors)
        : layer.macs * ofAxes(layer, sizes, full.axes);
    layerMacs[at] = own;
    macs += own;
  }
  return { macs, parameters, bytes, layerMacs };
}

function ofWeights({ tensors }: WidthLayer, elements: Float64Array, full: Float64Array): number {
  let left = 0;
  let all = 0;
  for (let i = 0; i < tensors.length; i++) {
    left += elements[tensors[i]!]!;
    all += full[tensors[i]!]!;
  }
  return all === 0 ? 1 : left / all;
}

function ofAxes({ axes }: WidthLayer, sizes: Float64Array, full: Float64Array): number {
  let share = 1;
  for (let i = 0; i < axes.length; i++) share = (share * sizes[axes[i]!]!) / full[axes[i]!]!;
  return share;
}

/** Elements along each axis when group g keeps `kept[g]` atoms. */
export function axisSizes({ axes }: WidthModel, kept: ArrayLike<number>): Float64Array {
  const sizes = new Float64Array(axes.length);
  for (let at = 0; at < axes.length; at++) {
    const { fixed, parts } = axes[at]!;
    let size = fixed;
    for (let i = 0; i < parts.length; i++) size += parts[i]!.each * kept[parts[i]!.group]!;
    sizes[at] = size;
  }
  return sizes;
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
