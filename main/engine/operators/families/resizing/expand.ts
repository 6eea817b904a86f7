/** Places and frames of images, in operators of their own. */
import type { Expansion, NodeWriter } from '../../node-writer.ts';

/** θ [N, 2, 3] or [N, 3, 4] applied to the places of an image of a constant size, x first; see AffineGrid-20. */
export const expandAffineGrid: Expansion = (context) => {
  const { write } = context;
  const sizes = context.numbers(1)?.slice(2);
  if (sizes === undefined) return context.refuse('the size that it is told is computed');
  const aligned = context.int('align_corners', 0) !== 0;
  const along = (size: number): number[] =>
    Array.from({ length: size }, (_, at) =>
      aligned ? (size === 1 ? 0 : -1 + (2 * at) / (size - 1)) : (2 * at + 1) / size - 1,
    );
  const axes = sizes.map(along);
  const places = axes.reduce<number[][]>(
    (all, axis) => all.flatMap((place) => axis.map((value) => [...place, value])),
    [[]],
  );
  const values = places.flatMap((place) => [...place.toReversed(), 1]);
  const table = write.constant(context.dtype, [places.length, sizes.length + 1], Float64Array.from(values));
  const moved = write.matmul(table, write.transpose(context.input(0), [0, 2, 1]));
  return [write.reshapeTo(moved, [-1, ...sizes, sizes.length])];
};

/** Cut or padded with zeros around the middle to constant sizes; see CenterCropPad-18. */
export const expandCenterCropPad: Expansion = (context) => {
  const wanted = context.numbers(1);
  if (wanted === undefined) return context.refuse('the size that it is told is computed');
  const rank = context.rank(0);
  const axes = (context.attributes.ints('axes') ?? Array.from({ length: rank }, (_, axis) => axis)).map((axis) =>
    context.axis(axis, rank),
  );
  return [axes.reduce((value, axis, at) => toSize(context, value, axis, wanted[at] ?? 0), context.input(0))];
};

function toSize(context: NodeWriter, value: string, axis: number, wanted: number): string {
  const { write } = context;
  const size = context.inputShape(0)?.[axis];
  if (typeof size !== 'number') return context.refuse(`the size of its axis ${axis} is not known`);
  if (size >= wanted) {
    const start = Math.floor((size - wanted) / 2);
    return size === wanted ? value : write.slice(value, axis, start, start + wanted);
  }
  const before = Math.floor((wanted - size) / 2);
  const rank = context.rank(0);
  const pads = Array.from({ length: 2 * rank }, (_, at) =>
    at === axis ? before : at === rank + axis ? wanted - size - before : 0,
  );
  return write.op('Pad', [value, write.ints(pads), context.number(0)]);
}
