import { filled } from '../../filled.ts';
import type { Dim, Shape } from '../../../graph/ir.ts';
import { addDims, multiplyDims } from '../../dimension.ts';
import { tensorFacts, type Facts } from '../../facts.ts';
import type { NodeContext } from '../../node-context.ts';
import { formatShape } from '../../shape.ts';

/** Pads: attribute before opset 11 (`paddings` in opset 1), input since; opset 18 adds axes. */
export function inferPad(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  if (shape === undefined) return [tensorFacts(context.dtype(0), undefined)];
  const pads = context.ints('pads') ?? context.ints('paddings') ?? context.dims(1);
  const stated = context.has(3) ? context.numbers(3) : undefined;
  const unknown = [tensorFacts(context.dtype(0), filled<Dim>(shape.length, null))];
  if (pads === undefined || (context.has(3) && stated === undefined)) return unknown;
  const axes = stated === undefined ? shape.map((_, axis) => axis) : context.axes(stated, shape.length);
  if (pads.length !== 2 * axes.length) {
    context.fail(`pads has ${pads.length} values, expected ${2 * axes.length}: begin and end of ${axes.length} axes`);
  }
  const result = [...shape];
  axes.forEach((axis, at) => {
    result[axis] = addDims(addDims(result[axis] ?? null, pads[at] ?? null), pads[at + axes.length] ?? null);
  });
  return [tensorFacts(context.dtype(0), result)];
}

/** Sizes of Resize-11 and later: scales (input 2) or sizes (input 3); opset 18 adds axes and keep_aspect_ratio_policy. */
export function inferResize(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  if (shape === undefined) return [tensorFacts(context.dtype(0), undefined)];
  const legacy = context.opset < 11;
  const scales = context.numbers(legacy ? 1 : 2);
  const sizes = legacy || !context.has(3) ? undefined : context.dims(3);
  const axes = context.axes(context.ints('axes') ?? shape.map((_, axis) => axis), shape.length);
  const bySize = sizes !== undefined && sizes.length > 0;
  if (bySize) return [tensorFacts(context.dtype(0), resizeTo(context, shape, axes, sizes))];
  if (scales === undefined || scales.length === 0) {
    return [
      tensorFacts(
        context.dtype(0),
        shape.map((dim, axis) => (axes.includes(axis) ? null : dim)),
      ),
    ];
  }
  return [tensorFacts(context.dtype(0), scaleShape(context, shape, axes, scales))];
}

function scaleShape(context: NodeContext, shape: Shape, axes: readonly number[], scales: readonly number[]): Shape {
  if (scales.length !== axes.length) {
    context.fail(
      `scales has ${scales.length} values, expected ${axes.length}, one for each axis of ${formatShape(shape)}`,
    );
  }
  const crops = context.text('coordinate_transformation_mode', '') === 'tf_crop_and_resize';
  const regions = crops ? context.numbers(1) : undefined;
  const result = [...shape];
  axes.forEach((axis, at) => {
    const scale = scales[at] ?? 1;
    const size = shape[axis] ?? null;
    const start = regions?.[at] ?? 0;
    const end = regions?.[at + axes.length] ?? 1;
    if (crops && regions === undefined) result[axis] = null;
    else if (typeof size === 'number')
      result[axis] = Math.floor(Math.fround(Math.fround(size * (crops ? end - start : 1)) * scale));
    else result[axis] = Number.isInteger(scale) && !crops ? multiplyDims(size, scale) : null;
  });
  return result;
}

function resizeTo(context: NodeContext, shape: Shape, axes: readonly number[], sizes: readonly Dim[]): Shape {
  if (sizes.length !== axes.length) {
    context.fail(
      `sizes has ${sizes.length} values, expected ${axes.length}, one for each axis of ${formatShape(shape)}`,
    );
  }
  const policy = context.text('keep_aspect_ratio_policy', 'stretch');
  const result = [...shape];
  const ratios = axes.map((axis, at) => {
    const [from, to] = [shape[axis], sizes[at]];
    return typeof from === 'number' && typeof to === 'number' ? to / from : Number.NaN;
  });
  const scale = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  axes.forEach((axis, at) => {
    const from = shape[axis];
    if (policy === 'stretch') result[axis] = sizes[at] ?? null;
    else result[axis] = typeof from === 'number' && !Number.isNaN(scale) ? Math.round(from * scale) : null;
  });
  return result;
}

/** Upsample: scales as input (opset 9), attribute (7), or height_scale and width_scale (1). */
export function inferUpsample(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  if (shape === undefined) return [tensorFacts(context.dtype(0), undefined)];
  const attribute = context.attributes.get('scales', 'floats');
  const height = context.float('height_scale', 1);
  const scales = context.has(1) ? context.numbers(1) : (attribute ?? [1, 1, height, context.float('width_scale', 1)]);
  const axes = shape.map((_, axis) => axis);
  if (scales === undefined) return [tensorFacts(context.dtype(0), filled<Dim>(shape.length, null))];
  return [tensorFacts(context.dtype(0), scaleShape(context, shape, axes, scales))];
}

/** X [N, C, H, W], grid [N, H_out, W_out, 2]: [N, C, H_out, W_out]. */
export function inferGridSample(context: NodeContext): Facts[] {
  const data = context.shape(0);
  const grid = context.shape(1);
  if (data === undefined || grid === undefined) return [tensorFacts(context.dtype(0), undefined)];
  return [tensorFacts(context.dtype(0), [data[0] ?? null, data[1] ?? null, ...grid.slice(1, -1)])];
}

export function inferAffineGrid(context: NodeContext): Facts[] {
  const size = context.dims(1);
  if (size === undefined) return [tensorFacts(context.dtype(0), undefined)];
  return [tensorFacts(context.dtype(0), [size[0] ?? null, ...size.slice(2), size.length - 2])];
}

export function inferCenterCropPad(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  if (shape === undefined) return [tensorFacts(context.dtype(0), undefined)];
  const target = context.dims(1);
  const axes = context.axes(context.ints('axes') ?? shape.map((_, axis) => axis), shape.length);
  const result = [...shape];
  axes.forEach((axis, at) => (result[axis] = target?.[at] ?? null));
  return [tensorFacts(context.dtype(0), result)];
}

/** Col2Im: [N, C·∏block, L] to [N, C, image…]. */
export function inferCol2Im(context: NodeContext): Facts[] {
  const image = context.dims(1);
  const block = context.numbers(2);
  const channels = context.dim(0, 1);
  if (image === undefined) return [tensorFacts(context.dtype(0), undefined)];
  const area = block?.reduce((product, size) => product * size, 1);
  const c = typeof channels === 'number' && area !== undefined ? channels / area : null;
  return [tensorFacts(context.dtype(0), [context.dim(0, 0), c, ...image])];
}
