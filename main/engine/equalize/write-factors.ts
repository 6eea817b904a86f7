import { indexGraph } from '../graph/index-graph.ts';
import type { Model } from '../graph/ir.ts';
import { tensorValues } from '../graph/tensor-data.ts';
import { changesOf, readWeights } from '../linear/layer-weights.ts';
import { roundedTo, writeConstants, type ConstantChange } from '../linear/write-weights.ts';
import type { Factors } from './cross-layer.ts';
import type { ScaleClosure, StoredChannels } from './scale-closure.ts';
import { rootsOnAxis, type ScaledLayer } from './scale-groups.ts';

/**
 * The model with every channel divided by its factor, and what takes it multiplied: it computes the same. Weights and biases are
 * computed in double precision and rounded once.
 */
export function writeFactors(closure: ScaleClosure, layers: readonly ScaledLayer[], factors: Factors): Model {
  const stored = new Map<string, StoredChannels[]>();
  for (const each of [...closure.offsets, ...closure.gains]) {
    stored.set(each.tensor, [...(stored.get(each.tensor) ?? []), each]);
  }
  const changes = [
    ...layers.flatMap((layer) => changesOfLayer(layer, factors)),
    ...[...stored.values()].flatMap((axes) => changeOfStored(closure, axes, factors)),
  ];
  return writeConstants(closure.model, changes);
}

function changesOfLayer({ layer, outputs, inputs }: ScaledLayer, factors: Factors): readonly ConstantChange[] {
  const factorOf = (root: number): number => factors.get(root) ?? 1;
  const divided = Float64Array.from(outputs, factorOf);
  const multiplied = Float64Array.from(inputs, factorOf);
  if ([...divided, ...multiplied].every((factor) => factor === 1)) return [];
  const { form, bias } = layer;
  const each = form.columns / form.taps;
  const scaled = readWeights(layer).map((group, at) => ({
    weights: group.weights.map((weight, place) => {
      const row = at * form.outputs + Math.floor(place / form.columns);
      const column = at * each + Math.floor((place % form.columns) / form.taps);
      return (weight * multiplied[column]!) / divided[row]!;
    }),
    bias: group.bias.map((value, m) => value / divided[at * form.outputs + m]!),
  }));
  const changes = changesOf(layer, scaled);
  // What another node adds is an operand of that node, and changed there; a bias that was left out stays so.
  return bias?.node === layer.node && bias.tensor !== undefined ? changes : changes.slice(0, 1);
}

/** Along all of its axes that have channels. */
function changeOfStored(
  closure: ScaleClosure,
  stored: readonly StoredChannels[],
  factors: Factors,
): readonly ConstantChange[] {
  const [{ node, input, tensor: name }] = stored as [StoredChannels];
  const tensor = indexGraph(closure.model.graph).initializer(name);
  if (tensor === undefined) return [];
  const { dtype, dims } = tensor;
  const values = Float64Array.from(tensorValues(tensor) as ArrayLike<number>);
  let changed = false;
  for (const { axis } of stored) {
    const divided = rootsOnAxis(closure, name, axis).map((root) => factors.get(root) ?? 1);
    if (divided.every((factor) => factor === 1)) continue;
    changed = true;
    const inner = dims.slice(axis + 1).reduce((product, size) => product * size, 1);
    for (let at = 0; at < values.length; at++) {
      values[at] = values[at]! / divided[Math.floor(at / inner) % divided.length]!;
    }
  }
  return changed ? [{ node, input, tensor, dtype, dims, values: roundedTo(dtype, values) }] : [];
}
