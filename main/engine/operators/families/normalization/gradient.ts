/** Gradients of normalizations: x̂ = (x − mean)·r, r = 1/√(variance + ε), over some axes, then scaled and shifted. */
import type { GradientContext, GradientRule } from '../../gradient.ts';

/** Normalized values, and what they were multiplied by. */
interface Normalized {
  readonly value: string;
  readonly factor: string;
  readonly axes: readonly number[];
  /** Whether the mean was taken off first. */
  readonly centred: boolean;
}

/** Normalizes a value over axes, as the forward graph did. */
function normalize(
  context: GradientContext,
  x: string,
  options: { axes: readonly number[]; epsilon: number; centred: boolean },
): Normalized {
  const { write } = context;
  const { axes, epsilon, centred } = options;
  const off = centred ? write.sub(x, write.reduceMean(x, axes)) : x;
  const spread = write.add(write.reduceMean(write.square(off), axes), context.number(epsilon));
  const factor = write.op('Reciprocal', [write.sqrt(spread)]);
  return { value: write.mul(off, factor), factor, axes, centred };
}

/** dx = r·(g − mean g − x̂·mean(g·x̂)), g the gradient of x̂; without the first mean where none was taken off. */
function throughNormalized(context: GradientContext, g: string, { value, factor, axes, centred }: Normalized): string {
  const { write } = context;
  const along = write.mul(value, write.reduceMean(write.mul(g, value), axes));
  const rest = centred ? write.sub(write.sub(g, write.reduceMean(g, axes)), along) : write.sub(g, along);
  return write.mul(rest, factor);
}

/** Axes from one to the last. */
const axesFrom = (first: number, rank: number): readonly number[] =>
  Array.from({ length: rank - first }, (_, at) => first + at);

/** LayerNormalization and RMSNormalization: over the axes from `axis` on. Inputs: x, scale, shift. */
export function layerNormGradient(centred: boolean): GradientRule {
  return (context) => {
    const { write, gradient } = context;
    const rank = context.rank(0);
    const axes = axesFrom(context.axis(context.int('axis', -1), rank), rank);
    const normalized = normalize(context, context.input(0), { axes, epsilon: context.float('epsilon', 1e-5), centred });
    return context.wanted(
      () => throughNormalized(context, write.mul(gradient, context.input(1)), normalized),
      () => context.unbroadcast(write.mul(gradient, normalized.value), 1),
      () => context.unbroadcast(gradient, 2),
    );
  };
}

/** Of a sum of inputs, which may be an output (3) itself. Inputs: x, skip, scale, then shift where centred, then bias. */
export function skipNormGradient(centred: boolean): GradientRule {
  return (context) => {
    const { write } = context;
    const bias = centred ? 4 : 3;
    const parts = [0, 1, bias].filter((at) => context.has(at)).map((at) => context.input(at));
    const x = parts.reduce((all, part) => write.add(all, part));
    const normalized = normalize(context, x, {
      axes: [context.rank(0) - 1],
      epsilon: context.float('epsilon', 1e-12),
      centred,
    });
    const dy = context.arriving();
    const passed = [
      ...(dy === undefined ? [] : [throughNormalized(context, write.mul(dy, context.input(2)), normalized)]),
      ...(context.arriving(3) === undefined ? [] : [context.arriving(3)!]),
    ];
    if (passed.length === 0) return context.refuse('a gradient arrives at its statistics');
    const dx = write.sum(passed);
    const scale =
      dy === undefined
        ? undefined
        : (): string => context.unbroadcast(write.mul(dy, normalized.value), 2, context.inputShape(0));
    const shift = dy === undefined ? undefined : (): string => context.unbroadcast(dy, 3, context.inputShape(0));
    const back = (at: number) => (): string => context.unbroadcast(dx, at, context.inputShape(0));
    return context.wanted(back(0), back(1), scale, ...(centred ? [shift] : []), back(bias));
  };
}

/** [C] as [C, 1, …], which broadcasts along the channels of a value of this rank. */
const alongChannels = (context: GradientContext, value: string, rank: number): string =>
  context.write.reshapeTo(value, [-1, ...Array.from({ length: rank - 2 }, () => 1)]);

/** Σ over all axes but the channels. */
const overChannels = (context: GradientContext, value: string, rank: number): string =>
  context.write.reduceSum(value, [0, ...axesFrom(2, rank)], false);

export const instanceNormGradient: GradientRule = (context) => {
  const { write, gradient } = context;
  const rank = context.rank(0);
  const normalized = normalize(context, context.input(0), {
    axes: axesFrom(2, rank),
    epsilon: context.float('epsilon', 1e-5),
    centred: true,
  });
  return context.wanted(
    () => throughNormalized(context, write.mul(gradient, alongChannels(context, context.input(1), rank)), normalized),
    () => overChannels(context, write.mul(gradient, normalized.value), rank),
    () => overChannels(context, gradient, rank),
  );
};

/** Over the channels of a group and all places; scale and shift by channel, before opset 21 by group. */
export const groupNormGradient: GradientRule = (context) => {
  const { write, gradient } = context;
  const rank = context.rank(0);
  const groups = context.int('num_groups', 1);
  const grouped = (value: string): string => write.reshapeTo(value, [0, groups, -1]);
  const shape = context.shapeOfInput(0);
  const normalized = normalize(context, grouped(context.input(0)), {
    axes: [2],
    epsilon: context.float('epsilon', 1e-5),
    centred: true,
  });
  if (context.opset < 21) {
    return context.wanted(
      () => {
        const scaled = write.mul(grouped(gradient), write.reshapeTo(context.input(1), [-1, 1]));
        return write.reshape(throughNormalized(context, scaled, normalized), shape);
      },
      () => write.reduceSum(write.mul(grouped(gradient), normalized.value), [0, 2], false),
      () => write.reduceSum(grouped(gradient), [0, 2], false),
    );
  }
  return context.wanted(
    () => {
      const scaled = write.mul(gradient, alongChannels(context, context.input(1), rank));
      return write.reshape(throughNormalized(context, grouped(scaled), normalized), shape);
    },
    () => overChannels(context, write.mul(gradient, write.reshape(normalized.value, shape)), rank),
    () => overChannels(context, gradient, rank),
  );
};

/** By statistics that are inputs (inference), or by those of the batch (training form, from opset 14 on). */
export const batchNormGradient: GradientRule = (context) => {
  const { write } = context;
  const rank = context.rank(0);
  const epsilon = context.float('epsilon', 1e-5);
  const training = context.int('training_mode', 0) !== 0;
  const gradient = context.gradient;
  const scale = (): string => alongChannels(context, context.input(1), rank);
  if (training) {
    const axes = [0, ...axesFrom(2, rank)];
    const normalized = normalize(context, context.input(0), { axes, epsilon, centred: true });
    return context.wanted(
      () => throughNormalized(context, write.mul(gradient, scale()), normalized),
      () => overChannels(context, write.mul(gradient, normalized.value), rank),
      () => overChannels(context, gradient, rank),
    );
  }
  const factor = write.op('Reciprocal', [write.sqrt(write.add(context.input(4), context.number(epsilon)))]);
  const wide = alongChannels(context, factor, rank);
  const off = (): string => write.sub(context.input(0), alongChannels(context, context.input(3), rank));
  const shifted = (): string => overChannels(context, gradient, rank);
  const scaled = (): string => overChannels(context, write.mul(gradient, write.mul(off(), wide)), rank);
  const strength = write.mul(factor, context.input(1));
  return context.wanted(
    () => write.mul(gradient, alongChannels(context, strength, rank)),
    scaled,
    shifted,
    () => write.neg(write.mul(shifted(), strength)),
    // −½·γ·r²·Σ dy·x̂
    () => write.mul(write.mul(scaled(), write.mul(strength, factor)), context.number(-0.5)),
  );
};

/** Over axes 0, 2, 3 unless told otherwise; a variance of 0 is not provided for. */
export const meanVarianceGradient: GradientRule = (context) => {
  const rank = context.rank(0);
  const axes = (context.attributes.ints('axes') ?? [0, 2, 3]).map((axis) => context.axis(axis, rank));
  const normalized = normalize(context, context.input(0), { axes, epsilon: 0, centred: true });
  return [throughNormalized(context, context.gradient, normalized)];
};

/** x/‖x‖: (dy − y·Σ dy·y)/‖x‖; for p = 1 the sign of x in the place of y before the sum. */
export const lpNormalizationGradient: GradientRule = (context) => {
  const { write, gradient } = context;
  const [x, y] = [context.input(0), context.output(0)];
  const axes = [context.axis(context.int('axis', -1), context.rank(0))];
  const absolute = context.int('p', 2) === 1;
  const norm = absolute
    ? write.reduceSum(write.op('Abs', [x]), axes)
    : write.sqrt(write.reduceSum(write.square(x), axes));
  const along = write.mul(absolute ? write.op('Sign', [x]) : y, write.reduceSum(write.mul(gradient, y), axes));
  return [write.div(write.sub(gradient, along), norm)];
};

/** x/sᵝ, s = bias + α/size · Σ x² over neighbouring channels: dy·s⁻ᵝ − 2αβ/size · x · Σ dy·x·s⁻ᵝ⁻¹ over those that saw x. */
export const responseGradient: GradientRule = (context) => {
  const { write, gradient } = context;
  const size = context.int('size', 1);
  const [alpha, beta, bias] = [context.float('alpha', 0.0001), context.float('beta', 0.75), context.float('bias', 1)];
  const channels = context.inputShape(0)?.[1];
  if (typeof channels !== 'number') return context.refuse('how many channels there are is not known');
  const before = Math.floor((size - 1) / 2);
  const x = context.input(0);
  const shape = context.shapeOfInput(0);
  const ones = write.constant(context.dtype, [1, 1, size, 1], new Float64Array(size).fill(1));
  const neighbours = (value: string, [first, last]: readonly [number, number]): string => {
    const pads = [first, 0, last, 0].map(BigInt);
    const summed = write.op('Conv', [write.reshapeTo(value, [-1, 1, channels, volumeOf(context)]), ones], { pads });
    return write.reshape(summed, shape);
  };
  const after = size - 1 - before;
  const sums = write.mul(neighbours(write.square(x), [before, after]), context.number(alpha / size));
  const s = write.add(sums, context.number(bias));
  const factor = write.op('Pow', [s, context.number(-beta)]);
  const shares = neighbours(write.div(write.mul(write.mul(gradient, x), factor), s), [after, before]);
  const pulled = write.mul(write.mul(x, shares), context.number((2 * alpha * beta) / size));
  return [write.sub(write.mul(gradient, factor), pulled)];
};

/** Places of each channel; one of the two open sizes of a Reshape, so it must be known. */
function volumeOf(context: GradientContext): number {
  const sizes = context.inputShape(0)!.slice(2);
  if (sizes.some((size) => typeof size !== 'number')) return context.refuse('its sizes are not known');
  return (sizes as readonly number[]).reduce((all, size) => all * size, 1);
}

/** Lets everything through, in training what its mask let through. */
export const dropoutGradient: GradientRule = (context) => {
  const { write, gradient } = context;
  if (!context.has(2) || context.opset < 12) return [gradient];
  const training = context.numbers(2)?.[0];
  if (training === undefined) return context.refuse('whether it is in training is only known while it runs');
  if (training === 0) return [gradient];
  const ratio = context.has(1) ? context.input(1) : context.number(0.5);
  const kept = write.sub(context.number(1), write.op('CastLike', [ratio, gradient]));
  return [write.div(write.mul(gradient, write.cast(context.output(1), context.dtype)), kept)];
};
