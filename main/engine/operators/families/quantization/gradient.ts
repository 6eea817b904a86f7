/**
 * Gradients through rounding, straight through: within the range of the codes rounding counts as not done, beyond it the value
 * does not count. For a scale that both nodes of a pair share this is LSQ: ∂v̂/∂s = round(v/s) − v/s within the range, and the
 * code of the limit beyond.
 * @see Bengio et al. 2013; Esser et al. 2020, eq. 3
 */
import type { GradientContext, GradientRule } from '../../gradient.ts';

/** [C] so that it broadcasts along the axis that has a scale each; a number as it is. */
function alongAxis(context: GradientContext, value: string, input: number): string {
  if (context.int('block_size', 0) !== 0) return context.refuse('its scales stand for blocks');
  if (context.inputShape(input)?.length !== 1) return value;
  const rank = context.rank(0);
  const axis = context.axis(context.int('axis', 1), rank);
  return context.write.reshapeTo(value, [-1, ...Array.from({ length: rank - 1 - axis }, () => 1)]);
}

/** Σ over all axes but the one that has a scale each, in the scale's shape. */
function toScale(context: GradientContext, value: string): string {
  const { write } = context;
  const rank = context.rank(0);
  if (context.inputShape(1)?.length !== 1) return write.reduceSum(value, undefined, false);
  const own = context.axis(context.int('axis', 1), rank);
  return write.reduceSum(
    value,
    Array.from({ length: rank }, (_, axis) => axis).filter((axis) => axis !== own),
    false,
  );
}

function zeroPoint(context: GradientContext, dtype: GradientContext['dtype']): string | undefined {
  if (!context.has(2)) return undefined;
  return alongAxis(context, context.write.cast(context.input(2), dtype), 2);
}

/** y = (q − z)·s: the gradient of the codes is dy·s, that of the scale Σ dy·(q − z). */
export const dequantizeGradient: GradientRule = (context) => {
  const { write, gradient } = context;
  const scale = alongAxis(context, context.input(1), 1);
  return context.wanted(
    () => write.mul(gradient, scale),
    () => {
      const codes = write.cast(context.input(0), context.dtype);
      const zero = zeroPoint(context, context.dtype);
      return toScale(context, write.mul(gradient, zero === undefined ? codes : write.sub(codes, zero)));
    },
  );
};

/** Smallest and largest code by element type. */
const CODES: Readonly<Record<string, readonly [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int4: [-8, 7],
  uint4: [0, 15],
  int2: [-2, 1],
  uint2: [0, 3],
};

/** q = round(x/s) + z within its range, from the gradient of the codes: dx = dq/s, ds = −Σ dq·x/s². */
export const quantizeGradient: GradientRule = (context) => {
  const { write, gradient } = context;
  const range = CODES[context.outputFacts()?.dtype ?? ''];
  if (range === undefined) return context.refuse(`its codes are ${context.outputFacts()?.dtype ?? 'of unknown type'}`);
  const dtype = context.inputFacts(0)?.dtype ?? 'float32';
  const number = (value: number): string => write.number(value, dtype);
  const scale = alongAxis(context, context.input(1), 1);
  const steps = write.div(context.input(0), scale);
  const zero = zeroPoint(context, dtype);
  const place = zero === undefined ? steps : write.add(steps, zero);
  const inside = write.op('And', [
    write.op('GreaterOrEqual', [place, number(range[0] - 0.5)]),
    write.op('LessOrEqual', [place, number(range[1] + 0.5)]),
  ]);
  const passed = write.div(write.where(inside, gradient, number(0)), scale);
  return context.wanted(
    () => passed,
    () => write.neg(toScale(context, write.mul(passed, steps))),
  );
};
