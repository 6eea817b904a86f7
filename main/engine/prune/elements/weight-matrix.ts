import type { Model } from '../../graph/ir.ts';
import type { LinearForm } from '../../operators/linear-form.ts';
import { linearForm } from '../../operators/linear-layers.ts';
import type { TakenWeight } from '../prunable-weights.ts';

/**
 * A stored weight as a matrix: each row is one output, group after group; its columns are the inputs that it sums over, place
 * after place of the kernel, and within a place input after input. So neighbours within a row are neighbours among the input
 * channels, which is how hardware groups them. Nothing is copied: element (r, c) is the tensor's element
 * rowAt[r] + columnAt[c].
 */
export interface WeightMatrix {
  readonly rowAt: Int32Array;
  readonly columnAt: Int32Array;
  /** Input channels of a row; columns / inputs are the places of the kernel. */
  readonly inputs: number;
  readonly form: LinearForm;
}

/** The weight as a matrix, or why it is none. */
export function weightMatrix({ tensor, node, axes }: TakenWeight): WeightMatrix | { readonly reason: string } {
  if (axes === null) return { reason: 'its weights are stored in another shape than it takes them' };
  const dims = axes.map((axis) => tensor.dims[axis]!);
  const form = linearForm(node, dims);
  if (form === undefined) return { reason: `this ${node.opType} is no single matrix product of its weights` };
  const { groups, outputs, columns, taps, at } = form;
  const steps = strides(tensor.dims);
  const stored = storedPlace(
    dims,
    axes.map((axis) => steps[axis]!),
  );
  const inputs = columns / taps;
  const origin = stored(at(0, 0, 0));
  return {
    rowAt: Int32Array.from({ length: groups * outputs }, (_, row) =>
      stored(at(Math.floor(row / outputs), row % outputs, 0)),
    ),
    columnAt: Int32Array.from({ length: columns }, (_, column) => stored(at(0, 0, formColumn(form, column))) - origin),
    inputs,
    form,
  };
}

/** The form counts a channel's places one after the other, a matrix the channels of a place. */
export function formColumn({ columns, taps }: LinearForm, column: number): number {
  const inputs = columns / taps;
  return (column % inputs) * taps + Math.floor(column / inputs);
}

/** Why scores from data cannot be had for a weight; undefined: what its layer takes in can be read. */
export function unreadable({ graph }: TakenWeight, model: Model): string | undefined {
  return graph === model.graph ? undefined : 'stands in a subgraph, whose values cannot be read';
}

/** Where an element of a moved tensor is stored. @param steps of each axis as it is moved */
function storedPlace(dims: readonly number[], steps: readonly number[]): (place: number) => number {
  const own = strides(dims);
  return (place) => dims.reduce((sum, size, axis) => sum + (Math.floor(place / own[axis]!) % size) * steps[axis]!, 0);
}

function strides(dims: readonly number[]): number[] {
  const steps = dims.map(() => 1);
  for (let axis = dims.length - 2; axis >= 0; axis--) steps[axis] = steps[axis + 1]! * dims[axis + 1]!;
  return steps;
}
