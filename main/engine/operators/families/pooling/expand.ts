import { sampleAt } from '../resizing/sample-at.ts';
import type { Expansion } from '../../node-writer.ts';

/**
 * RoiAlign by means: each region [x1, y1, x2, y2] of its image is divided into H'·W' bins, and each bin is the mean of r × r
 * values between pixels. Outside of the image by more than a pixel there is nothing. How many values a bin takes must be given:
 * where it follows from the size of the region, there is no form.
 * @see He et al. 2017, "Mask R-CNN", 3; ONNX RoiAlign-16
 */
export const expandRoiAlign: Expansion = (context) => {
  const { write, attributes } = context;
  const ratio = context.int('sampling_ratio', 0);
  if (ratio <= 0) context.refuse('bins that take as many values as their region is large have no form here');
  if ((attributes.text('mode') ?? 'avg') !== 'avg') context.refuse('the greatest value of a bin has no form here');
  const [, channels, height, width] = context.inputShape(0) ?? [];
  if (typeof channels !== 'number' || typeof height !== 'number' || typeof width !== 'number') {
    return context.refuse('the size of its images is not known');
  }
  const half =
    (attributes.text('coordinate_transformation_mode') ?? (context.opset < 16 ? '' : 'half_pixel')) === 'half_pixel';
  const [rows, columns] = [context.int('output_height', 1), context.int('output_width', 1)];
  const scale = context.number(context.float('spatial_scale', 1));
  const regions = write.mul(context.input(1), scale);
  const edge = (at: number): string => {
    const found = write.slice(regions, 1, at, at + 1);
    return half ? write.sub(found, context.number(0.5)) : found;
  };
  const along = (start: string, end: string, bins: number): string => {
    const extent = write.sub(end, start);
    const size = half ? extent : write.max(extent, context.number(1));
    const parts = Float64Array.from({ length: bins * ratio }, (_, at) => (at + 0.5) / (bins * ratio));
    return write.add(start, write.mul(size, write.constant(context.dtype, [1, bins * ratio], parts)));
  };
  const y = write.unsqueeze(along(edge(1), edge(3), rows), [2, 3]);
  const x = write.unsqueeze(along(edge(0), edge(2), columns), [1, 3]);
  const all = write.ints([1, rows * ratio, columns * ratio, 1]);
  const images = write.op('Gather', [context.input(0), context.input(2)], { axis: 0n });
  const sizes = [height, width] as const;
  const seen = sampleAt(context, images, [write.expand(y, all), write.expand(x, all)], { sizes, edge: 'border' });
  const inside = (place: string, size: number): string =>
    write.cast(
      write.op('And', [
        write.op('GreaterOrEqual', [place, context.number(-1)]),
        write.op('LessOrEqual', [place, context.number(size)]),
      ]),
      context.dtype,
    );
  const counts = write.op('Transpose', [write.mul(inside(y, height), inside(x, width))], { perm: [0n, 3n, 1n, 2n] });
  const values = write.mul(seen, counts);
  const bins = write.reshapeTo(values, [-1, channels, rows, ratio, columns, ratio]);
  return [write.reduceMean(bins, [3, 5], false)];
};
