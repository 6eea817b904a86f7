import type { Shape } from '../../../graph/ir.ts';
import { tensorFacts, type Facts } from '../../facts.ts';
import type { NodeContext } from '../../node-context.ts';
import { formatShape, windowOutput } from '../../shape.ts';

export function poolShape(context: NodeContext, channelsLast = false): Shape | undefined {
  const data = context.shape(0);
  const kernel = context.ints('kernel_shape');
  if (kernel === undefined) context.fail('attribute kernel_shape is missing');
  if (data === undefined) return undefined;
  if (data.length !== kernel.length + 2) {
    context.fail(`data has rank ${data.length}, expected ${kernel.length + 2} for kernel_shape [${kernel.join(', ')}]`);
  }
  const first = channelsLast ? 1 : 2;
  const window = {
    kernel,
    strides: context.ints('strides') ?? [],
    dilations: context.ints('dilations') ?? [],
    pads: context.ints('pads') ?? [],
    autoPad: context.text('auto_pad', 'NOTSET'),
    ceil: context.int('ceil_mode', 0) !== 0,
  };
  const sizes = kernel.map((_, axis) => {
    const size = windowOutput(data[first + axis] ?? null, window, axis);
    if (typeof size === 'number' && size < 1) {
      context.fail(`kernel [${kernel.join(', ')}] does not fit into the padded data ${formatShape(data)}`);
    }
    return size;
  });
  const channels = (channelsLast ? data.at(-1) : data[1]) ?? null;
  return channelsLast ? [data[0] ?? null, ...sizes, channels] : [data[0] ?? null, channels, ...sizes];
}

export function globalShape(context: NodeContext, channelsLast = false): Shape | undefined {
  const shape = context.shape(0);
  if (shape !== undefined && shape.length < 2)
    context.fail(`data has rank ${shape.length}, expected at least 2 [N, C, …]`);
  const last = channelsLast ? (shape?.length ?? 0) - 1 : 1;
  return shape?.map((dim, axis) => (axis === 0 || axis === last ? dim : 1));
}

/** MaxUnpool without output_shape: (in − 1)·stride + kernel − pads. */
export function unpoolShape(context: NodeContext): Shape | undefined {
  const given = context.dims(2);
  if (given !== undefined) return given;
  if (context.has(2)) return context.shape(0)?.map((size, axis) => (axis < 2 ? size : null));
  const data = context.shape(0);
  const kernel = context.ints('kernel_shape') ?? [];
  const strides = context.ints('strides') ?? [];
  const pads = context.ints('pads') ?? [];
  return data?.map((size, axis) => {
    if (axis < 2) return size;
    const at = axis - 2;
    if (typeof size !== 'number') return null;
    return (size - 1) * (strides[at] ?? 1) + (kernel[at] ?? 1) - (pads[at] ?? 0) - (pads[at + kernel.length] ?? 0);
  });
}

export function inferMaxPool(context: NodeContext): Facts[] {
  const shape = poolShape(context);
  return [tensorFacts(context.dtype(0), shape), tensorFacts('int64', shape)];
}

export function roiShape(context: NodeContext): Shape | undefined {
  const pooled = context.ints('pooled_shape') ?? [context.int('output_height', 1), context.int('output_width', 1)];
  return [context.dim(1, 0), context.dim(0, 1), ...pooled];
}
