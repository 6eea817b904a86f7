import { filled } from '../../filled.ts';
import type { Dim } from '../../../graph/ir.ts';
import { addDims, floorDivideDims, subtractDims } from '../../dimension.ts';
import { tensorFacts, type Facts } from '../../facts.ts';
import type { NodeContext } from '../../node-context.ts';
import { withDim } from '../../shape.ts';
import { imageSize } from './image-size.ts';

const half = (size: Dim): Dim => addDims(floorDivideDims(size, 2), 1);

/** Output ends in 2 (real, imaginary), or 1 for an inverse one-sided transform; one-sided keeps n/2 + 1 places. */
export function inferDft(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  if (shape === undefined) return [tensorFacts(context.dtype(0), undefined)];
  const stated = context.opset >= 20 ? (context.has(2) ? context.numbers(2)?.[0] : -2) : context.int('axis', 1);
  const oneSided = context.int('onesided', 0) !== 0;
  const inverse = context.int('inverse', 0) !== 0;
  const parts = oneSided && inverse ? 1 : 2;
  if (stated === undefined) {
    // Whichever axis it is, a whole transform of the length that is there leaves every size as it was.
    const kept = !oneSided && !context.has(1) ? shape : filled<Dim>(shape.length, null);
    return [tensorFacts(context.dtype(0), withDim(kept, shape.length - 1, parts))];
  }
  const axis = context.axis(stated, shape.length);
  const size = context.has(1) ? (context.dims(1)?.[0] ?? null) : (shape[axis] ?? null);
  const whole = oneSided && inverse && !context.has(1) ? multiplyByTwoMinusTwo(size) : size;
  const transformed = withDim(shape, axis, oneSided && !inverse ? half(size) : whole);
  return [tensorFacts(context.dtype(0), withDim(transformed, shape.length - 1, parts))];
}

/** n/2 + 1 places of a one-sided transform stand for n = 2·(places − 1). */
function multiplyByTwoMinusTwo(places: Dim): Dim {
  const less = subtractDims(places, 1);
  return addDims(less, less);
}

/** [batch, frames, places, 2] */
export function inferStft(context: NodeContext): Facts[] {
  const signal = context.shape(0);
  const step = context.dims(1)?.[0] ?? null;
  const window = context.has(2) ? context.dim(2, 0) : null;
  const frame = context.has(3) ? (context.dims(3)?.[0] ?? null) : window;
  const frames = addDims(floorDivideDims(subtractDims(signal?.[1] ?? null, frame), step), 1);
  const places = context.int('onesided', 1) !== 0 ? half(frame) : frame;
  return [tensorFacts(context.dtype(0), [signal?.[0] ?? null, frames, places, 2])];
}

/** [height, width, channels] */
export function inferImage(context: NodeContext): Facts[] {
  const bytes = context.bytes(0);
  const size = bytes === undefined ? undefined : imageSize(bytes);
  const area = size === undefined ? context.openDims(2) : [size.height, size.width];
  return [tensorFacts('uint8', [...area, context.text('pixel_format', 'RGB') === 'Grayscale' ? 1 : 3])];
}

export function inferMel(context: NodeContext): Facts[] {
  const bins = context.dims(0)?.[0] ?? null;
  const length = context.dims(1)?.[0] ?? null;
  return [tensorFacts(context.dtypeAttribute('output_datatype') ?? 'float32', [half(length), bins])];
}
