import { layerWeights, outputChannels, summedAxes, weightContext } from '../../operators/axes.ts';
import type { TakenWeight } from '../prunable-weights.ts';

/**
 * A stored weight as a matrix: each row is one output, its columns are the inputs that it sums over, place after place of the
 * kernel, and within a place input after input. So neighbours within a row are neighbours among the input channels, which
 * is how hardware groups them. Nothing is copied: element (r, c) is the tensor's element rowAt[r] + columnAt[c].
 */
export interface WeightMatrix {
  readonly rowAt: Int32Array;
  readonly columnAt: Int32Array;
  /** Input channels of a row; columns / inputs are the places of the kernel. */
  readonly inputs: number;
  /** As many parts of the rows, one after the other, see other input channels: the groups of a convolution. */
  readonly groups: number;
  /** As many parts of the rows, one after the other, are matrices of their own: the batch of a product of stacks. */
  readonly stacked: number;
}

/** The weight as a matrix, or why it is none. */
export function weightMatrix({ tensor, node, axes }: TakenWeight): WeightMatrix | { readonly reason: string } {
  if (axes === null) return { reason: 'its weights are stored in another shape than it takes them' };
  const dims = axes.map((axis) => tensor.dims[axis]!);
  const steps = strides(tensor.dims);
  const axisOf = (axis: number): Axis => ({ size: dims[axis]!, step: steps[axes[axis]!]! });
  const summed = summedAxes(node, dims);
  if (summed === undefined) return { reason: `which of its weights ${node.opType} adds up is not known` };
  const outputs = outputChannels(node, dims);
  const divided = outputs?.groups ?? 1; // of a transposed convolution, whose inputs lie group after group on one axis
  const groups = Math.max(divided, layerWeights(node)?.dataChannels?.(weightContext(node, dims))?.groups ?? 1);
  const all = axisOf(summed.inputs);
  const inputs = all.size / divided;
  const stack = dims.flatMap((_, axis) =>
    [summed.inputs, ...summed.taps, outputs?.axis].includes(axis) ? [] : [axisOf(axis)],
  );
  const outputAxis = outputs === undefined ? [] : [axisOf(outputs.axis)];
  return {
    rowAt: offsets([...stack, { size: divided, step: inputs * all.step }, ...outputAxis]),
    columnAt: offsets([...summed.taps.map(axisOf), { size: inputs, step: all.step }]),
    inputs,
    groups,
    stacked: stack.reduce((product, { size }) => product * size, 1),
  };
}

interface Axis {
  readonly size: number;
  readonly step: number;
}

/** Where the elements of nested axes lie, the last axis innermost. */
function offsets(axes: readonly Axis[]): Int32Array {
  let all = Int32Array.of(0);
  for (const { size, step } of axes) {
    const next = new Int32Array(all.length * size);
    for (let i = 0; i < all.length; i++) for (let k = 0; k < size; k++) next[i * size + k] = all[i]! + k * step;
    all = next;
  }
  return all;
}

function strides(dims: readonly number[]): number[] {
  const steps = dims.map(() => 1);
  for (let axis = dims.length - 2; axis >= 0; axis--) steps[axis] = steps[axis + 1]! * dims[axis + 1]!;
  return steps;
}
