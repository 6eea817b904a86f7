import { filled } from '../../filled.ts';
import type { Dim, Shape } from '../../../graph/ir.ts';
import { addDims, multiplyDims, subtractDims } from '../../dimension.ts';
import { tensorFacts, type Facts } from '../../facts.ts';
import type { NodeContext } from '../../node-context.ts';
import { formatShape, windowOutput, withDim, type Window } from '../../shape.ts';

const KERNEL_AXES = ['', ', kW', ', kH, kW', ', kD, kH, kW'];

/** Output shape of a convolution with data input `x` and weight input `w`. */
export function convolve(
  context: NodeContext,
  x: number,
  w: number,
  layout: 'NCHW' | 'NCHWc' = 'NCHW',
): Shape | undefined {
  const data = channelsFirst(context, context.shape(x));
  const weight = context.shape(w);
  if (data === undefined) return undefined;
  if (data.length < 3)
    context.fail(`data has rank ${data.length}, expected at least 3 [N, C, W]; its shape is ${formatShape(data)}`);
  const spatial = data.length - 2;
  const axes = `${data.length} [M, C/g${KERNEL_AXES[spatial] ?? ', …'}]`;
  context.shapeOfRank(w, data.length, 'weight', axes);
  const kernel = weight?.slice(2) ?? context.ints('kernel_shape');
  if (kernel === undefined) return [data[0] ?? null, null, ...filled<Dim>(spatial, null)];
  if (kernel.length !== spatial)
    context.fail(`kernel_shape has ${kernel.length} sizes, expected ${spatial} for data ${formatShape(data)}`);
  const group = context.int('group', 1);
  const channels = data[1] ?? null;
  const perGroup = weight?.[1] ?? null;
  // Blocked weights are padded to whole blocks of channels.
  const padded = layout === 'NCHWc';
  if (!padded && typeof channels === 'number' && typeof perGroup === 'number' && channels !== perGroup * group) {
    context.fail(
      `data has ${channels} channels, expected ${perGroup * group}: weight ${formatShape(weight)} with group ${group}`,
    );
  }
  const window = windowOf(context, kernel);
  const sizes = data.slice(2).map((size, axis) => {
    const output = windowOutput(size, window, axis);
    if (typeof output === 'number' && output < 1) {
      context.fail(`kernel ${formatShape(kernel)} does not fit into the padded data ${formatShape(data)}`);
    }
    return output;
  });
  const [batch = null] = data;
  const channelsOut = weight?.[0] ?? null;
  return isChannelsLast(context) ? [batch, ...sizes, channelsOut] : [batch, channelsOut, ...sizes];
}

/** Data [batch, channels, length] keep their shape; the state is the last k − 1 places. @see ONNX CausalConvWithState-27 */
export function causalConvolve(context: NodeContext): Facts[] {
  const [batch = null, channels = null] = context.shape(0) ?? [];
  const kept = subtractDims(context.dim(1, -1), 1);
  return [context.same(), tensorFacts(context.dtype(0), [batch, channels, kept])];
}

/** Some contributed operators take and give [N, H, W, C]. */
function isChannelsLast(context: NodeContext): boolean {
  return context.int('channels_last', 0) !== 0;
}

function channelsFirst(context: NodeContext, shape: Shape | undefined): Shape | undefined {
  if (shape === undefined || !isChannelsLast(context) || shape.length < 3) return shape;
  return [shape[0] ?? null, shape.at(-1) ?? null, ...shape.slice(1, -1)];
}

function windowOf(context: NodeContext, kernel: Shape): Window {
  return {
    kernel,
    strides: context.ints('strides') ?? [],
    dilations: context.ints('dilations') ?? [],
    pads: context.ints('pads') ?? [],
    autoPad: context.text('auto_pad', 'NOTSET'),
    ceil: false,
  };
}

/** @see ONNX ConvTranspose-22: out = stride·(in − 1) + output_padding + (k − 1)·dilation + 1 − pads */
export function convolveTransposed(context: NodeContext): Shape | undefined {
  const data = context.shape(0);
  const weight = context.shape(1);
  if (data === undefined) return undefined;
  const spatial = data.length - 2;
  if (spatial < 1) context.fail(`data has rank ${data.length}, expected at least 3 [N, C, W]`);
  context.shapeOfRank(1, data.length, 'weight', `${data.length} [C, M/g${KERNEL_AXES[spatial] ?? ', …'}]`);
  const kernel: Shape = weight?.slice(2) ?? context.ints('kernel_shape') ?? filled<Dim>(spatial, null);
  const strides = context.ints('strides') ?? [];
  const dilations = context.ints('dilations') ?? [];
  const pads = context.ints('pads') ?? [];
  const extra = context.ints('output_padding') ?? [];
  const given = context.ints('output_shape');
  const autoPad = context.text('auto_pad', 'NOTSET');
  const sizes = data.slice(2).map((size, axis): Dim => {
    if (given !== undefined) return given[given.length - spatial + axis] ?? null;
    const stride = strides[axis] ?? 1;
    if (autoPad.startsWith('SAME')) return multiplyDims(size, stride);
    const k = kernel[axis] ?? null;
    const extent = addDims(multiplyDims(subtractDims(k, 1), dilations[axis] ?? 1), 1);
    const padding = autoPad === 'VALID' ? 0 : (pads[axis] ?? 0) + (pads[axis + spatial] ?? 0);
    return addDims(addDims(multiplyDims(subtractDims(size, 1), stride), (extra[axis] ?? 0) - padding), extent);
  });
  const channels = weight === undefined ? null : multiplyDims(weight[1] ?? null, context.int('group', 1));
  return [data[0] ?? null, channels, ...sizes];
}

export const out = (dtype: Facts['dtype'], shape: Shape | undefined): Facts[] => [tensorFacts(dtype, shape)];

/** Channels are padded to whole blocks, whose size depends on the machine. */
export function blockChannels(context: NodeContext): Shape | undefined {
  const shape = channelsFirst(context, context.shape(0));
  return shape === undefined ? undefined : withDim(shape, 1, null);
}

export function unblockChannels(context: NodeContext): Shape | undefined {
  const shape = context.shape(0);
  if (shape === undefined) return undefined;
  const channels = context.attributes.int('channels') ?? null;
  const spatial = shape.slice(2);
  return isChannelsLast(context) ? [shape[0] ?? null, ...spatial, channels] : [shape[0] ?? null, channels, ...spatial];
}
