import type { Shape } from '../../../graph/ir.ts';
import { sampleAt } from '../resizing/sample-at.ts';
import type { Expansion, NodeWriter } from '../../node-writer.ts';

/**
 * DeformConv: each place of the kernel looks where its offset [N, offset groups · k · 2, H', W'] moves it, the mask weighs what
 * is there, and a product with the weights follows. Sizes but the batch must be known.
 * @see Dai et al. 2017, "Deformable Convolutional Networks"; ONNX DeformConv-22
 */
export const expandDeformConv: Expansion = (context) => {
  const { write, attributes } = context;
  const [, channels, height, width] = sizesOf(context, context.inputShape(0));
  const [outputs, , ...kernel] = sizesOf(context, context.inputShape(1)) as [number, number, number, number];
  const [, , rows, columns] = sizesOf(context, context.outputShape());
  const [group, groups] = [context.int('group', 1), context.int('offset_group', 1)];
  const strides = attributes.ints('strides') ?? [1, 1];
  const dilations = attributes.ints('dilations') ?? [1, 1];
  const pads = attributes.ints('pads') ?? [0, 0, 0, 0];
  const taps = kernel[0] * kernel[1];
  // Offsets as [N · groups, taps, 2, H', W'], y before x.
  const offsets = write.reshapeTo(context.input(2), [-1, taps, 2, rows, columns]);
  const place = (axis: 0 | 1): string => {
    const base = Float64Array.from({ length: taps * rows * columns }, (_, at) => {
      const [tap, row, column] = [Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns];
      const along = axis === 0 ? row : column;
      const inKernel = axis === 0 ? Math.floor(tap / kernel[1]) : tap % kernel[1];
      return along * strides[axis]! - pads[axis]! + inKernel * dilations[axis]!;
    });
    const moved = write.squeeze(write.slice(offsets, 2, axis, axis + 1), [2]);
    const places = write.add(moved, write.constant(context.dtype, [taps, rows, columns], base));
    return write.reshapeTo(places, [-1, taps * rows, columns, 1]);
  };
  const images = write.reshapeTo(context.input(0), [-1, channels / groups, height, width]);
  const seen = sampleAt(context, images, [place(0), place(1)], { sizes: [height, width], edge: 'zeros' });
  const apart = write.reshapeTo(seen, [-1, groups, channels / groups, taps, rows * columns]);
  const weighed = context.has(4)
    ? write.mul(apart, write.reshapeTo(context.input(4), [-1, groups, 1, taps, rows * columns]))
    : apart;
  const patches = write.reshapeTo(weighed, [-1, group, (channels / group) * taps, rows * columns]);
  const weights = write.reshapeTo(context.input(1), [1, group, outputs / group, (channels / group) * taps]);
  const product = write.reshapeTo(write.matmul(weights, patches), [-1, outputs, rows, columns]);
  return [context.has(3) ? write.add(product, write.reshapeTo(context.input(3), [outputs, 1, 1])) : product];
};

/** [batch, …] whose sizes behind the batch are all known; 0 stands for the batch. */
function sizesOf(context: NodeWriter, shape: Shape | undefined): [number, number, number, number] {
  const sizes = shape?.slice(1);
  if (sizes?.length !== 3 || !sizes.every((size) => typeof size === 'number')) {
    return context.refuse('the sizes of its images are not known');
  }
  const first = shape?.[0];
  return [typeof first === 'number' ? first : 0, ...(sizes as [number, number, number])];
}
