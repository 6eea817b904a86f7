import type { DType } from '../../../tensor/dtype.ts';
import type { Fold } from '../../constant.ts';
import { tensorFacts, type Facts } from '../../facts.ts';
import { isInteger, mapConstant, zipConstants } from '../../fold.ts';
import type { NodeContext } from '../../node-context.ts';
import { MICROSOFT } from '../../spec.ts';

/** One input, same type and shape; small constants are computed. */
export function inferUnary(context: NodeContext): Facts[] {
  const { fold } = context;
  const constant =
    fold === undefined
      ? undefined
      : mapConstant(context.constant(0), context.dtype(0), (element) => fold([element], false));
  return [tensorFacts(context.dtype(0), context.shape(0), constant)];
}

/**
 * Two or more inputs, broadcast; all small constants are computed. `result` is the type, where it is not the operands'; `other`
 * how it computes where its attributes ask for something else.
 */
export function inferBroadcast(result?: DType, other?: (context: NodeContext) => Fold | undefined) {
  return (context: NodeContext): Facts[] => {
    const fold = other?.(context) ?? context.fold;
    const operands = context.inputs.map((_, index) => index);
    if (operands.length === 0) context.fail('it has no inputs, expected at least one');
    const operandType = context.inputs.find((facts) => facts?.dtype !== undefined)?.dtype;
    const dtype = result ?? operandType;
    const shape = legacyAxis(context) ?? context.broadcast(operands);
    const constant =
      fold === undefined
        ? undefined
        : zipConstants(context.constants(operands), dtype, (elements) => fold(elements, isInteger(operandType)));
    return [tensorFacts(dtype, shape, constant)];
  };
}

/** Before opset 7 the second operand is laid along the first from `axis` on, and the first one's shape stays. */
function legacyAxis(context: NodeContext) {
  const legacy = context.opset < 7 && context.node.domain !== MICROSOFT && context.int('broadcast', 0) !== 0;
  return legacy ? context.shape(0) : undefined;
}

export function inferWhere(context: NodeContext): Facts[] {
  const dtype = context.dtype(1) ?? context.dtype(2);
  const constant = zipConstants(context.constants([0, 1, 2]), dtype, ([condition = null, x = null, y = null]) => {
    if (condition === null) return x !== null && x === y ? x : null;
    return condition === 0 ? y : x;
  });
  return [tensorFacts(dtype, context.broadcast([0, 1, 2]), constant)];
}
