/** Gradients of element-wise operators; what was repeated by broadcasting is summed up again. */
import type { GradientContext, GradientRule, GradientStop } from '../../gradient.ts';

/** The factor by which the gradient of y = f(x) is multiplied; x and y are values of the forward graph. */
type Slope = (context: GradientContext, x: string, y: string) => string;

/** y = f(x), one input: dx = dy · f′. */
export function unaryGradient(slope: Slope): GradientRule {
  return (context) => [context.write.mul(context.gradient, slope(context, context.input(0), context.output(0)))];
}

/** Gives the gradient on, or with a sign. */
export const keepsGradient: GradientRule = (context) => [context.gradient];
export const negGradient: GradientRule = ({ gradient, write }) => [write.neg(gradient)];

/** Steps: their slope is 0 where they have one. */
export const flat: GradientStop = { stops: 'is flat almost everywhere' };
/** Truth values. */
export const logical: GradientStop = { stops: 'gives truth values or integers' };

export const absGradient = unaryGradient(({ write }, x) => write.op('Sign', [x]));
export const sqrtGradient: GradientRule = (context) => {
  const { write } = context;
  return [write.div(write.mul(context.gradient, context.number(0.5)), context.output(0))];
};
export const expGradient = unaryGradient((_, __, y) => y);
export const logGradient: GradientRule = (context) => [context.write.div(context.gradient, context.input(0))];
export const reciprocalGradient = unaryGradient(({ write }, _, y) => write.neg(write.square(y)));
export const sinGradient = unaryGradient(({ write }, x) => write.op('Cos', [x]));
export const cosGradient = unaryGradient(({ write }, x) => write.neg(write.op('Sin', [x])));
/** 1 + y². */
export const tanGradient = unaryGradient((context, _, y) =>
  context.write.add(context.number(1), context.write.square(y)),
);
export const sinhGradient = unaryGradient(({ write }, x) => write.op('Cosh', [x]));
export const coshGradient = unaryGradient(({ write }, x) => write.op('Sinh', [x]));

/** dy / √(a + b·x²), or dy / (1 + b·x²): the inverse functions. */
function inverse(square: number, constant: number, root: boolean, sign = 1): GradientRule {
  return (context) => {
    const { write } = context;
    const x = context.input(0);
    const below = write.add(write.mul(write.square(x), context.number(square)), context.number(constant));
    const slope = write.div(context.gradient, root ? write.sqrt(below) : below);
    return [sign === 1 ? slope : write.neg(slope)];
  };
}

export const asinGradient = inverse(-1, 1, true);
export const acosGradient = inverse(-1, 1, true, -1);
export const atanGradient = inverse(1, 1, false);
export const asinhGradient = inverse(1, 1, true);
export const acoshGradient = inverse(1, -1, true);
export const atanhGradient = inverse(-1, 1, false);

export const addGradient: GradientRule = (context) => {
  const same = (): string => context.gradient;
  return context.wantedBroadcast(same, same);
};

export const subGradient: GradientRule = (context) =>
  context.wantedBroadcast(
    () => context.gradient,
    () => context.write.neg(context.gradient),
  );

export const mulGradient: GradientRule = (context) =>
  context.wantedBroadcast(
    () => context.write.mul(context.gradient, context.input(1)),
    () => context.write.mul(context.gradient, context.input(0)),
  );

/** a / b: da = dy / b, db = −da · y. */
export const divGradient: GradientRule = (context) => {
  const { write } = context;
  const quotient = write.div(context.gradient, context.input(1));
  return context.wantedBroadcast(
    () => quotient,
    () => write.neg(write.mul(quotient, context.output(0))),
  );
};

/** aᵇ: da = dy · b · aᵇ⁻¹; db = dy · y · ln a, 0 where a ≤ 0 (as PyTorch has it at 0). */
export const powGradient: GradientRule = (context) => {
  const { write, gradient } = context;
  const [base, exponent] = [context.input(0), context.input(1)];
  const zero = context.number(0);
  const byBase = (): string => {
    const float =
      context.inputFacts(1)?.dtype === context.inputFacts(0)?.dtype ? exponent : write.op('CastLike', [exponent, base]);
    const known = context.numbers(1);
    if (known?.length === 1 && known[0] === 2) return write.mul(write.mul(gradient, context.number(2)), base);
    const lower = write.op('Pow', [base, write.sub(float, context.number(1))]);
    return write.mul(gradient, write.mul(float, lower));
  };
  const byExponent = (): string => {
    const positive = write.op('Greater', [base, zero]);
    const logarithm = write.op('Log', [write.where(positive, base, context.number(1))]);
    return write.mul(gradient, write.mul(context.output(0), logarithm));
  };
  return context.wantedBroadcast(byBase, byExponent);
};

/** a − b·⌊a/b⌋ with fmod's truncation or Python's floor: da = dy, db = −dy · (a − y)/b. */
export const modGradient: GradientRule = (context) => {
  const { write, gradient } = context;
  const whole = (): string => write.div(write.sub(context.input(0), context.output(0)), context.input(1));
  return context.wantedBroadcast(
    () => gradient,
    () => write.neg(write.mul(gradient, whole())),
  );
};

export const sumGradient: GradientRule = (context) =>
  context.wantedBroadcast(...context.node.inputs.map(() => (): string => context.gradient));

export const meanGradient: GradientRule = (context) => {
  const share = context.write.mul(context.gradient, context.number(1 / context.node.inputs.length));
  return context.wantedBroadcast(...context.node.inputs.map(() => (): string => share));
};

/**
 * Min and Max of several: the gradient goes to the inputs that are equal to the output, in equal shares (so that ties add up to
 * one, as in PyTorch's `amax`).
 */
export const extremeGradient: GradientRule = (context) => {
  const { write, node } = context;
  if (node.inputs.length === 1) return [context.gradient];
  const y = context.output(0);
  const chosen = node.inputs.map((input) => write.cast(write.op('Equal', [input, y]), context.dtype));
  const share = write.div(context.gradient, write.sum(chosen));
  return context.wantedBroadcast(...chosen.map((mask) => (): string => write.mul(share, mask)));
};

export const whereGradient: GradientRule = (context) => {
  const { write, gradient } = context;
  const [condition, zero] = [context.input(0), context.number(0)];
  return context.wantedBroadcast(
    undefined,
    () => write.where(condition, gradient, zero),
    () => write.where(condition, zero, gradient),
  );
};
