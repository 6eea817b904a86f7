/** What makes tensors depends on no value; casts pass gradients in the type that came in. */
import type { GradientRule, GradientStop } from '../../gradient.ts';

export const readsNoValues: GradientStop = { stops: 'depends on shapes and settings alone' };

export const random: GradientStop = { stops: 'draws at random' };

export const castGradient: GradientRule = (context) => {
  const dtype = context.inputFacts(0)?.dtype;
  if (dtype === undefined) return context.refuse('the type of its input is not known');
  return [context.write.cast(context.gradient, dtype)];
};

export const readsBits: GradientStop = { stops: 'reads bits as another type' };
