import { tensorValues } from '../graph/tensor-data.ts';
import type { LayerBias, SolvableLayer } from './solvable-layers.ts';
import { roundedTo, type ConstantChange } from './write-weights.ts';

/** Weights [M, K], row-major, and one bias for each output, zero where the layer takes none. */
export interface GroupWeights {
  readonly weights: Float64Array;
  readonly bias: Float64Array;
}

/** The weights of a layer as its groups' matrices, in the units of its output: factors before product and bias are in them. */
export function readWeights({ form, weight, bias }: SolvableLayer): readonly GroupWeights[] {
  const stored = tensorValues(weight);
  const added = bias?.tensor === undefined ? undefined : tensorValues(bias.tensor);
  const { groups, outputs, columns, at, scale } = form;
  return Array.from({ length: groups }, (_, group) => {
    const weights = new Float64Array(outputs * columns);
    for (let m = 0; m < outputs; m++) {
      for (let k = 0; k < columns; k++) weights[m * columns + k] = scale * Number(stored[at(group, m, k)]);
    }
    const factor = biasFactor(form, bias);
    const own = Float64Array.from({ length: outputs }, (_, m) => factor * Number(added?.[group * outputs + m] ?? 0));
    return { weights, bias: own };
  });
}

/** Which weights may differ from zero: those that do now. What pruning set to zero stays zero. */
export function supportOf({ weights }: GroupWeights): Uint8Array {
  return Uint8Array.from(weights, (weight) => (weight === 0 ? 0 : 1));
}

/** Writes weights of groups back, the other way round. */
export function changesOf(layer: SolvableLayer, solved: readonly GroupWeights[]): readonly ConstantChange[] {
  const { form, weight, bias, node } = layer;
  const { outputs, columns, at, scale } = form;
  const values = new Float64Array(weight.dims.reduce((product, dim) => product * dim, 1));
  for (const [group, { weights }] of solved.entries()) {
    for (let m = 0; m < outputs; m++) {
      for (let k = 0; k < columns; k++) values[at(group, m, k)] = weights[m * columns + k]! / scale;
    }
  }
  const input = form.weight;
  const { dtype, dims } = weight;
  const changed = [{ node, input, tensor: weight, dtype, dims, values: roundedTo(dtype, values) }];
  return bias === undefined ? changed : [...changed, biasChange(layer, bias, solved)];
}

/** Another bias for a layer that has a place for one. */
export function biasChange(
  { form, weight }: SolvableLayer,
  bias: LayerBias,
  solved: readonly Pick<GroupWeights, 'bias'>[],
): ConstantChange {
  const factor = biasFactor(form, bias);
  const values = Float64Array.from(
    solved.flatMap((group) => [...group.bias]),
    (value) => value / factor,
  );
  const dims = bias.tensor?.dims ?? [values.length];
  const { dtype } = weight;
  return { ...bias, dtype, dims, values: roundedTo(dtype, values) };
}

/** A bias that another node adds has no factor. */
function biasFactor(form: SolvableLayer['form'], bias: LayerBias | undefined): number {
  return bias !== undefined && form.bias === bias.input ? form.biasScale : 1;
}
