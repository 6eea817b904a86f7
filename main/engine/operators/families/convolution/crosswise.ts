/**
 * The gradient of kernels of one or two axes as one product: places of the kernel along the last axis are shifts of dY, those along
 * the first are rows of X, and the product of all shifts with all rows has every pair. A kernel of 3 × 3 so asks for three copies of
 * each instead of nine of X, and for one product instead of nine.
 */
import type { GradientContext } from '../../gradient.ts';
import { product } from '../matmul/gradient.ts';
import type { Geometry } from './geometry.ts';

/** X and dY with their spatial sizes. */
export interface KnownOperands {
  readonly data: string;
  readonly sizes: readonly number[];
  readonly gradient: string;
  readonly places: readonly number[];
}

/** Whether it can be written: the last axis is passed place by place, and every shift leaves some of dY. */
export function isCrosswise(geometry: Geometry, { sizes, places }: KnownOperands): boolean {
  const { kernel, strides } = geometry;
  if (kernel.length > 2 || strides.at(-1) !== 1) return false;
  return shiftsOf(geometry).every((shift) => shift < sizes.at(-1)! && shift + places.at(-1)! > 0);
}

/**
 * dW [M, C/g, k…].
 * @param bySample a product for each sample, added up; otherwise one for all, of operands with channels first: groups must be 1
 */
export function crosswise(
  context: GradientContext,
  geometry: Geometry,
  { bySample, ...operands }: KnownOperands & { readonly bySample: boolean },
): string {
  const { write } = context;
  const { kernel, group, inputs, outputs } = geometry;
  const counts = { columns: kernel.at(-1)!, rows: kernel.length === 1 ? 1 : kernel[0]! };
  const pairs = (bySample ? pairsBySample : pairsOfAll)(context, geometry, { ...operands, ...counts });
  const apart = [group, counts.columns, outputs / group, inputs / group, counts.rows];
  return write.reshapeTo(write.transpose(write.reshapeTo(pairs, apart), [0, 2, 3, 4, 1]), [outputs, -1, ...kernel]);
}

/** How many shifts of dY and rows of X there are. */
interface PairedOperands extends KnownOperands {
  readonly columns: number;
  readonly rows: number;
}

/** Of shifts and rows, [g, columns · M/g, C/g · rows]. */
function pairsBySample(context: GradientContext, geometry: Geometry, operands: PairedOperands): string {
  const { write } = context;
  const { gradient, places, columns, rows } = operands;
  const { group, inputs, outputs } = geometry;
  const lead = group === 1 ? [0] : [0, group];
  const own = outputs / group;
  const value = group === 1 ? gradient : write.reshapeTo(gradient, [...lead, own, ...places]);
  const moved = shifted(context, geometry, operands, { value, axis: lead.length });
  const dy = write.reshapeTo(moved, [...lead, columns * own, -1]);
  const x = write.reshapeTo(rowsOf(context, geometry, operands), [...lead, (inputs / group) * rows, -1]);
  return write.reduceSum(product(context, dy, x, { transB: true }), [0], false);
}

/** The same of one group, [columns · M, C · rows]. */
function pairsOfAll(context: GradientContext, geometry: Geometry, operands: PairedOperands): string {
  const { write } = context;
  const { gradient, places, columns, rows } = operands;
  const { inputs, outputs } = geometry;
  const value = write.transpose(gradient, [1, 0, ...places.map((_, axis) => axis + 2)]);
  const moved = shifted(context, geometry, operands, { value, axis: 0 });
  const seen = write.reshapeTo(rowsOf(context, geometry, operands), [0, inputs * rows, -1]);
  const x = write.reshapeTo(write.transpose(seen, [1, 0, 2]), [inputs * rows, -1]);
  return write.op('Gemm', [write.reshapeTo(moved, [columns * outputs, -1]), x], { transB: 1n });
}

/** By how many places dY is moved against X, for each place of the kernel along the last axis. */
function shiftsOf({ kernel, dilations, begins }: Geometry): readonly number[] {
  return Array.from({ length: kernel.at(-1)! }, (_, at) => at * dilations.at(-1)! - begins.at(-1)!);
}

/** dY in rows as long as X's, moved for each place of the kernel along the last axis: stacked along `axis`, that of M. */
function shifted(
  { write }: GradientContext,
  geometry: Geometry,
  { sizes, places }: KnownOperands,
  { value, axis }: { readonly value: string; readonly axis: number },
): string {
  // Samples and channels come first, in either order.
  const before = Array.from({ length: Math.max(1, axis) + places.length }, () => 0);
  const moved = shiftsOf(geometry).map((shift) => {
    const rest = sizes.at(-1)! - places.at(-1)! - shift;
    return shift === 0 && rest === 0
      ? value
      : write.op('Pad', [value, write.ints([...before, shift, ...before, rest])]);
  });
  return write.concat(moved, axis);
}

/** X [N, C, …] → [N, C, rows of the kernel, …]: what each of them sees along the first axis. */
function rowsOf({ write }: GradientContext, geometry: Geometry, { data, sizes, places }: KnownOperands): string {
  const { kernel, strides, dilations, begins, ends } = geometry;
  if (kernel.length === 1) return data;
  const [step, apart, before, after] = [strides[0]!, dilations[0]!, begins[0]!, ends[0]!];
  const room = before + after === 0 ? data : write.op('Pad', [data, write.ints([0, 0, before, 0, 0, 0, after, 0])]);
  if (kernel[0] === 1 && step === 1 && places[0] === sizes[0]! + before + after) return room;
  const seen = Array.from({ length: kernel[0]! }, (_, tap) =>
    Array.from({ length: places[0]! }, (_, place) => BigInt(place * step + tap * apart)),
  );
  const indices = write.constant('int64', [kernel[0]!, places[0]!], BigInt64Array.from(seen.flat()));
  return write.op('Gather', [room, indices], { axis: 2n });
}
