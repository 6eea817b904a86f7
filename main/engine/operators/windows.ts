import type { Dim } from '../graph/ir.ts';
import type { GradientContext } from './gradient.ts';

/** Windows of a convolution or pool with every number known, one entry for each spatial axis. */
export interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly begins: readonly number[];
  readonly ends: readonly number[];
}

/**
 * The windows of a node, padding as `auto_pad` makes it.
 * @param sizes of the data's spatial axes; only SAME padding with strides asks for them
 */
export function spatialPads(
  context: GradientContext,
  kernel: readonly number[],
  sizes: readonly Dim[] | undefined,
): Windows {
  const ones = kernel.map(() => 1);
  const strides = context.attributes.ints('strides') ?? ones;
  const dilations = context.attributes.ints('dilations') ?? ones;
  const auto = context.attributes.text('auto_pad') ?? 'NOTSET';
  if (auto === 'VALID') return { kernel, strides, dilations, begins: kernel.map(() => 0), ends: kernel.map(() => 0) };
  if (auto === 'NOTSET') {
    const pads = context.attributes.ints('pads') ?? kernel.flatMap(() => [0, 0]);
    return { kernel, strides, dilations, begins: pads.slice(0, kernel.length), ends: pads.slice(kernel.length) };
  }
  const total = kernel.map((size, axis) => {
    const reach = (size - 1) * dilations[axis]! + 1;
    const [stride, length] = [strides[axis]!, sizes?.[axis]];
    if (stride === 1) return reach - 1;
    if (typeof length !== 'number') return context.refuse('its padding depends on a size that is not known');
    return Math.max((Math.ceil(length / stride) - 1) * stride + reach - length, 0);
  });
  const half = total.map((pad) => Math.floor(pad / 2));
  const rest = total.map((pad, axis) => pad - half[axis]!);
  return auto === 'SAME_LOWER'
    ? { kernel, strides, dilations, begins: rest, ends: half }
    : { kernel, strides, dilations, begins: half, ends: rest };
}
