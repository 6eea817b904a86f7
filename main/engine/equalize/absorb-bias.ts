import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import { intsAttribute } from '../graph/attributes.ts';
import type { Model, Node } from '../graph/ir.ts';
import { biasChange, readWeights } from '../linear/layer-weights.ts';
import type { SolvableLayer } from '../linear/solvable-layers.ts';
import { writeConstants, type ConstantChange } from '../linear/write-weights.ts';
import { clipBounds } from '../operators/clip-bounds.ts';
import type { Extremes } from './channel-extremes.ts';
import type { ScaledLayer, ScaleGroup } from './scale-groups.ts';

/** A rectifier between one layer and those that take what it lets through, and nothing else. */
export interface RectifiedPair {
  readonly from: ScaledLayer;
  readonly to: readonly ScaledLayer[];
  /** What goes into the rectifier: channels of `from`. */
  readonly value: string;
}

/**
 * Pairs in which a bias can be moved on: max(0, x) = c + max(0, x − c) where x ≥ c always, so that the layers behind take up W·c.
 * Their data must not be padded: the border is zero, not c.
 */
export function rectifiedPairs(model: Model, groups: readonly ScaleGroup[]): readonly RectifiedPair[] {
  const index = indexGraph(model.graph);
  return groups.flatMap(({ from, to, gains }) => {
    const [first, ...more] = from;
    if (first === undefined || more.length > 0 || gains.length > 0) return [];
    const { bias, output } = first.layer;
    const [rectifier, ...others] = index.consumers(output);
    const takes = to.every(({ layer }) => isUnpadded(layer) && layer.bias !== undefined);
    if (bias === undefined || rectifier === undefined || others.length > 0 || index.isOutput(output) || !takes)
      return [];
    return isOnlyFor(index, rectifier, to) ? [{ from: first, to, value: output }] : [];
  });
}

function isOnlyFor(index: GraphIndex, rectifier: Node, to: readonly ScaledLayer[]): boolean {
  const bounds = clipBounds(rectifier, index);
  const [passed = ''] = rectifier.outputs;
  if (bounds === undefined || bounds.low !== 0 || bounds.high !== Infinity || index.isOutput(passed)) return false;
  const nodes = new Set(to.filter(({ layer }) => layer.data === passed).map(({ layer }) => layer.node));
  return nodes.size === to.length && index.consumers(passed).every((node) => nodes.has(node));
}

/** Whether each of its columns is a value of its data, and none a border. */
function isUnpadded({ form, node }: SolvableLayer): boolean {
  if (form.unfold === undefined) return true;
  return form.unfold.thinned !== undefined && (intsAttribute(node, 'pads') ?? []).every((pad) => pad === 0);
}

/** What samples that were not seen may lie below those that were, as a share of the range. */
const MARGIN = 0.25;

/**
 * Takes from each channel what it does not fall below, in the bias of the layer that gives it, and adds to the layers behind what
 * that was to them: the range that is quantized is shorter, and the model gives the same on the calibration data.
 * @returns the model, and how many channels were moved
 * @see Nagel et al. 2019 (data-free quantization), 4.1.3; c there is β − 3γ of a normalization, here what was seen
 */
export function absorbBiases(
  model: Model,
  pairs: readonly RectifiedPair[],
  extremes: ReadonlyMap<string, Extremes>,
): { readonly model: Model; readonly channels: number } {
  const shifts = new Map<SolvableLayer, Float64Array>();
  let channels = 0;
  for (const { from, to, value } of pairs) {
    const seen = extremes.get(value);
    if (seen === undefined) continue;
    const moved = seen.least.map((least, at) => Math.max(0, least - MARGIN * (seen.largest[at]! - least)));
    if (moved.every((each) => each === 0)) continue;
    channels += moved.filter((each) => each > 0).length;
    add(
      shifts,
      from.layer,
      moved.map((each) => -each),
    );
    for (const { layer } of to) add(shifts, layer, givenBy(layer, moved));
  }
  const changes = [...shifts].map(([layer, shift]): ConstantChange => {
    const groups = readWeights(layer).map(({ bias }, at) => ({
      bias: bias.map((each, m) => each + shift[at * bias.length + m]!),
    }));
    return biasChange(layer, layer.bias!, groups);
  });
  return { model: writeConstants(model, changes), channels };
}

function add(shifts: Map<SolvableLayer, Float64Array>, layer: SolvableLayer, shift: Float64Array): void {
  const known = shifts.get(layer);
  shifts.set(layer, known === undefined ? shift : known.map((each, at) => each + shift[at]!));
}

/** What the layer's outputs get from data that are these numbers everywhere: W·c. */
export function givenBy(layer: SolvableLayer, data: Float64Array): Float64Array {
  const { groups, outputs, columns, taps } = layer.form;
  const given = new Float64Array(groups * outputs);
  for (const [group, { weights }] of readWeights(layer).entries()) {
    const first = (group * columns) / taps;
    for (let at = 0; at < weights.length; at++) {
      const row = group * outputs + Math.floor(at / columns);
      given[row] = given[row]! + weights[at]! * data[first + Math.floor((at % columns) / taps)]!;
    }
  }
  return given;
}
