/** Gradients of operators that give the same elements another shape or order: the way back. */
import type { GradientRule } from '../../gradient.ts';

/** Another shape of the same elements in the same order. */
export const reshapedGradient: GradientRule = (context) => {
  // A size of 0 would else mean that of the gradient.
  const empty = context.inputShape(0)?.includes(0) === true;
  return [context.write.op('Reshape', [context.gradient, context.shapeOfInput(0)], empty ? { allowzero: 1n } : {})];
};

export const transposeGradient: GradientRule = (context) => {
  const rank = context.rank(0);
  const perm = context.attributes.ints('perm') ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  const back = Array.from({ length: rank }, (_, axis) => perm.indexOf(axis));
  return [context.write.transpose(context.gradient, back)];
};

/** What was repeated is summed up again. */
export const expandGradient: GradientRule = (context) => [context.unbroadcast(context.gradient, 0)];

/** [r₀·d₀, …] as [r₀, d₀, …], summed over the repeats. */
export const tileGradient: GradientRule = (context) => {
  const { write } = context;
  const rank = context.rank(0);
  const columns = [context.input(1), context.shapeOfInput(0)].map((sizes) => write.unsqueeze(sizes, [1]));
  const apart = write.reshape(context.gradient, write.reshapeTo(write.concat(columns, 1), [-1]));
  const repeats = Array.from({ length: rank }, (_, axis) => 2 * axis);
  return [rank === 0 ? context.gradient : write.reduceSum(apart, repeats, false)];
};

/** Blocks back to channels: depth first in a block as SpaceToDepth writes them, or columns first. */
export const depthToSpaceGradient: GradientRule = (context) => {
  const { write } = context;
  const block = context.int('blocksize', 1);
  if ((context.attributes.text('mode') ?? 'DCR') === 'DCR') {
    return [write.op('SpaceToDepth', [context.gradient], { blocksize: BigInt(block) })];
  }
  const channels = context.inputShape(0)?.[1];
  if (typeof channels !== 'number') return context.refuse('the number of its channels is not known');
  const shape = context.shapeOfInput(0);
  const size = (axis: number): string => write.slice(shape, 0, axis, axis + 1);
  const [each, side] = [write.ints([channels / block ** 2]), write.ints([block])];
  const apart = write.reshape(context.gradient, write.concat([size(0), each, size(2), side, size(3), side], 0));
  return [write.reshape(write.transpose(apart, [0, 1, 3, 5, 2, 4]), shape)];
};

export const spaceToDepthGradient: GradientRule = (context) => [
  context.write.op('DepthToSpace', [context.gradient], { blocksize: BigInt(context.int('blocksize', 1)) }),
];
