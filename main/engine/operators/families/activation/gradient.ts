/** Gradients of activations, from the output where that saves keeping the input. */
import type { GradientRule } from '../../gradient.ts';

/** The sign of the output is 1 where it let the input through, else 0. */
export const reluGradient: GradientRule = (context) => [
  context.write.mul(context.gradient, context.write.op('Sign', [context.output(0)])),
];
