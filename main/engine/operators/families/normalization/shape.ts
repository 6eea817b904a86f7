import { tensorFacts, type Facts } from '../../facts.ts';
import type { NodeContext } from '../../node-context.ts';
import { formatShape, withDim } from '../../shape.ts';

/** Y has X's shape; in training mode (and before opset 7 by outputs) running statistics follow. */
export function inferBatchNormalization(context: NodeContext): Facts[] {
  const data = context.shape(0);
  const channels = data === undefined ? undefined : (data[1] ?? 1);
  const given = context.dim(1, 0);
  if (typeof channels === 'number' && typeof given === 'number' && channels !== given) {
    context.fail(`scale has ${given} values, expected ${channels}: one for each channel of ${formatShape(data)}`);
  }
  const statistic = tensorFacts(context.dtype(3) ?? context.dtype(0), context.shape(3));
  return [context.same(), statistic, statistic, statistic, statistic];
}

/** Mean and InvStdDev keep the axes before `axis`, the others become 1. */
export function inferLayerNormalization(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  const axis = shape === undefined ? 0 : context.axis(context.int('axis', -1), shape.length);
  if (shape !== undefined) {
    const scale = context.shape(1);
    const size = shape.at(-1);
    const last = scale?.at(-1);
    if (typeof size === 'number' && typeof last === 'number' && last !== 1 && last !== size) {
      context.fail(`scale ${formatShape(scale)} does not fit data ${formatShape(shape)} normalized from axis ${axis}`);
    }
  }
  const statistics = tensorFacts(
    'float32',
    shape?.map((dim, at) => (at < axis ? dim : 1)),
  );
  return [context.same(), statistics, statistics];
}

/** Outputs: Y, mean, inverse deviation, and the sum of input, skip and bias. */
export function inferSkipNormalization(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  const statistics = tensorFacts('float32', shape === undefined ? undefined : withDim(shape, shape.length - 1, 1));
  return [context.same(), statistics, statistics, context.same()];
}
