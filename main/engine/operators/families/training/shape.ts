import { tensorFacts, type Facts } from '../../facts.ts';
import type { NodeContext } from '../../node-context.ts';

/**
 * R, T, then the tensors X₁ … Xₙ in `groups` rows: values, gradients, and what the optimizer keeps. It gives the values
 * and what it keeps, in shapes and types as they came.
 * @see ONNX Adagrad-1, Adam-1, Momentum-1 (ai.onnx.preview.training)
 */
export const inferOptimizer =
  (groups: number) =>
  (context: NodeContext): (Facts | undefined)[] => {
    const tensors = context.inputCount - 2;
    if (tensors % groups !== 0) {
      context.fail(`${tensors} tensors are given, expected a multiple of ${groups}: values, gradients and the state`);
    }
    const count = tensors / groups;
    const place = (output: number): number => (output < count ? output : output + count);
    return Array.from({ length: count * (groups - 1) }, (_, output) => {
      const input = 2 + place(output);
      return tensorFacts(context.dtype(input), context.shape(input));
    });
  };

/** The gradient of y by each of `xs`, in its shape. */
export function inferGradient(context: NodeContext): Facts[] {
  const named = context.attributes.get('xs', 'strings')?.length ?? 0;
  return Array.from({ length: named }, (_, index) => tensorFacts(context.dtype(index), context.shape(index)));
}
