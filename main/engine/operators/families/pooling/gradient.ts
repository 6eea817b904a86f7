/** Gradients of pools. */
import type { GradientRule } from '../../gradient.ts';

/** The mean of all places: each gets an equal share. */
export const globalAverageGradient: GradientRule = (context) => {
  const share = context.write.div(context.gradient, context.elementsPerOutput(0));
  return [context.expandToInput(share, 0)];
};
