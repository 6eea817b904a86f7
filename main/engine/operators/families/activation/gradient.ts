/** Gradients of activations, from the output where that saves keeping the input. */
import type { GradientContext, GradientRule } from '../../gradient.ts';
import { unaryGradient } from '../elementwise/gradient.ts';

/**
 * 1 where the output let the input through, else 0: its sign, or where the runtime has it a ramp so steep that every normal number
 * is at its end, which runs on all threads.
 */
export const reluGradient = unaryGradient(({ write, dtype }, _, y) =>
  dtype === 'float32' ? write.op('HardSigmoid', [y], { alpha: STEEPEST, beta: 0 }) : write.op('Sign', [y]),
);

/** The largest power of two in float32; the smallest normal number times this is 2. */
const STEEPEST = 2 ** 127;

export const sigmoidGradient = unaryGradient((context, _, y) => {
  const { write } = context;
  return write.mul(y, write.sub(context.number(1), y));
});

export const tanhGradient = unaryGradient((context, _, y) =>
  context.write.sub(context.number(1), context.write.square(y)),
);

export const erfGradient = unaryGradient((context, x) => {
  const { write } = context;
  return write.mul(write.op('Exp', [write.neg(write.square(x))]), context.number(2 / Math.sqrt(Math.PI)));
});

export const softplusGradient = unaryGradient(({ write }, x) => write.op('Sigmoid', [x]));

/** (1 − |y|)². */
export const softsignGradient = unaryGradient((context, _, y) => {
  const { write } = context;
  return write.square(write.sub(context.number(1), write.op('Abs', [y])));
});

/** `a` where x > limit, else `b`; the values are numbers, or names of tensors. */
function above(
  context: GradientContext,
  x: string,
  limit: number,
  [a, b]: readonly [number | string, number | string],
): string {
  const value = (it: number | string): string => (typeof it === 'string' ? it : context.number(it));
  return context.write.where(context.write.op('Greater', [x, context.number(limit)]), value(a), value(b));
}

export const leakyReluGradient = unaryGradient((context, x) => above(context, x, 0, [1, context.float('alpha', 0.01)]));

export const thresholdedReluGradient = unaryGradient((context, x) =>
  above(context, x, context.float('alpha', 1), [1, 0]),
);

/** α·eˣ = y + α where x ≤ 0. */
export const eluGradient = unaryGradient((context, x, y) =>
  above(context, x, 0, [1, context.write.add(y, context.number(context.float('alpha', 1)))]),
);

export const celuGradient = unaryGradient((context, x, y) => {
  const { write } = context;
  const share = write.mul(y, context.number(1 / context.float('alpha', 1)));
  return above(context, x, 0, [1, write.add(share, context.number(1))]);
});

export const seluGradient = unaryGradient((context, x, y) => {
  const [alpha, gamma] = [
    context.float('alpha', 1.67326319217681884765625),
    context.float('gamma', 1.05070102214813232421875),
  ];
  return above(context, x, 0, [gamma, context.write.add(y, context.number(alpha * gamma))]);
});

/** 1 where low < value < high, else 0. */
function within(context: GradientContext, value: string, low: number, high: number): string {
  const { write } = context;
  const inside = write.op('And', [
    write.op('Greater', [value, context.number(low)]),
    write.op('Less', [value, context.number(high)]),
  ]);
  return write.cast(inside, context.dtype);
}

export const hardSigmoidGradient = unaryGradient((context, _, y) =>
  context.write.mul(within(context, y, 0, 1), context.number(context.float('alpha', 0.2))),
);

/** x·h(x), h = clip(x/6 + ½, 0, 1): h + x/6 where |x| < 3. */
export const hardSwishGradient = unaryGradient((context, x) => {
  const { write } = context;
  const gate = write.op('HardSigmoid', [x], { alpha: 1 / 6, beta: 0.5 });
  const rising = write.mul(within(context, x, -3, 3), write.mul(x, context.number(1 / 6)));
  return write.add(gate, rising);
});

export const shrinkGradient = unaryGradient((context, x) => {
  const { write } = context;
  return above(context, write.op('Abs', [x]), context.float('lambd', 0.5), [1, 0]);
});

/** x·tanh(softplus x): t + x·(1 − t²)·σ(x). */
export const mishGradient = unaryGradient((context, x) => {
  const { write } = context;
  const t = write.op('Tanh', [write.op('Softplus', [x])]);
  const steep = write.mul(write.sub(context.number(1), write.square(t)), write.op('Sigmoid', [x]));
  return write.add(t, write.mul(x, steep));
});

/** x·σ(αx): σ + α·y·(1 − σ). @param alpha where the attribute is left out */
export function swishGradient(alpha: number): GradientRule {
  return unaryGradient((context, x, y) => {
    const { write } = context;
    const factor = context.number(context.float('alpha', alpha));
    const gate = write.op('Sigmoid', [write.mul(x, factor)]);
    return write.add(gate, write.mul(write.mul(y, factor), write.sub(context.number(1), gate)));
  });
}

/** Φ(x) + x·φ(x), the normal distribution and its density. */
function exactGelu(context: GradientContext, x: string): string {
  const { write } = context;
  const erf = write.op('Erf', [write.mul(x, context.number(Math.SQRT1_2))]);
  const below = write.mul(write.add(erf, context.number(1)), context.number(0.5));
  const bell = write.op('Exp', [write.mul(write.square(x), context.number(-0.5))]);
  const density = write.mul(bell, context.number(1 / Math.sqrt(2 * Math.PI)));
  return write.add(below, write.mul(x, density));
}

const CUBIC = 0.044715;

/** ½(1 + t) + ½x(1 − t²)·u′, t = tanh u, u = √(2/π)·(x + 0.044715 x³). */
function tanhGelu(context: GradientContext, x: string): string {
  const { write } = context;
  const number = (value: number): string => context.number(value);
  const squared = write.square(x);
  const root = Math.sqrt(2 / Math.PI);
  const u = write.mul(x, write.add(write.mul(squared, number(root * CUBIC)), number(root)));
  const t = write.op('Tanh', [u]);
  const slope = write.add(write.mul(squared, number(3 * root * CUBIC)), number(root));
  const steep = write.mul(write.mul(x, slope), write.sub(number(1), write.square(t)));
  return write.mul(write.add(write.add(t, steep), number(1)), number(0.5));
}

export const geluGradient = unaryGradient((context, x) =>
  context.attributes.text('approximate') === 'tanh' ? tanhGelu(context, x) : exactGelu(context, x),
);

/** An activation of x + bias; the bias may be left out. */
function biased(slope: (context: GradientContext, x: string) => string): GradientRule {
  return (context) => {
    const x = context.has(1) ? context.write.add(context.input(0), context.input(1)) : context.input(0);
    const gradient = context.write.mul(context.gradient, slope(context, x));
    return context.wanted(
      () => gradient,
      () => context.unbroadcast(gradient, 1),
    );
  };
}

export const biasGeluGradient = biased(exactGelu);
export const fastGeluGradient = biased(tanhGelu);

/** x where x ≥ 0, else slope·x. */
export const preluGradient: GradientRule = (context) => {
  const { write, gradient } = context;
  const x = context.input(0);
  return context.wanted(
    () => write.where(write.op('Less', [x, context.number(0)]), write.mul(gradient, context.input(1)), gradient),
    () => context.unbroadcast(write.mul(gradient, write.min(x, context.number(0))), 1),
  );
};

/**
 * Passes where the output lies between the limits; at a limit nothing (as PyTorch's `hardtanh`). What a limit held back belongs
 * to the limit.
 */
export const clipGradient: GradientRule = (context) => {
  const { write, gradient } = context;
  const y = context.output(0);
  const inside = [
    ...(context.has(1) ? [write.op('Greater', [y, context.input(1)])] : []),
    ...(context.has(2) ? [write.op('Less', [y, context.input(2)])] : []),
  ];
  const held = (limit: number, side: string): string =>
    write.reduceSum(
      write.where(write.op(side, [context.input(0), context.input(limit)]), gradient, context.number(0)),
      undefined,
      false,
    );
  return context.wanted(
    () => {
      if (inside.length === 0) return gradient;
      const passes = inside.length === 2 ? write.op('And', inside) : inside[0]!;
      return write.mul(gradient, write.cast(passes, context.dtype));
    },
    () => held(1, 'Less'),
    () => held(2, 'Greater'),
  );
};

function softmaxAxis(context: GradientContext): number {
  if (context.opset < 13) return context.refuse('before opset 13 it runs over flattened axes');
  return context.int('axis', -1);
}

/** y·(dy − Σ dy·y). */
export const softmaxGradient: GradientRule = (context) => {
  const { write, gradient } = context;
  const y = context.output(0);
  const weighted = write.mul(gradient, y);
  const sum = write.reduceSum(weighted, [softmaxAxis(context)]);
  return [write.sub(weighted, write.mul(y, sum))];
};

/** dy − eʸ·Σ dy. */
export const logSoftmaxGradient: GradientRule = (context) => {
  const { write, gradient } = context;
  const sum = write.reduceSum(gradient, [softmaxAxis(context)]);
  return [write.sub(gradient, write.mul(write.op('Exp', [context.output(0)]), sum))];
};
