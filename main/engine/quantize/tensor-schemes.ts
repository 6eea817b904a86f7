import { indexGraph } from '../graph/index-graph.ts';
import type { Graph, Node } from '../graph/ir.ts';
import type { ClipBounds } from '../operators/spec.ts';
import { producingUnit, type QuantizationPlan } from './plan-quantization.ts';
import { activationScheme, type ActivationScheme, type Range } from './quantize-activations.ts';
import type { CodeFormat } from './schemes.ts';
import { unitInputs, unitOutputs, type Unit } from './unit.ts';

/** The tensors of a plan that carry a scale: `root` is the tensor whose range decides, itself or one passed through. */
export interface QuantizedTensor {
  readonly name: string;
  readonly root: string;
  /** The unit that makes it, when that gives integers. */
  readonly madeBy: Unit | undefined;
}

/** Every activation that a plan quantizes, in the order in which the graph makes them. */
export function quantizedTensors(graph: Graph, plan: QuantizationPlan): ReadonlyMap<string, QuantizedTensor> {
  const index = indexGraph(graph);
  const units = new Map<Node, Unit>(plan.units.map((unit) => [unit.node, unit]));
  const tensors = new Map<string, QuantizedTensor>();
  const add = (name: string): QuantizedTensor => {
    const known = tensors.get(name);
    if (known !== undefined) return known;
    const maker = producingUnit(index, units, name);
    const madeBy = maker?.quantizesOutput === true ? maker : undefined;
    const root = madeBy?.kind === 'passthrough' ? add(unitInputs(madeBy)[0] ?? '').root : name;
    const tensor = { name, root, madeBy };
    tensors.set(name, tensor);
    return tensor;
  };
  for (const unit of plan.units) {
    for (const value of unitInputs(unit)) add(value);
    if (unit.quantizesOutput) for (const value of unitOutputs(unit)) add(value);
  }
  return tensors;
}

/** The tensors whose ranges a plan needs. */
export function calibratedTensors(tensors: ReadonlyMap<string, QuantizedTensor>): readonly string[] {
  return [...new Set([...tensors.values()].map(({ root }) => root))];
}

/**
 * The scheme of each root tensor. Where an absorbed Clip bounds the tensor, all codes lie inside of the bounds, or
 * the runtime would keep the Clip and with it a float layer: the scale shrinks by at most half a step.
 */
export function tensorSchemes(
  tensors: ReadonlyMap<string, QuantizedTensor>,
  ranges: ReadonlyMap<string, Range>,
  formatOf: (tensor: QuantizedTensor) => CodeFormat,
): ReadonlyMap<string, ActivationScheme> {
  const schemes = new Map<string, ActivationScheme>();
  for (const tensor of tensors.values()) {
    const { name, root, madeBy } = tensor;
    if (name !== root) continue;
    const scheme = activationScheme(ranges.get(root) ?? { min: 0, max: 0 }, formatOf(tensor));
    const bounds = madeBy?.absorbed?.bounds;
    schemes.set(root, bounds === undefined ? scheme : withinBounds(scheme, bounds));
  }
  return schemes;
}

/** Schemes with other steps, within the same bounds. @param factors by root tensor */
export function scaledSchemes(
  schemes: ReadonlyMap<string, ActivationScheme>,
  tensors: ReadonlyMap<string, QuantizedTensor>,
  factors: ReadonlyMap<string, number> | undefined,
): ReadonlyMap<string, ActivationScheme> {
  if (factors === undefined || factors.size === 0) return schemes;
  return new Map(
    [...schemes].map(([root, scheme]) => {
      const scaled = { ...scheme, scale: Math.fround(scheme.scale * (factors.get(root) ?? 1)) };
      const bounds = tensors.get(root)?.madeBy?.absorbed?.bounds;
      return [root, bounds === undefined ? scaled : withinBounds(scaled, bounds)];
    }),
  );
}

function withinBounds(scheme: ActivationScheme, { low, high }: ClipBounds): ActivationScheme {
  const { zeroPoint, format } = scheme;
  const [below, above] = [zeroPoint - format.lowest, format.highest - zeroPoint];
  let { scale } = scheme;
  if (above > 0) scale = Math.min(scale, high / above);
  if (below > 0) scale = Math.min(scale, -low / below);
  let rounded = Math.fround(scale);
  const fits = (value: number): boolean => Math.fround(value * above) <= high && Math.fround(value * -below) >= low;
  // Two or three steps at most: only the last bits of float32 are in question.
  for (let step = 0; step < 8 && !fits(rounded); step++) rounded = Math.fround(rounded * (1 - 2 ** -23));
  return { ...scheme, scale: rounded };
}
