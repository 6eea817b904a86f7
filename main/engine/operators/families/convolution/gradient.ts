/** Gradients of convolutions, as convolutions again. */
import type { GradientContext, GradientRule } from '../../gradient.ts';
import { spatialPads } from '../../windows.ts';
import type { Geometry } from './geometry.ts';
import { weightGradient } from './weight-gradient.ts';

function geometryOf(context: GradientContext): Geometry {
  const weight = context.inputShape(1);
  if (weight === undefined || weight.length < 3 || weight.some((dim) => typeof dim !== 'number')) {
    return context.refuse('the shape of its weights is not known');
  }
  const [outputs, perGroup, ...kernel] = weight as number[];
  const group = context.int('group', 1);
  const windows = spatialPads(context, kernel, context.inputShape(0)?.slice(2));
  return { ...windows, group, inputs: perGroup! * group, outputs: outputs! };
}

export const convGradient: GradientRule = (context) => {
  const geometry = geometryOf(context);
  return context.wanted(
    () => dataGradient(context, geometry),
    () =>
      weightGradient(context, geometry, {
        data: context.input(0),
        dataShape: context.inputShape(0),
        gradient: context.gradient,
        gradientShape: context.outputShape(),
      }),
    () => biasGradient(context, geometry),
  );
};

function biasGradient(context: GradientContext, { kernel }: Geometry): string {
  return context.write.reduceSum(context.gradient, [0, ...kernel.map((_, axis) => axis + 2)], false);
}

/**
 * The transposed convolution is the way back of a convolution with the same kernels: dX is that convolution of dY, and for the
 * kernels data and gradient change places.
 */
export const convTransposeGradient: GradientRule = (context) => {
  const geometry = transposedGeometry(context);
  const { kernel, strides, dilations, begins, ends, group } = geometry;
  return context.wanted(
    () =>
      context.write.op('Conv', [context.gradient, context.input(1)], {
        kernel_shape: kernel.map(BigInt),
        strides: strides.map(BigInt),
        dilations: dilations.map(BigInt),
        pads: [...begins, ...ends].map(BigInt),
        group: BigInt(group),
      }),
    () =>
      weightGradient(context, geometry, {
        data: context.gradient,
        dataShape: context.outputShape(),
        gradient: context.input(0),
        gradientShape: context.inputShape(0),
      }),
    () => biasGradient(context, geometry),
  );
};

/** Of the convolution that it is the way back of: from its output to its input. */
function transposedGeometry(context: GradientContext): Geometry {
  const weight = context.inputShape(1);
  if (weight === undefined || weight.length < 3 || weight.some((dim) => typeof dim !== 'number')) {
    return context.refuse('the shape of its weights is not known');
  }
  const [outputs, perGroup, ...kernel] = weight as number[];
  const group = context.int('group', 1);
  const channels = { group, inputs: perGroup! * group, outputs: outputs! };
  const padding = context.attributes.text('auto_pad') ?? 'NOTSET';
  const extra = context.attributes.ints('output_padding') ?? kernel.map(() => 0);
  const strides = context.attributes.ints('strides') ?? kernel.map(() => 1);
  if (extra.some((size, axis) => size >= strides[axis]!))
    return context.refuse('its output is padded by a stride or more');
  if (padding === 'NOTSET' && context.attributes.ints('output_shape') === undefined) {
    return { ...spatialPads(context, kernel, undefined), ...channels };
  }
  const [sizes, places] = [context.outputShape()?.slice(2), context.inputShape(0)?.slice(2)];
  const dilations = context.attributes.ints('dilations') ?? kernel.map(() => 1);
  const total = kernel.map((size, axis) => {
    const [length, count] = [sizes?.[axis], places?.[axis]];
    if (typeof length !== 'number' || typeof count !== 'number') return context.refuse('its sizes are not known');
    return strides[axis]! * (count - 1) + extra[axis]! + dilations[axis]! * (size - 1) + 1 - length;
  });
  if (total.some((pad) => pad < 0)) return context.refuse('its output is padded');
  const half = total.map((pad) => Math.floor(pad / 2));
  const rest = total.map((pad, axis) => pad - half[axis]!);
  const [begins, ends] = padding === 'SAME_UPPER' ? [half, rest] : [rest, half];
  return { kernel, strides, dilations, begins, ends, ...channels };
}

/**
 * dX. With strides of 1, dY convolved with the kernels turned around and their channels swapped; otherwise a transposed
 * convolution, whose output lacks the places that no window reached (`output_padding`).
 */
function dataGradient(context: GradientContext, geometry: Geometry): string {
  const { kernel, strides, dilations, begins, ends, group } = geometry;
  const reach = kernel.map((size, axis) => (size - 1) * dilations[axis]!);
  const mirrored = {
    begins: reach.map((far, axis) => far - begins[axis]!),
    ends: reach.map((far, axis) => far - ends[axis]!),
  };
  const pads = [...mirrored.begins, ...mirrored.ends];
  const { write } = context;
  if (strides.every((stride) => stride === 1) && pads.every((pad) => pad >= 0)) {
    return write.op('Conv', [context.gradient, turnedKernels(context, geometry)], {
      kernel_shape: kernel.map(BigInt),
      dilations: dilations.map(BigInt),
      pads: pads.map(BigInt),
      group: BigInt(group),
    });
  }
  return transposed(context, geometry);
}

/** W [M, C/g, k…] → [C, M/g, k…], each kernel reversed. */
function turnedKernels(context: GradientContext, { kernel, group, inputs, outputs }: Geometry): string {
  const { write } = context;
  const weight = context.input(1);
  const axes = kernel.map((_, axis) => axis);
  const swapped = ((): string => {
    if (outputs === group && inputs === group) return weight;
    if (group === 1) return write.transpose(weight, [1, 0, ...axes.map((axis) => axis + 2)]);
    const grouped = write.reshapeTo(weight, [group, outputs / group, inputs / group, ...kernel]);
    const turned = write.transpose(grouped, [0, 2, 1, ...axes.map((axis) => axis + 3)]);
    return write.reshapeTo(turned, [inputs, outputs / group, ...kernel]);
  })();
  return write.reverse(
    swapped,
    axes.filter((axis) => kernel[axis]! > 1).map((axis) => axis + 2),
  );
}

function transposed(context: GradientContext, geometry: Geometry): string {
  const { kernel, strides, dilations, begins, ends, group } = geometry;
  const { write } = context;
  const sizes = context.inputShape(0)?.slice(2);
  const left = kernel.map((size, axis) => {
    const known = sizes?.[axis];
    if (typeof known !== 'number') return undefined;
    const rest = known + begins[axis]! + ends[axis]! - dilations[axis]! * (size - 1) - 1;
    return rest % strides[axis]!;
  });
  const full = write.op('ConvTranspose', [context.gradient, context.input(1)], {
    kernel_shape: kernel.map(BigInt),
    strides: strides.map(BigInt),
    dilations: dilations.map(BigInt),
    pads: [...begins, ...ends].map(BigInt),
    output_padding: left.map((rest, axis) => BigInt(rest ?? strides[axis]! - 1)),
    group: BigInt(group),
  });
  return left.includes(undefined) ? cropToInput(context, full, kernel.length) : full;
}

/** The first places of each spatial axis, as many as the input has. */
function cropToInput(context: GradientContext, value: string, spatial: number): string {
  const { write } = context;
  const sizes = write.slice(write.shape(context.input(0)), 0, 2, 2 + spatial);
  const axes = Array.from({ length: spatial }, (_, axis) => axis + 2);
  return write.op('Slice', [value, write.ints(axes.map(() => 0)), sizes, write.ints(axes)]);
}
