/** Operators on one element, or on elements at the same place of broadcast inputs. */
import type { DType } from '../../tensor/dtype.ts';
import { tensorFacts, type Facts } from '../facts.ts';
import { foldOne, foldPair, isInteger, mapConstant, zipConstants } from '../fold.ts';
import type { NodeContext } from '../node-context.ts';
import { defineOperators, MICROSOFT, type OperatorEntry } from '../spec.ts';

/** One input, same type and shape; small constants are computed. */
export function inferUnary(context: NodeContext): Facts[] {
  const { opType } = context.node;
  const constant = mapConstant(context.constant(0), context.dtype(0), (element) => foldOne(opType, element));
  return [tensorFacts(context.dtype(0), context.shape(0), constant)];
}

/** Two or more inputs, broadcast; all small constants are computed. `result` is the type, where it is not the operands'. */
function inferBroadcast(result?: DType) {
  return (context: NodeContext): Facts[] => {
    const { opType } = context.node;
    const operands = context.inputs.map((_, index) => index);
    if (operands.length === 0) context.fail('it has no inputs, expected at least one');
    const operandType = context.inputs.find((facts) => facts?.dtype !== undefined)?.dtype;
    const dtype = result ?? operandType;
    const shape = legacyAxis(context) ?? context.broadcast(operands);
    const constant = zipConstants(context.constants(operands), dtype, (elements) =>
      elements.reduce((a, b) => foldPair(opType, a, b, isInteger(operandType))),
    );
    return [tensorFacts(dtype, shape, constant)];
  };
}

/** Before opset 7 the second operand is laid along the first from `axis` on, and the first one's shape stays. */
function legacyAxis(context: NodeContext) {
  const legacy = context.opset < 7 && context.node.domain !== MICROSOFT && context.int('broadcast', 0) !== 0;
  return legacy ? context.shape(0) : undefined;
}

function binary(category: OperatorEntry['category'], result?: DType, extra?: Partial<OperatorEntry>): OperatorEntry {
  return { category, inputs: ['A', 'B'], infer: inferBroadcast(result), ...extra };
}

const several: OperatorEntry = {
  category: 'other',
  inputs: ['data_0'],
  variadic: true,
  infer: inferBroadcast(),
};

const unary: OperatorEntry = { category: 'other', inputs: ['X'], infer: inferUnary };
const toBool: OperatorEntry = {
  category: 'other',
  inputs: ['X'],
  infer: (context) => [tensorFacts('bool', context.shape(0))],
};

function inferWhere(context: NodeContext): Facts[] {
  const dtype = context.dtype(1) ?? context.dtype(2);
  const constant = zipConstants(context.constants([0, 1, 2]), dtype, ([condition = null, x = null, y = null]) => {
    if (condition === null) return x !== null && x === y ? x : null;
    return condition === 0 ? y : x;
  });
  return [tensorFacts(dtype, context.broadcast([0, 1, 2]), constant)];
}

const quantizedPair: OperatorEntry = {
  category: 'other',
  inputs: ['A', 'A_scale', 'A_zero_point', 'B', 'B_scale', 'B_zero_point', 'C_scale', 'C_zero_point'],
  parameters: [0, 3],
  settings: [1, 2, 4, 5, 6, 7],
  traits: ['integerKernel'],
  infer: (context) => [tensorFacts(context.dtype(0), context.broadcast([0, 3]))],
};

const fuses = { quantization: { kind: 'elementwise', inputs: [0, 1] } } as const;

export const elementwiseOperators = [
  ...defineOperators('', {
    'Abs Neg Floor Ceil Round Sqrt Exp Log Reciprocal Sign Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh':
      unary,
    'Not BitwiseNot': unary,
    'IsNaN IsInf': toBool,
    Add: binary('other', undefined, { ...fuses, parameters: [0, 1], traits: ['adds'] }),
    Mul: binary('other', undefined, { ...fuses, parameters: [0, 1] }),
    'Sub Div Pow Mod': binary('other', undefined, { parameters: [0, 1] }),
    'BitShift BitwiseAnd BitwiseOr BitwiseXor': binary('other'),
    'And Or Xor Equal Less LessOrEqual Greater GreaterOrEqual': binary('other', 'bool'),
    Sum: { ...several, traits: ['adds'] },
    'Mean Min Max': several,
    Where: { category: 'other', inputs: ['condition', 'X', 'Y'], infer: inferWhere },
  }),
  ...defineOperators(MICROSOFT, {
    'QLinearAdd QLinearMul': quantizedPair,
    QLinearWhere: {
      category: 'other',
      inputs: ['condition', 'X', 'x_scale', 'x_zero_point', 'Y', 'y_scale', 'y_zero_point', 'z_scale', 'z_zero_point'],
      settings: [2, 3, 5, 6, 7, 8],
      traits: ['integerKernel'],
      infer: (context) => [tensorFacts(context.dtype(1), context.broadcast([0, 1, 4]))],
    },
    BiasAdd: binary('other', undefined, { inputs: ['X', 'bias', 'skip'], parameters: [1] }),
    BiasSplitGelu: {
      category: 'activation',
      inputs: ['X', 'bias'],
      parameters: [1],
      infer: (context) => {
        const shape = context.shape(0);
        const last = shape?.at(-1);
        const half = typeof last === 'number' ? last / 2 : null;
        return [tensorFacts(context.dtype(0), shape === undefined ? undefined : [...shape.slice(0, -1), half])];
      },
    },
  }),
];
