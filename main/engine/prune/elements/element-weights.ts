import { assert, StudioError } from '../../../base/errors.ts';
import { isCalibrated, type ElementStep } from '../../../contract/recipe/prune-elements.ts';
import type { Model, Tensor } from '../../graph/ir.ts';
import { tensorValues } from '../../graph/tensor-data.ts';
import type { FrozenLayer, PrunableLayer, PrunableWeights, TakenWeight } from '../prunable-weights.ts';
import { patternOf, patternRefusal } from './pattern.ts';
import { unreadable, weightMatrix, type WeightMatrix } from './weight-matrix.ts';

/** A weight of which elements go. */
export interface ElementWeight {
  readonly taken: TakenWeight;
  readonly tensor: Tensor;
  /** Decoded; may be a view on the file: not to be modified. */
  readonly values: Float32Array | Float64Array;
  /** undefined: the method asks for none. */
  readonly matrix: WeightMatrix | undefined;
}

export interface ElementLayer {
  readonly layer: PrunableLayer;
  readonly weights: readonly ElementWeight[];
}

/**
 * The weights that a step prunes, read; layers whose weights it cannot take as matrices, where it must, are frozen with the
 * reason.
 * @throws UNSUPPORTED when there is nothing to prune, PRUNE_NOT_FINITE for weights that are not finite
 */
export function elementWeights(
  model: Model,
  { layers, frozen }: PrunableWeights,
  step: ElementStep,
): { readonly layers: readonly ElementLayer[]; readonly frozen: readonly FrozenLayer[] } {
  const taken: ElementLayer[] = [];
  const refused: FrozenLayer[] = [];
  for (const layer of layers) {
    const matrices = layer.weights.map((weight) => matrixFor(weight, step, model));
    const reason = matrices.find((matrix) => matrix !== undefined && 'reason' in matrix);
    if (reason !== undefined && 'reason' in reason) refused.push({ name: layer.name, reason: reason.reason });
    else {
      const weights = layer.weights.map((weight, at) => ({
        taken: weight,
        tensor: weight.tensor,
        values: finiteFloats(weight.tensor, layer.name),
        matrix: matrices[at] as WeightMatrix | undefined,
      }));
      taken.push({ layer, weights });
    }
  }
  const all = [...frozen, ...refused];
  if (taken.length === 0) throw nothingToPrune(all);
  return { layers: taken, frozen: all };
}

function matrixFor(weight: TakenWeight, step: ElementStep, model: Model): ReturnType<typeof weightMatrix> | undefined {
  const calibrated = isCalibrated(step);
  if (step.structure === 'element' && step.block === '1x1' && !calibrated) return undefined;
  const hidden = calibrated ? unreadable(weight, model) : undefined;
  if (hidden !== undefined) return { reason: hidden };
  const matrix = weightMatrix(weight);
  if (step.structure === 'element' || 'reason' in matrix) return matrix;
  const reason = patternRefusal(matrix, patternOf(step.structure));
  return reason === undefined ? matrix : { reason };
}

function finiteFloats(tensor: Tensor, layer: string): Float32Array | Float64Array {
  const values = tensorValues(tensor);
  assert(values instanceof Float32Array || values instanceof Float64Array, `'${tensor.name}' holds floats`);
  const at = firstNotFinite(values);
  if (at < 0) return values;
  throw new StudioError(
    'PRUNE_NOT_FINITE',
    `Weight ${at} of layer '${layer}' is ${values[at]}: what is not finite has no order among weights`,
    { hint: 'Leave the layer out, or export the model again.' },
  );
}

function firstNotFinite(values: Float32Array | Float64Array): number {
  if (values instanceof Float32Array) {
    // NaN and infinities have all bits of the exponent: one more there reaches the sign. No branch for each weight.
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    let carried = 0;
    for (let i = 0; i < bits.length; i++) carried |= (bits[i]! & 0x7fffffff) + 0x00800000;
    if (carried >= 0) return -1;
  }
  return values.findIndex((value) => !Number.isFinite(value));
}

/** @param frozen why each layer stays */
function nothingToPrune(frozen: readonly FrozenLayer[]): StudioError {
  const [first] = frozen;
  const why = first === undefined ? 'No layer has weights of its own' : `Layer '${first.name}': ${first.reason}`;
  const others = frozen.length > 1 ? `; ${frozen.length - 1} more layers stay too` : '';
  return new StudioError('UNSUPPORTED', `Nothing in this model can be pruned this way. ${why}${others}`, {
    hint: 'Choose another structure; a quantized model is pruned in float, before it is quantized.',
  });
}
