/** Gradients of reductions. */
import type { GradientContext, GradientRule } from '../../gradient.ts';

/** The gradient with its reduced axes kept as 1, so that it broadcasts against the input; the output likewise. */
export function keepAxes(context: GradientContext, value: string): string {
  const { write } = context;
  if (context.int('keepdims', 1) !== 0) return value;
  const attribute = context.attributes.ints('axes');
  if (attribute !== undefined) return unsqueeze(context, value, attribute);
  if (!context.has(1)) {
    if (context.int('noop_with_empty_axes', 0) !== 0) return value;
    return write.reshapeTo(
      value,
      Array.from({ length: context.rank(0) }, () => 1),
    );
  }
  const axes = context.numbers(1);
  if (axes !== undefined && axes.length > 0) return unsqueeze(context, value, axes);
  if (axes !== undefined) {
    const all = context.int('noop_with_empty_axes', 0) === 0;
    return all
      ? write.reshapeTo(
          value,
          Array.from({ length: context.rank(0) }, () => 1),
        )
      : value;
  }
  return write.op('Unsqueeze', [value, context.input(1)]);
}

function unsqueeze(context: GradientContext, value: string, axes: readonly number[]): string {
  const rank = context.rank(0);
  return context.write.unsqueeze(
    value,
    axes.map((axis) => context.axis(axis, rank)).toSorted((a, b) => a - b),
  );
}

export const reduceSumGradient: GradientRule = (context) => [
  context.expandToInput(keepAxes(context, context.gradient), 0),
];

export const reduceMeanGradient: GradientRule = (context) => {
  const share = context.write.div(context.gradient, context.elementsPerOutput(0));
  return [context.expandToInput(keepAxes(context, share), 0)];
};
