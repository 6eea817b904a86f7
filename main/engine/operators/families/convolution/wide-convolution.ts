/**
 * The gradient of kernels as one convolution whose output is all of them: dW[m, k, c] = Σ over n and p of dY[m, n, p] · X[n, p·s + k, c]. The samples are its
 * channels and dY is its kernel, as large as the picture. X has its channels last and taken together with the last axis, on which neighbours are then C
 * apart (`dilations`): so the output is C times as wide, and the runtime's product has k·C columns, which it cuts out of X by itself, in pieces
 * that stay in the cache.
 */
import type { GradientContext } from '../../gradient.ts';
import { elementCount } from '../../shape.ts';
import type { KnownOperands } from './crosswise.ts';
import type { Geometry } from './geometry.ts';

/** Below this many rows the product takes less time than cutting its columns out. */
const LEAST_ROWS = 8;

/**
 * Whether it can be written and is faster than what else there is (measured, on 3 × 3: 4 rows a sixth slower, 6 alike, 8 to 512 faster). The product has to be wider than
 * high: else the runtime lays out all columns at once. With one place nothing has to be cut out.
 */
export function isWide({ kernel, dilations, group, inputs, outputs }: Geometry): boolean {
  if (kernel.length > 2 || dilations.some((apart) => apart !== 1)) return false;
  const places = kernel.reduce((all, size) => all * size, 1);
  const rows = outputs / group;
  return places > 1 && inputs > group && rows >= LEAST_ROWS && (places * inputs) / group >= rows;
}

/** dW [M, C/g, k…]. */
export function wideConvolution(context: GradientContext, geometry: Geometry, operands: KnownOperands): string {
  const { write } = context;
  const { kernel, strides, begins, group, inputs, outputs } = geometry;
  const { data, sizes, gradient, places } = operands;
  const each = inputs / group;
  const spatial = sizes.map((_, axis) => axis);
  const last = sizes.length - 1;
  const wide = (lengths: readonly number[]): number[] =>
    lengths.map((length, axis) => (axis === last ? length * each : length));

  const bySample = (value: string): string => write.transpose(value, [0, ...spatial.map((axis) => axis + 2), 1]);
  // Of groups, [N, g, p, C/g] before [g, N, p, C/g]: the runtime is fast where one axis moves, and where whole blocks do.
  const channelsLast =
    group === 1
      ? bySample(data)
      : write.transpose(
          write.reshapeTo(bySample(write.reshapeTo(data, [-1, each, ...sizes])), [
            -1,
            group,
            elementCount(sizes)! * each,
          ]),
          [1, 0, 2],
        );
  const picture = write.reshapeTo(channelsLast, [1, -1, ...wide(sizes)]);
  const kernels = write.transpose(gradient, [1, 0, ...spatial.map((axis) => axis + 2)]);
  // What the strides left over at the ends is not padded, or cut off where there is less padding than that.
  const ends = kernel.map((size, axis) => (places[axis]! - 1) * strides[axis]! + size - sizes[axis]! - begins[axis]!);
  const found = write.op('Conv', [picture, kernels], {
    kernel_shape: places.map(BigInt),
    dilations: wide(strides).map(BigInt),
    pads: [...wide(begins), ...wide(ends.map((end) => Math.max(0, end)))].map(BigInt),
    group: BigInt(group),
  });
  const cut = spatial.filter((axis) => ends[axis]! < 0);
  const kept = wide(kernel);
  const whole =
    cut.length === 0
      ? found
      : write.op('Slice', [
          found,
          write.ints(cut.map(() => 0)),
          write.ints(cut.map((axis) => kept[axis]!)),
          write.ints(cut.map((axis) => axis + 2)),
        ]);
  const apart = write.reshapeTo(whole, [outputs, ...kernel, each]);
  return write.transpose(apart, [0, kernel.length + 1, ...spatial.map((axis) => axis + 1)]);
}
