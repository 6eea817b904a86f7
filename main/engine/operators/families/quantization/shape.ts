import type { DType } from '../../../tensor/dtype.ts';
import { tensorFacts, type Facts } from '../../facts.ts';
import type { NodeContext } from '../../node-context.ts';
import { elementCount, formatShape } from '../../shape.ts';

/** Scales per axis must be as many as the axis is long. */
function checkScale(context: NodeContext): void {
  const data = context.shape(0);
  const scale = context.shape(1);
  const count = elementCount(scale);
  if (data === undefined || scale?.length !== 1 || count === undefined || count <= 1) return;
  if (context.int('block_size', 0) !== 0) return;
  const axis = context.axis(context.int('axis', 1), data.length);
  const size = data[axis];
  if (typeof size === 'number' && size !== count) {
    context.fail(`it has ${count} scales, expected 1 or ${size}, the size of axis ${axis} of ${formatShape(data)}`);
  }
}

export function inferQuantize(context: NodeContext): Facts[] {
  checkScale(context);
  const stated = context.dtypeAttribute('output_dtype');
  const dtype: DType | undefined = context.has(2) ? context.dtype(2) : (stated ?? 'uint8');
  return [tensorFacts(dtype, context.shape(0))];
}

export function inferDequantize(context: NodeContext): Facts[] {
  checkScale(context);
  return [tensorFacts(context.dtypeAttribute('output_dtype') ?? context.dtype(1) ?? 'float32', context.shape(0))];
}
