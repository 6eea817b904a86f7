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
    () => weightGradient(context, geometry, { data: context.input(0), gradient: context.gradient }),
    () => context.write.reduceSum(context.gradient, [0, ...geometry.kernel.map((_, axis) => axis + 2)], false),
  );
};

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
