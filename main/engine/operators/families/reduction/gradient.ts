/** Gradients of reductions. */
import type { AttributeInput } from '../../../graph/attributes.ts';
import type { GradientContext, GradientRule, GradientStop } from '../../gradient.ts';
import { scatterAxis } from '../indexing/gradient.ts';

/** The gradient with its reduced axes kept as 1, so that it broadcasts against the input; the output likewise. */
export function keepAxes(context: GradientContext, value: string): string {
  const { write } = context;
  if (context.int('keepdims', 1) !== 0) return value;
  const attribute = context.attributes.ints('axes');
  if (attribute !== undefined) return unsqueeze(context, value, attribute);
  // Where all axes were reduced it is one number, which broadcasts as it is; where none were, it has the input's shape.
  if (!context.has(1)) return value;
  const axes = context.numbers(1);
  if (axes !== undefined) return axes.length > 0 ? unsqueeze(context, value, axes) : value;
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

/** Σ over the axes of the node, kept as 1. */
function sumAlike(context: GradientContext, value: string): string {
  const { write } = context;
  const attribute = context.attributes.ints('axes');
  if (attribute !== undefined) return write.reduceSum(value, attribute);
  const noop = context.int('noop_with_empty_axes', 0);
  if (!context.has(1)) return noop === 0 ? write.reduceSum(value, undefined) : value;
  return write.op('ReduceSum', [value, context.input(1)], { keepdims: 1n, noop_with_empty_axes: BigInt(noop) });
}

export const reduceSumSquareGradient: GradientRule = (context) => {
  const { write } = context;
  const twice = write.mul(keepAxes(context, context.gradient), context.number(2));
  return [write.mul(context.input(0), twice)];
};

/** x / ‖x‖, 0 where the norm is (as PyTorch has it). */
export const reduceL2Gradient: GradientRule = (context) => {
  const { write } = context;
  const norm = context.output(0);
  const zero = write.op('Equal', [norm, context.number(0)]);
  const share = write.div(context.gradient, write.where(zero, context.number(1), norm));
  return [write.mul(context.input(0), keepAxes(context, share))];
};

export const reduceL1Gradient: GradientRule = (context) => {
  const { write } = context;
  return [write.mul(write.op('Sign', [context.input(0)]), keepAxes(context, context.gradient))];
};

/** ln Σx: 1 / Σx. */
export const reduceLogSumGradient: GradientRule = (context) => {
  const { write } = context;
  const share = write.div(context.gradient, write.op('Exp', [context.output(0)]));
  return [context.expandToInput(keepAxes(context, share), 0)];
};

/** ln Σeˣ: softmax. */
export const reduceLogSumExpGradient: GradientRule = (context) => {
  const { write } = context;
  const shares = write.op('Exp', [write.sub(context.input(0), keepAxes(context, context.output(0)))]);
  return [write.mul(shares, keepAxes(context, context.gradient))];
};

/** The elements that are the extreme, in equal shares. */
export const reduceExtremeGradient: GradientRule = (context) => {
  const { write } = context;
  const extreme = write.op('Equal', [context.input(0), keepAxes(context, context.output(0))]);
  const mask = write.cast(extreme, context.dtype);
  const share = write.div(keepAxes(context, context.gradient), sumAlike(context, mask));
  return [write.mul(mask, share)];
};

/** The product of all others: of two zeros each makes the other's slope 0, of one zero only its own is left. */
export const reduceProdGradient: GradientRule = (context) => {
  const { write } = context;
  const [zero, one] = [context.number(0), context.number(1)];
  const x = context.input(0);
  const isZero = write.op('Equal', [x, zero]);
  const zeros = write.cast(isZero, context.dtype);
  const factors = write.where(isZero, one, x);
  const product = keepAxes(
    context,
    write.op('ReduceProd', [factors, ...context.node.inputs.slice(1)], settings(context)),
  );
  const otherZeros = write.sub(sumAlike(context, zeros), zeros);
  const others = write.where(write.op('Equal', [otherZeros, zero]), write.div(product, factors), zero);
  return [write.mul(others, keepAxes(context, context.gradient))];
};

/** The attributes that say what is reduced. */
function settings(context: GradientContext): Record<string, AttributeInput> {
  const axes = context.attributes.ints('axes');
  const flags = ['keepdims', 'noop_with_empty_axes'].filter((name) => context.attributes.has(name));
  return {
    ...Object.fromEntries(flags.map((name) => [name, BigInt(context.int(name, 0))])),
    ...(axes === undefined ? {} : { axes: axes.map(BigInt) }),
  };
}

/** To the places that were picked. */
export const topKGradient: GradientRule = (context) => {
  const { write } = context;
  const axis = BigInt(context.int('axis', -1));
  return [write.op('ScatterElements', [context.zerosLike(0), context.output(1), context.gradient], { axis })];
};

/** To the places where each stands first: others that are equal to it are not the one that was taken. */
export const uniqueGradient: GradientRule = (context) => {
  const { write } = context;
  const places = context.output(1);
  const stated = context.attributes.int('axis');
  if (stated !== undefined) {
    const rank = context.rank(0);
    return [scatterAxis(context, context.gradient, { axis: context.axis(stated, rank), rank, places })];
  }
  const size = write.reshapeTo(write.op('Size', [context.input(0)]), [1]);
  const zeros = write.expand(context.number(0), size);
  const filled = write.op('ScatterElements', [zeros, places, context.gradient]);
  return [write.reshape(filled, context.shapeOfInput(0))];
};

/** Gives places, not values. */
export const picksPlaces: GradientStop = { stops: 'gives places, which change in steps' };
