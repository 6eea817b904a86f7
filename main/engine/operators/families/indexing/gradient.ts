/** Gradients of what takes parts of tensors by place: back to these places. */
import type { GradientContext, GradientRule, GradientStop } from '../../gradient.ts';

/** From here on scatters can add. */
const ADDING_OPSET = 16;

/**
 * Slices whose ends are known: zeros around, and between where the last two axes have steps. Otherwise each axis is scattered to the places
 * that it came from.
 */
export const sliceGradient: GradientRule = (context) => {
  const rank = context.rank(0);
  const shape = context.inputShape(0)!;
  const count = context.inputShape(1)?.[0];
  if (typeof count !== 'number') return context.refuse('the number of sliced axes is not known');
  const axes = context.has(3) ? context.numbers(3) : Array.from({ length: count }, (_, axis) => axis);
  if (axes === undefined) return context.refuse('the sliced axes are computed while the model runs');
  const places = axes.map((axis) => context.axis(axis, rank));
  const padded = surroundings(context, places, shape);
  if (padded !== undefined) return [padded];
  const { write } = context;
  const one = (input: number, at: number): string => write.slice(context.input(input), 0, at, at + 1);
  let gradient = context.gradient;
  for (const [at, axis] of places.entries()) {
    const all = placesOf(context, axis);
    const step = context.has(4) ? one(4, at) : write.ints([1]);
    const taken = write.op('Slice', [all, one(1, at), one(2, at), write.ints([0]), step]);
    gradient = scatterAxis(context, gradient, { axis, rank, places: taken });
  }
  return [gradient];
};

/** The gradient with zeros around and between, where all limits are known and only the last two axes have steps above 1. */
function surroundings(
  context: GradientContext,
  axes: readonly number[],
  shape: readonly (number | string | null)[],
): string | undefined {
  const [starts, ends] = [context.numbers(1), context.numbers(2)];
  const steps = context.has(4) ? context.numbers(4) : axes.map(() => 1);
  if (starts === undefined || ends === undefined || steps?.every((step) => step >= 1) !== true) return undefined;
  const before = shape.map(() => 0);
  const after = shape.map(() => 0);
  const apart = shape.map(() => 1);
  for (const [at, axis] of axes.entries()) {
    const [size, step] = [shape[axis], steps[at]!];
    if (typeof size !== 'number') return undefined;
    const place = (value: number): number => Math.min(Math.max(value < 0 ? value + size : value, 0), size);
    const [start, end] = [place(starts[at]!), place(ends[at]!)];
    before[axis] = start;
    apart[axis] = step;
    after[axis] = size - (start + Math.floor((end - 1 - start) / step) * step + 1);
    if (start >= end && (step > 1 || start > end)) return undefined;
  }
  const spaced = apart.every((step) => step === 1) ? context.gradient : spread(context, apart, after);
  if (spaced === undefined || [...before, ...after].every((pad) => pad === 0)) return spaced;
  return context.write.op('Pad', [spaced, context.write.ints([...before, ...after])]);
}

/**
 * The gradient with zeros between along its last two axes, `apart[axis]` from element to element: a transposed convolution of pictures of one channel
 * with the kernel 1, which takes a fifth of what scattering does. Zeros behind the last element are taken from `after`, as far as a step reaches.
 */
function spread(context: GradientContext, apart: readonly number[], after: number[]): string | undefined {
  const shape = context.outputShape();
  const lead = apart.length - 2;
  if (context.dtype !== 'float32' || shape === undefined || lead < 0) return undefined;
  if (apart.slice(0, lead).some((step) => step !== 1)) return undefined;
  const [outer, sizes] = [shape.slice(0, lead), shape.slice(lead)];
  if (!sizes.every((size) => typeof size === 'number')) return undefined;
  if (outer.filter((size) => typeof size !== 'number').length > 1) return undefined;
  const { write } = context;
  const steps = apart.slice(lead);
  const behind = steps.map((step, axis) => Math.min(step - 1, after[lead + axis]!));
  behind.forEach((count, axis) => (after[lead + axis]! -= count));
  const pictures = write.reshapeTo(context.gradient, [-1, 1, ...sizes]);
  const one = write.constant('float32', [1, 1, 1, 1], Float32Array.of(1));
  const spaced = write.op('ConvTranspose', [pictures, one], {
    strides: steps.map(BigInt),
    output_padding: behind.map(BigInt),
  });
  const lengths = sizes.map((size, axis) => (size - 1) * steps[axis]! + 1 + behind[axis]!);
  return write.reshapeTo(spaced, [...outer.map((size) => (typeof size === 'number' ? size : -1)), ...lengths]);
}

/** 0, 1, …, size − 1 of an axis of input 0: int64 [size]. */
export function placesOf(context: GradientContext, axis: number): string {
  const { write } = context;
  const size = context.inputShape(0)?.[axis];
  if (typeof size === 'number') return write.ints(Array.from({ length: size }, (_, at) => at));
  const scalar = (value: string): string => write.squeeze(value, [0]);
  const limit = scalar(write.slice(context.shapeOfInput(0), 0, axis, axis + 1));
  return write.op('Range', [scalar(write.ints([0])), limit, scalar(write.ints([1]))]);
}

interface ScatteredAxis {
  readonly axis: number;
  readonly rank: number;
  /** int64 [places]: where along the axis each element goes; none twice. */
  readonly places: string;
}

/** Along one axis, zeros of input 0's size with the gradient at some places. */
/** A gradient of slices along an axis of input 0 at the places where these lie; zeros elsewhere. */
export function scatterAxis(context: GradientContext, gradient: string, { axis, rank, places }: ScatteredAxis): string {
  const { write } = context;
  const order = [axis, ...Array.from({ length: rank }, (_, at) => at).filter((at) => at !== axis)];
  const first = write.transpose(gradient, order);
  const size = write.slice(context.shapeOfInput(0), 0, axis, axis + 1);
  const rest = write.slice(write.shape(first), 0, 1, rank);
  const zeros = write.expand(context.number(0), write.concat([size, rest], 0));
  const filled = write.op('ScatterND', [zeros, write.unsqueeze(places, [1]), first]);
  return write.transpose(
    filled,
    Array.from({ length: rank }, (_, at) => order.indexOf(at)),
  );
}

/**
 * Adds the gradients up at the rows that were taken: ∂data[i] = Σ dy[j] over all j with index i. One row that is known is
 * padded; before opset 16, which has no adding scatter, a product with the one-hot indices does it.
 */
export const gatherGradient: GradientRule = (context) => {
  const { write } = context;
  const rank = context.rank(0);
  const axis = context.axis(context.int('axis', 0), rank);
  const picked = context.rank(1);
  const shape = context.inputShape(0)!;
  const known = context.numbers(1);
  const size = shape[axis];
  if (known?.length === 1 && typeof size === 'number') {
    const at = known[0]! < 0 ? known[0]! + size : known[0]!;
    const row = picked === 0 ? write.unsqueeze(context.gradient, [axis]) : context.gradient;
    if (picked <= 1) {
      const pads = [
        ...shape.map((_, own) => (own === axis ? at : 0)),
        ...shape.map((_, own) => (own === axis ? size - 1 - at : 0)),
      ];
      return [write.op('Pad', [row, write.ints(pads)])];
    }
  }
  // the axes of the indices first, then the others; as rows of one axis
  const total = rank - 1 + picked;
  const inner = Array.from({ length: picked }, (_, at) => axis + at);
  const outer = Array.from({ length: total }, (_, at) => at).filter((at) => !inner.includes(at));
  const restShape = outer.length === 0 ? undefined : gatherDims(context, outer);
  const turned = write.transpose(context.gradient, [...inner, ...outer]);
  const rows = write.reshape(
    turned,
    restShape === undefined ? write.ints([-1]) : write.concat([write.ints([-1]), restShape], 0),
  );
  const indices = write.reshapeTo(context.input(1), [-1]);
  const dims = write.slice(context.shapeOfInput(0), 0, axis, axis + 1);
  const full = restShape === undefined ? dims : write.concat([dims, restShape], 0);
  const filled =
    context.opset >= ADDING_OPSET
      ? write.op(
          'ScatterND',
          [write.expand(context.number(0), full), write.unsqueeze(write.cast(indices, 'int64'), [1]), rows],
          { reduction: 'add' },
        )
      : oneHotSum(context, { rows, indices, dims, full });
  const order = [axis, ...Array.from({ length: rank }, (_, at) => at).filter((at) => at !== axis)];
  return [
    write.transpose(
      filled,
      Array.from({ length: rank }, (_, at) => order.indexOf(at)),
    ),
  ];
};

/** Sizes of these axes of the gradient. */
function gatherDims(context: GradientContext, axes: readonly number[]): string {
  const { write } = context;
  return write.op('Gather', [context.shapeOfOutput(), write.ints(axes)]);
}

function oneHotSum(
  context: GradientContext,
  {
    rows,
    indices,
    dims,
    full,
  }: { readonly rows: string; readonly indices: string; readonly dims: string; readonly full: string },
): string {
  const { write } = context;
  const values = write.constant(context.dtype, [2], Float64Array.of(0, 1));
  const hot = write.op('OneHot', [indices, write.squeeze(dims, [0]), values], { axis: 0n });
  const flat = write.op('Flatten', [rows], { axis: 1n });
  return write.reshape(write.matmul(hot, flat), full);
}

export const gatherElementsGradient: GradientRule = (context) => {
  needsAdding(context);
  const axis = BigInt(context.int('axis', 0));
  const inputs = [context.zerosLike(0), context.input(1), context.gradient];
  return [context.write.op('ScatterElements', inputs, { axis, reduction: 'add' })];
};

export const gatherNdGradient: GradientRule = (context) => {
  needsAdding(context);
  if (context.int('batch_dims', 0) !== 0) return context.refuse('batch_dims has no backward form here');
  const inputs = [context.zerosLike(0), context.input(1), context.gradient];
  return [context.write.op('ScatterND', inputs, { reduction: 'add' })];
};

function needsAdding(context: GradientContext): void {
  if (context.opset < ADDING_OPSET) {
    context.refuse(`adding up at equal places takes opset ${ADDING_OPSET}, the model has ${context.opset}`);
  }
}

/** What was written over passes nothing on; what was written, its own place. Sums pass both. */
export const scatterElementsGradient: GradientRule = (context) => {
  const axis = { axis: BigInt(context.int('axis', 0)) };
  return scattered(context, {
    over: (zeros) => context.write.op('ScatterElements', [context.gradient, context.input(1), zeros], axis),
    at: () => context.write.op('GatherElements', [context.gradient, context.input(1)], axis),
  });
};

export const scatterNdGradient: GradientRule = (context) =>
  scattered(context, {
    over: (zeros) => context.write.op('ScatterND', [context.gradient, context.input(1), zeros]),
    at: () => context.write.op('GatherND', [context.gradient, context.input(1)]),
  });

function scattered(
  context: GradientContext,
  { over, at }: { readonly over: (zeros: string) => string; readonly at: () => string },
): readonly (string | undefined)[] {
  const reduction = context.attributes.text('reduction') ?? 'none';
  if (reduction !== 'none' && reduction !== 'add')
    return context.refuse(`reduction ${reduction} has no backward form here`);
  const data = (): string => (reduction === 'add' ? context.gradient : over(context.zerosLike(2)));
  return context.wanted(data, undefined, at);
}

/**
 * Rows that were written over pass nothing on; those written their own places: from the sample's index on, around the end of the
 * axis where that is meant.
 */
export const tensorScatterGradient: GradientRule = (context) => {
  const { write } = context;
  const rank = context.rank(0);
  const axis = context.axis(context.int('axis', -2), rank);
  const mode = context.attributes.text('mode') ?? 'linear';
  const indices = context.has(2) ? [context.input(2)] : [];
  const size = (input: number): string => write.slice(context.shapeOfInput(input), 0, axis, axis + 1);
  const scalar = (value: string): string => write.squeeze(value, [0]);
  const update = (): string => {
    const steps = write.op('Range', [scalar(write.ints([0])), scalar(size(1)), scalar(write.ints([1]))]);
    const along = write.reshapeTo(
      steps,
      Array.from({ length: rank }, (_, at) => (at === axis ? -1 : 1)),
    );
    const rest = Array.from({ length: rank - 1 }, (_, at) => at + 1);
    const [from] = indices;
    const places = from === undefined ? along : write.add(write.unsqueeze(from, rest), along);
    const wrapped = mode === 'circular' ? write.op('Mod', [places, size(0)]) : places;
    const wide = write.expand(wrapped, context.shapeOfInput(1));
    return write.op('GatherElements', [context.gradient, wide], { axis: BigInt(axis) });
  };
  return context.wanted(
    () => write.op('TensorScatter', [context.gradient, context.zerosLike(1), ...indices], { axis: BigInt(axis), mode }),
    update,
  );
};

/** The same part of the gradient. */
export const triluGradient: GradientRule = (context) => {
  const inputs = context.has(1) ? [context.gradient, context.input(1)] : [context.gradient];
  return [context.write.op('Trilu', inputs, { upper: BigInt(context.int('upper', 1)) })];
};

/** Reversed once more it is in order again. */
export const reverseSequenceGradient: GradientRule = (context) => {
  const axes = { batch_axis: BigInt(context.int('batch_axis', 1)), time_axis: BigInt(context.int('time_axis', 0)) };
  return [context.write.op('ReverseSequence', [context.gradient, context.input(1)], axes)];
};

export const compressGradient: GradientRule = (context) => {
  const { write } = context;
  const places = write.reshapeTo(write.op('NonZero', [context.input(1)]), [-1]);
  const axis = context.attributes.int('axis');
  const rank = context.rank(0);
  if (axis !== undefined) {
    return [scatterAxis(context, context.gradient, { axis: context.axis(axis, rank), rank, places })];
  }
  const flat = write.expand(context.number(0), write.reshapeTo(write.op('Size', [context.input(0)]), [1]));
  const filled = write.op('ScatterND', [flat, write.unsqueeze(places, [1]), context.gradient]);
  return [write.reshape(filled, context.shapeOfInput(0))];
};

/** Places carry none. */
export const givesPlaces: GradientStop = { stops: 'gives places, which change in steps' };

/** The places of what stands for "off" and "on" are no more than settings. */
export const oneHotGradient: GradientRule = (context) =>
  context.wants(2) ? context.refuse('its two values are settings, which are not learnt') : [];
