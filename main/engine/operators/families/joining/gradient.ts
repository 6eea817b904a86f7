/** Gradients of what lays tensors side by side, and takes them apart. */
import type { GradientRule } from '../../gradient.ts';

/** Each input's part. */
export const concatGradient: GradientRule = (context) => {
  const { write, node } = context;
  const axis = context.axis(context.int('axis', 0), context.rank(0));
  const sizes = node.inputs.map((_, at) => context.inputShape(at)?.[axis]);
  const known = sizes.every((size) => typeof size === 'number');
  const size = (at: number): string => write.slice(context.shapeOfInput(at), 0, axis, axis + 1);
  const split = known
    ? write.ints(sizes as number[])
    : write.concat(
        node.inputs.map((_, at) => size(at)),
        0,
      );
  if (node.inputs.length === 1) return [context.gradient];
  return write.ops('Split', [context.gradient, split], { axis: BigInt(axis) }, { outputs: node.inputs.length });
};

/** The parts side by side; zeros for those that nothing depends on. */
export const splitGradient: GradientRule = (context) => {
  const { write, node } = context;
  const axis = context.axis(context.int('axis', 0), context.rank(0));
  const parts = node.outputs.map(
    (_, at) => context.arriving(at) ?? write.expand(context.number(0), context.shapeOfOutput(at)),
  );
  return [write.concat(parts, axis)];
};
