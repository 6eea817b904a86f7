/** Gradients of pools. */
import type { GradientContext, GradientRule } from '../../gradient.ts';
import { spatialPads, type Windows } from '../../windows.ts';

/** The mean of all places: each gets an equal share. */
export const globalAverageGradient: GradientRule = (context) => {
  const share = context.write.div(context.gradient, context.elementsPerOutput(0));
  return [context.expandToInput(share, 0)];
};

/** To the places that are the maximum, in equal shares. */
export const globalMaxGradient: GradientRule = (context) => {
  const { write } = context;
  const axes = spatialAxes(context.rank(0) - 2);
  const chosen = write.cast(write.op('Equal', [context.input(0), context.output(0)]), context.dtype);
  return [write.mul(chosen, write.div(context.gradient, write.reduceSum(chosen, axes)))];
};

const spatialAxes = (spatial: number): readonly number[] => Array.from({ length: spatial }, (_, axis) => axis + 2);

function windowsOf(context: GradientContext): Windows {
  const kernel = context.attributes.ints('kernel_shape') ?? context.refuse('it states no kernel_shape');
  return spatialPads(context, kernel, context.inputShape(0)?.slice(2));
}

/**
 * To the place that each window took, which its second output names as a place in the whole input, flat; windows that share one
 * add up.
 */
export const maxPoolGradient: GradientRule = (context) => {
  const { write } = context;
  if (context.int('storage_order', 0) !== 0) return context.refuse('its indices count columns first');
  const { kernel, strides } = windowsOf(context);
  const overlap = kernel.some((size, axis) => size > strides[axis]!);
  if (overlap && write.opset < 16) return context.refuse('windows that overlap need opset 16');
  const size = write.reshapeTo(write.op('Size', [context.input(0)]), [1]);
  const nothing = write.expand(write.constant(context.dtype, [1], Float64Array.of(0)), size);
  const places = write.reshapeTo(context.output(1), [-1]);
  const add = overlap ? { reduction: 'add' } : {};
  const found = write.op('ScatterElements', [nothing, places, write.reshapeTo(context.gradient, [-1])], {
    axis: 0n,
    ...add,
  });
  return [write.reshape(found, context.shapeOfInput(0))];
};

/** Each value came from the place of the output that its index names. */
export const maxUnpoolGradient: GradientRule = (context) => {
  const { write } = context;
  if (context.has(2)) return context.refuse('its indices count places of another shape');
  const flat = write.reshapeTo(context.gradient, [-1]);
  const places = write.reshapeTo(context.input(1), [-1]);
  const found = write.op('GatherElements', [flat, places], { axis: 0n });
  return [write.reshape(found, context.shapeOfInput(0))];
};

/** What arrives at the windows, added up at the places that each of them saw; [N, C, …] as the input. */
function spread(context: GradientContext, arriving: string, windows: Windows): string {
  const { write } = context;
  const { kernel, strides, dilations, begins, ends } = windows;
  const sizes = context.inputShape(0)?.slice(2);
  const places = context.outputShape()?.slice(2);
  if (places?.every((size) => size === 1) === true && kernel.every((size, axis) => size === sizes?.[axis])) {
    return context.expandToInput(arriving, 0);
  }
  if (
    sizes?.some((size) => typeof size !== 'number') !== false ||
    places?.some((size) => typeof size !== 'number') !== false
  ) {
    return context.refuse('its sizes are not known');
  }
  // Places behind the padded end that only rounding up reaches, or before it that no window reaches.
  const reached = kernel.map(
    (size, axis) => ((places[axis] as number) - 1) * strides[axis]! + (size - 1) * dilations[axis]! + 1,
  );
  const rest = reached.map((far, axis) => (sizes[axis] as number) + begins[axis]! + ends[axis]! - far);
  const all = write.reshapeTo(arriving, [-1, 1, ...(places as number[])]);
  const ones = write.constant(context.dtype, [1, 1, ...kernel], new Float64Array(volume(kernel)).fill(1));
  const full = write.op('ConvTranspose', [all, ones], {
    strides: strides.map(BigInt),
    dilations: dilations.map(BigInt),
  });
  const far = rest.map((missing, axis) => Math.max(0, missing - ends[axis]!));
  const padded = far.some((missing) => missing > 0)
    ? write.op('Pad', [full, write.ints([0, 0, ...far.map(() => 0), 0, 0, ...far])])
    : full;
  const axes = spatialAxes(kernel.length);
  const cut = write.op('Slice', [
    padded,
    write.ints(begins),
    write.ints(begins.map((begin, axis) => begin + (sizes[axis] as number))),
    write.ints(axes),
  ]);
  return write.reshape(cut, context.shapeOfInput(0));
}

const volume = (sizes: readonly number[]): number => sizes.reduce((all, size) => all * size, 1);

/** How many elements each window averages, by axis: padding counts or not, what lies behind it never does. */
function counts(context: GradientContext, windows: Windows): string {
  const { kernel, strides, dilations, begins, ends } = windows;
  const padding = context.int('count_include_pad', 0) !== 0;
  const ceil = context.int('ceil_mode', 0) !== 0;
  const none = [...begins, ...ends].every((pad) => pad === 0);
  if (!ceil && (padding || none)) return context.number(volume(kernel));
  const sizes = context.inputShape(0)?.slice(2);
  const places = context.outputShape()?.slice(2);
  const { write } = context;
  const byAxis = kernel.map((size, axis) => {
    const [length, count] = [sizes?.[axis], places?.[axis]];
    if (typeof length !== 'number' || typeof count !== 'number') return context.refuse('its sizes are not known');
    const [low, high] = padding ? [-begins[axis]!, length + ends[axis]!] : [0, length];
    const seen = Array.from({ length: count }, (_, at) => {
      const start = at * strides[axis]! - begins[axis]!;
      return Array.from({ length: size }, (__, tap) => start + tap * dilations[axis]!).filter(
        (place) => place >= low && place < high,
      ).length;
    });
    const dims = kernel.map((_, other) => (other === axis ? count : 1));
    return write.constant(context.dtype, dims, Float64Array.from(seen));
  });
  return byAxis.reduce((all, one) => write.mul(all, one));
}

/** Each place gets its share of every window that averaged it. */
export const averagePoolGradient: GradientRule = (context) => {
  const windows = windowsOf(context);
  return [spread(context, context.write.div(context.gradient, counts(context, windows)), windows)];
};

/** y = (Σ|x|ᵖ)^(1/p): dx = sign(x)·|x|ᵖ⁻¹ · Σ dy·y¹⁻ᵖ over the windows that saw x. */
function lpGradient(context: GradientContext, toInput: (value: string) => string): readonly string[] {
  const { write } = context;
  const p = context.int('p', 2);
  const [x, y] = [context.input(0), context.output(0)];
  const one = write.op('Equal', [y, context.number(0)]);
  const safe = write.where(one, context.number(1), y);
  const share = p === 1 ? context.gradient : write.div(context.gradient, p === 2 ? safe : power(context, safe, p - 1));
  const own = p === 2 ? x : write.mul(write.op('Sign', [x]), power(context, write.op('Abs', [x]), p - 1));
  return [write.mul(own, toInput(share))];
}

const power = (context: GradientContext, value: string, exponent: number): string =>
  exponent === 0
    ? context.write.op('Abs', [context.write.op('Sign', [value])])
    : context.write.op('Pow', [value, context.number(exponent)]);

export const lpPoolGradient: GradientRule = (context) => {
  const windows = windowsOf(context);
  return lpGradient(context, (value) => spread(context, value, windows));
};

export const globalLpGradient: GradientRule = (context) => lpGradient(context, (value) => value);
