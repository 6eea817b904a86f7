/** Gradients of operators that give the same elements another shape or order: the way back. */
import type { GradientRule } from '../../gradient.ts';

/** Another shape of the same elements in the same order. */
export const reshapedGradient: GradientRule = (context) => [
  context.write.reshape(context.gradient, context.shapeOfInput(0)),
];

export const transposeGradient: GradientRule = (context) => {
  const rank = context.rank(0);
  const perm = context.attributes.ints('perm') ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  const back = Array.from({ length: rank }, (_, axis) => perm.indexOf(axis));
  return [context.write.transpose(context.gradient, back)];
};
