import type { Tensor } from '../../graph/ir.ts';
import { tensorPieces } from '../../graph/tensor-data.ts';
import { elementCount } from '../../graph/tensor-size.ts';
import { walkTensors } from '../../graph/tensors.ts';
import { layerMacs } from '../layer-macs.ts';
import type { PrunableModel } from '../prepare.ts';
import type { PruneOutcome } from '../outcome.ts';
import type { PrunableWeights } from '../prunable-weights.ts';
import type { ZeroedTensor } from './write-zeros.ts';
import type { ElementLayer } from './element-weights.ts';

export interface ZeroedModel {
  readonly prepared: PrunableModel;
  readonly found: PrunableWeights;
  readonly layers: readonly ElementLayer[];
  /** What stands in the place of which tensor. */
  readonly changed: ReadonlyMap<Tensor, ZeroedTensor>;
}

const FLOATS = new Set(['float32', 'float16', 'bfloat16', 'float64']);

/** Counts what setting weights to zero left; and the pruned layers whose cost is not known. */
export function measureZeros({ prepared, found, layers, changed }: ZeroedModel): Pick<
  PruneOutcome,
  'parameters' | 'macs' | 'layers'
> & {
  readonly achieved: number;
  readonly unknownCosts: number;
} {
  const before = new Map<Tensor, number>();
  const after = new Map<Tensor, number>();
  for (const tensor of new Set(walkTensors(prepared.model))) {
    if (!FLOATS.has(tensor.dtype)) continue;
    const counted = changed.get(tensor)?.nonZero;
    const count = counted?.before ?? nonZero(tensor);
    before.set(tensor, count);
    after.set(tensor, counted?.after ?? count);
  }
  const share = (counts: ReadonlyMap<Tensor, number>, tensors: readonly Tensor[]): number => {
    const elements = tensors.reduce((sum, { dims }) => sum + elementCount(dims), 0);
    return elements === 0 ? 1 : tensors.reduce((sum, tensor) => sum + (counts.get(tensor) ?? 0), 0) / elements;
  };
  const macs = { before: 0, after: 0 };
  let unknownCosts = 0;
  for (const [name, count] of layerMacs(prepared)) {
    const weights = found.weightsOf.get(name) ?? [];
    if (count === null && weights.length > 0) unknownCosts++;
    macs.before += (count ?? 0) * share(before, weights);
    macs.after += (count ?? 0) * share(after, weights);
  }
  const sum = (counts: ReadonlyMap<Tensor, number>): number =>
    [...counts.values()].reduce((total, count) => total + count, 0);
  return {
    achieved:
      1 -
      share(
        after,
        layers.flatMap(({ layer }) => layer.tensors),
      ),
    parameters: { before: sum(before), after: sum(after) },
    macs: { before: Math.round(macs.before), after: Math.round(macs.after) },
    layers: layers.map(({ layer: { name, op, tensors } }) => ({
      name,
      op,
      sparsity: 1 - share(after, tensors),
      channels: null,
    })),
    unknownCosts,
  };
}

function nonZero(tensor: Tensor): number {
  let count = 0;
  for (const piece of tensorPieces(tensor)) {
    for (let i = 0; i < piece.length; i++) count += Number(piece[i] !== 0);
  }
  return count;
}
