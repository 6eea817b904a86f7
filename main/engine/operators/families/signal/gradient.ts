/**
 * Gradients of Fourier transforms, which are linear: with X[k] = Σ x[n]·w^(kn), w = e^(−2πi/N), the gradient of x is
 * Σ G[k]·w^(−kn) = N times the inverse transform of that of X, complex numbers standing for (∂/∂real, ∂/∂imaginary).
 */
import type { GradientContext, GradientRule } from '../../gradient.ts';

/** From here on the axis is an input. */
const AXIS_INPUT_OPSET = 20;

/** An axis of a value of that rank. */
interface Along {
  readonly axis: number;
  readonly rank: number;
}

export const dftGradient: GradientRule = (context) => {
  const { write } = context;
  const rank = context.rank(0);
  const along = { axis: context.axis(statedAxis(context), rank), rank };
  const places = sizeOf(context, context.inputShape(0)?.[along.axis]);
  const results = sizeOf(context, context.outputShape()?.[along.axis]);
  const oneSided = context.int('onesided', 0) !== 0;
  const real = context.inputShape(0)?.[rank - 1] === 1;
  if (context.int('inverse', 0) === 0) {
    const length = !oneSided ? results : context.has(1) ? sizeOf(context, context.numbers(1)?.[0]) : places;
    const back = throughTransform(context, context.gradient, { ...along, results, length });
    return [onlyReal(context, fitted(context, back, along, length, places), rank, real)];
  }
  const turned = transform(context, context.gradient, along, { oneSided });
  if (!oneSided) {
    const back = write.div(turned, context.number(results));
    return [onlyReal(context, fitted(context, back, along, results, places), rank, real)];
  }
  // Frequencies but the first, and the last of an even length, stand for two: for their mirror image too.
  const count = half(results);
  const shares = Float64Array.from({ length: count }, (_, k) => (k === 0 || 2 * k === results ? 1 : 2) / results);
  const shape = [count, ...Array.from({ length: rank - along.axis - 1 }, () => 1)];
  const back = write.mul(turned, write.constant(context.dtype, shape, shares));
  return [onlyReal(context, fitted(context, back, along, count, places), rank, real)];
};

/** Frames of the signal, multiplied by the window, each transformed: transformed back and added up where they overlap. */
export const stftGradient: GradientRule = (context) => {
  const { write } = context;
  const parts = sizeOf(context, context.inputShape(0)?.[2]);
  const step = sizeOf(context, context.numbers(1)?.[0]);
  const length = sizeOf(context, context.has(3) ? context.numbers(3)?.[0] : context.inputShape(2)?.[0]);
  const frames = sizeOf(context, context.outputShape()?.[1]);
  const results = sizeOf(context, context.outputShape()?.[2]);
  const back = throughTransform(context, context.gradient, { axis: 2, rank: 4, results, length });
  const spread = onlyReal(context, back, 4, parts === 1);
  const taken = write.ints(
    Array.from({ length: frames * length }, (_, at) => Math.floor(at / length) * step + (at % length)),
  );
  const signal = (): string => {
    const windowed = context.has(2) ? write.mul(spread, write.reshapeTo(context.input(2), [length, 1])) : spread;
    const flat = write.reshapeTo(windowed, [0, frames * length, parts]);
    const places = write.expand(write.unsqueeze(taken, [0, 2]), write.shape(flat));
    return write.op('ScatterElements', [context.zerosLike(0), places, flat], { axis: 1n, reduction: 'add' });
  };
  const window = (): string => {
    const seen = write.op('Gather', [context.input(0), taken], { axis: 1n });
    return write.reduceSum(write.mul(spread, write.reshapeTo(seen, [0, frames, length, parts])), [0, 1, 3], false);
  };
  return context.wanted(signal, undefined, window);
};

function statedAxis(context: GradientContext): number {
  if (context.opset < AXIS_INPUT_OPSET) return context.int('axis', 1);
  if (!context.has(2)) return -2;
  return context.numbers(2)?.[0] ?? context.refuse('its axis is computed while the model runs');
}

function sizeOf(context: GradientContext, size: number | string | null | undefined): number {
  return typeof size === 'number' ? size : context.refuse('its lengths are not known');
}

/** Places of a one-sided transform. */
function half(length: number): number {
  return Math.floor(length / 2) + 1;
}

/** Back through a forward transform of that length, which gave so many `results`: complex, of that length. */
function throughTransform(
  context: GradientContext,
  gradient: string,
  { results, length, ...along }: Along & { readonly results: number; readonly length: number },
): string {
  const whole = fitted(context, gradient, along, results, length);
  return context.write.mul(transform(context, whole, along, { inverse: true }), context.number(length));
}

function transform(
  context: GradientContext,
  value: string,
  { axis }: Along,
  { inverse = false, oneSided = false }: { readonly inverse?: boolean; readonly oneSided?: boolean },
): string {
  const { write } = context;
  const kind = { ...(inverse ? { inverse: 1n } : {}), ...(oneSided ? { onesided: 1n } : {}) };
  if (write.opset < AXIS_INPUT_OPSET) return write.op('DFT', [value], { ...kind, axis: BigInt(axis) });
  return write.op('DFT', [value, '', write.constant('int64', [], BigInt64Array.of(BigInt(axis)))], kind);
}

/** Cut, or with zeros behind, to another length. */
function fitted(context: GradientContext, value: string, { axis, rank }: Along, from: number, to: number): string {
  const { write } = context;
  if (to === from) return value;
  if (to < from) return write.slice(value, axis, 0, to);
  const pads = Array.from({ length: 2 * rank }, (_, at) => (at === rank + axis ? to - from : 0));
  return write.op('Pad', [value, write.ints(pads)]);
}

/** Where the transformed values had no imaginary part, it is no matter what their gradient is along it. */
function onlyReal(context: GradientContext, value: string, rank: number, real: boolean): string {
  return real ? context.write.slice(value, rank - 1, 0, 1) : value;
}
