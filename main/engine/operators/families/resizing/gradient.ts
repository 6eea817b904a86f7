/** Gradients of pads and interpolation: linear maps along each axis, taken the other way. */
import type { AttributeInput } from '../../../graph/attributes.ts';
import type { GradientContext, GradientRule } from '../../gradient.ts';
import { placesOf } from '../indexing/gradient.ts';

/** Zeros: the gradient with all pads taken back. What is padded with them gets the rest of the sum. */
export const padGradient: GradientRule = (context) => {
  const mode = context.attributes.text('mode') ?? 'constant';
  if (mode !== 'constant') return [repeatedPads(context, mode)];
  const { write } = context;
  const known = context.numbers(1);
  const back =
    known === undefined ? write.neg(context.input(1)) : write.ints(known.map((pad) => (pad === 0 ? 0 : -pad)));
  const inner = (): string =>
    write.op('Pad', context.has(3) ? [context.gradient, back, '', context.input(3)] : [context.gradient, back]);
  const around = (): string => {
    const rest = write.sub(
      write.reduceSum(context.gradient, undefined, false),
      write.reduceSum(inner(), undefined, false),
    );
    return write.reshape(rest, context.shapeOfInput(2));
  };
  return context.wanted(inner, undefined, around);
};

/** Elements that stand several times: where along an axis each came from is found by padding its places alike. */
function repeatedPads(context: GradientContext, mode: string): string {
  const { write } = context;
  const rank = context.rank(0);
  const pads = context.numbers(1);
  const stated = context.has(3) ? context.numbers(3) : Array.from({ length: rank }, (_, axis) => axis);
  if (pads === undefined || stated === undefined) return context.refuse('its pads are computed while the model runs');
  let gradient = context.gradient;
  for (const [at, given] of stated.entries()) {
    const [before, after] = [pads[at]!, pads[at + stated.length]!];
    if (before === 0 && after === 0) continue;
    const axis = context.axis(given, rank);
    const places = placesOf(context, axis);
    const origins = write.op('Pad', [places, write.ints([before, after])], { mode });
    const same = write.op('Equal', [write.unsqueeze(origins, [1]), write.unsqueeze(places, [0])]);
    gradient = alongAxis(context, gradient, { axis, rank, matrix: write.cast(same, context.dtype) });
  }
  return gradient;
}

/** Multiplies each line along an axis with a matrix [size before, size after]. */
function alongAxis(
  context: GradientContext,
  value: string,
  { axis, rank, matrix }: { readonly axis: number; readonly rank: number; readonly matrix: string },
): string {
  const { write } = context;
  const order = [...Array.from({ length: rank }, (_, at) => at).filter((at) => at !== axis), axis];
  const product = write.matmul(write.transpose(value, order), matrix);
  return write.transpose(
    product,
    Array.from({ length: rank }, (_, at) => order.indexOf(at)),
  );
}

/**
 * Interpolation works along each axis for itself, and is linear: resizing a unit vector for each place tells the matrix, in
 * all modes alike, and its transpose takes the gradient back.
 */
export const resizeGradient: GradientRule = (context) => {
  const { attributes, write } = context;
  const mode = attributes.text('coordinate_transformation_mode') ?? 'half_pixel';
  if (mode === 'tf_crop_and_resize') return context.refuse('crops have no backward form here');
  const policy = attributes.text('keep_aspect_ratio_policy') ?? 'stretch';
  if (policy !== 'stretch') return context.refuse(`keep_aspect_ratio_policy ${policy} has no backward form here`);
  const rank = context.rank(0);
  const stated = attributes.ints('axes') ?? Array.from({ length: rank }, (_, axis) => axis);
  const bySize = context.has(3) && context.inputShape(3)?.[0] !== 0;
  const scales = bySize ? undefined : context.numbers(2);
  let gradient = context.gradient;
  for (const [at, given] of stated.entries()) {
    const axis = context.axis(given, rank);
    const [from, to] = [context.inputShape(0)?.[axis], context.outputShape()?.[axis]];
    if (bySize ? typeof from === 'number' && from === to : scales?.[at] === 1) continue;
    const units = unitVectors(context, axis);
    const target = bySize
      ? [
          '',
          '',
          write.concat([write.ints([1, 1]), sizeOf(context, axis), write.slice(context.input(3), 0, at, at + 1)], 0),
        ]
      : ['', write.concat([ones(context, 3), write.slice(context.input(2), 0, at, at + 1)], 0)];
    const resized = write.op('Resize', [units, ...target], settings(context));
    const matrix = write.transpose(write.squeeze(resized, [0, 1]), [1, 0]);
    gradient = alongAxis(context, gradient, { axis, rank, matrix });
  }
  return [gradient];
};

const sizeOf = (context: GradientContext, axis: number): string =>
  context.write.slice(context.shapeOfInput(0), 0, axis, axis + 1);

const ones = ({ write }: GradientContext, count: number): string =>
  write.constant(
    'float32',
    [count],
    Float64Array.from({ length: count }, () => 1),
  );

/** The identity, [1, 1, size, size]: the rank that all modes take. */
function unitVectors(context: GradientContext, axis: number): string {
  const { write } = context;
  const size = sizeOf(context, axis);
  const square = write.op('ConstantOfShape', [write.concat([size, size], 0)]);
  return write.unsqueeze(write.cast(write.op('EyeLike', [square]), context.dtype), [0, 1]);
}

/** The attributes that say how is interpolated. */
function settings(context: GradientContext): Record<string, AttributeInput> {
  const named: Record<string, AttributeInput> = {};
  for (const name of ['mode', 'coordinate_transformation_mode', 'nearest_mode']) {
    const text = context.attributes.text(name);
    if (text !== undefined) named[name] = text;
  }
  for (const name of ['exclude_outside', 'antialias']) {
    const flag = context.attributes.int(name);
    if (flag !== undefined) named[name] = BigInt(flag);
  }
  const coefficient = context.attributes.get('cubic_coeff_a', 'float');
  return coefficient === undefined ? named : { ...named, cubic_coeff_a: coefficient };
}

/** Columns put back into an image: each takes what arrives at its place, 0 in the padding. */
export const columnsGradient: GradientRule = (context) => {
  const { write, attributes } = context;
  const [image, block] = [context.numbers(1), context.numbers(2)];
  if (image === undefined || block === undefined) return context.refuse('the sizes that it is told are computed');
  const axes = image.length;
  const all = (name: string, count: number, fallback: number): readonly number[] =>
    attributes.ints(name) ?? Array.from({ length: count }, () => fallback);
  const [strides, dilations, pads] = [all('strides', axes, 1), all('dilations', axes, 1), all('pads', 2 * axes, 0)];
  const padded = image.map((size, axis) => size + pads[axis]! + pads[axes + axis]!);
  const counts = padded.map(
    (size, axis) => Math.floor((size - dilations[axis]! * (block[axis]! - 1) - 1) / strides[axis]!) + 1,
  );
  const places = (sizes: readonly number[]): number[][] =>
    sizes.reduce<number[][]>(
      (found, size) => found.flatMap((at) => [...Array(size).keys()].map((next) => [...at, next])),
      [[]],
    );
  const starts = places(counts);
  const indices = places(block).flatMap((tap) =>
    starts.map((start) =>
      padded.reduce(
        (flat, size, axis) => flat * size + start[axis]! * strides[axis]! + tap[axis]! * dilations[axis]!,
        0,
      ),
    ),
  );
  const ends = [0, 0, ...pads.slice(0, axes), 0, 0, ...pads.slice(axes)];
  const whole = write.op('Pad', [context.gradient, write.ints(ends), context.number(0)]);
  const flat = write.reshapeTo(whole, [0, 0, -1]);
  const taken = write.op('Gather', [flat, write.ints(indices)], { axis: 2n });
  return context.wanted(() => write.reshape(taken, context.shapeOfInput(0)));
};
