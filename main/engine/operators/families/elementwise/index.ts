/** Operators on one element, or on elements at the same place of broadcast inputs. */
import type { DType } from '../../../tensor/dtype.ts';
import { tensorFacts } from '../../facts.ts';
import { defineOperators, MICROSOFT, NO_KERNEL, type OperatorEntry } from '../../spec.ts';
import * as fold from './fold.ts';
import * as gradient from './gradient.ts';
import { inferBroadcast, inferUnary, inferWhere } from './shape.ts';
import { scalesFirst } from '../../scaling.ts';
import { elementwiseChannels, unaryChannels } from '../../channel-rules.ts';

function binary(category: OperatorEntry['category'], result?: DType, extra?: Partial<OperatorEntry>): OperatorEntry {
  return { category, inputs: ['A', 'B'], channels: elementwiseChannels, infer: inferBroadcast(result), ...extra };
}

const several: OperatorEntry = {
  category: 'other',
  inputs: ['data_0'],
  variadic: true,
  channels: elementwiseChannels,
  infer: inferBroadcast(),
};

const unary: OperatorEntry = { category: 'other', inputs: ['X'], channels: unaryChannels, infer: inferUnary };

const toBool: OperatorEntry = {
  gradient: gradient.logical,
  category: 'other',
  inputs: ['X'],
  channels: unaryChannels,
  infer: (context) => [tensorFacts('bool', context.shape(0))],
};

const quantizedPair: OperatorEntry = {
  category: 'other',
  inputs: ['A', 'A_scale', 'A_zero_point', 'B', 'B_scale', 'B_zero_point', 'C_scale', 'C_zero_point'],
  parameters: [0, 3],
  settings: [1, 2, 4, 5, 6, 7],
  traits: ['integerKernel'],
  infer: (context) => [tensorFacts(context.dtype(0), context.broadcast([0, 3]))],
};

const joins = { kind: 'joins' } as const;

const fuses = { quantization: { kind: 'elementwise', inputs: [0, 1] } } as const;

export const elementwiseOperators = [
  ...defineOperators('', {
    Abs: { ...unary, scaling: scalesFirst, fold: fold.absolute, gradient: gradient.absGradient },
    Neg: { ...unary, scaling: scalesFirst, fold: fold.negative, gradient: gradient.negGradient },
    Floor: { ...unary, fold: fold.floor, gradient: gradient.flat },
    Ceil: { ...unary, fold: fold.ceil, gradient: gradient.flat },
    Round: { ...unary, fold: fold.round, gradient: gradient.flat },
    Sqrt: { ...unary, fold: fold.squareRoot, gradient: gradient.sqrtGradient, traits: ['keepsZero'] },
    Exp: { ...unary, fold: fold.exponential, gradient: gradient.expGradient },
    Log: { ...unary, fold: fold.logarithm, gradient: gradient.logGradient },
    Reciprocal: { ...unary, fold: fold.reciprocal, gradient: gradient.reciprocalGradient },
    Sign: { ...unary, fold: fold.sign, gradient: gradient.flat },
    Not: { ...unary, fold: fold.not, gradient: gradient.logical },
    Sin: { ...unary, gradient: gradient.sinGradient },
    Cos: { ...unary, gradient: gradient.cosGradient },
    Tan: { ...unary, gradient: gradient.tanGradient },
    Asin: { ...unary, gradient: gradient.asinGradient },
    Acos: { ...unary, gradient: gradient.acosGradient },
    Atan: { ...unary, gradient: gradient.atanGradient },
    Sinh: { ...unary, gradient: gradient.sinhGradient },
    Cosh: { ...unary, gradient: gradient.coshGradient },
    Asinh: { ...unary, gradient: gradient.asinhGradient },
    Acosh: { ...unary, gradient: gradient.acoshGradient },
    Atanh: { ...unary, gradient: gradient.atanhGradient },
    BitwiseNot: { ...unary, gradient: gradient.logical },
    'IsNaN IsInf': toBool,
    Add: binary('other', undefined, {
      gradient: gradient.addGradient,
      scaling: joins,
      ...fuses,
      parameters: [0, 1],
      traits: ['adds'],
      fold: fold.sum,
    }),
    Mul: binary('other', undefined, {
      gradient: gradient.mulGradient,
      scaling: { kind: 'multiplies' },
      ...fuses,
      parameters: [0, 1],
      fold: fold.product,
    }),
    Sub: binary('other', undefined, {
      scaling: joins,
      gradient: gradient.subGradient,
      parameters: [0, 1],
      fold: fold.difference,
    }),
    Div: binary('other', undefined, {
      scaling: scalesFirst,
      gradient: gradient.divGradient,
      parameters: [0, 1],
      fold: fold.quotient,
    }),
    Pow: binary('other', undefined, {
      gradient: gradient.powGradient,
      parameters: [0, 1],
      traits: ['keepsZero'],
      fold: fold.power,
    }),
    Mod: binary('other', undefined, {
      gradient: gradient.modGradient,
      parameters: [0, 1],
      fold: fold.remainder,
      infer: inferBroadcast(undefined, (context) =>
        context.int('fmod', 0) === 0 ? undefined : fold.truncatedRemainder,
      ),
    }),
    'BitShift BitwiseAnd BitwiseOr BitwiseXor': binary('other', undefined, { gradient: gradient.logical }),
    And: binary('other', 'bool', { gradient: gradient.logical, fold: fold.and }),
    Or: binary('other', 'bool', { gradient: gradient.logical, fold: fold.or }),
    Xor: binary('other', 'bool', { gradient: gradient.logical, fold: fold.xor }),
    Equal: binary('other', 'bool', { gradient: gradient.logical, fold: fold.equal }),
    Less: binary('other', 'bool', { gradient: gradient.logical, fold: fold.less }),
    LessOrEqual: binary('other', 'bool', { gradient: gradient.logical, fold: fold.lessOrEqual }),
    Greater: binary('other', 'bool', { gradient: gradient.logical, fold: fold.greater }),
    GreaterOrEqual: binary('other', 'bool', { gradient: gradient.logical, fold: fold.greaterOrEqual }),
    Sum: { ...several, scaling: joins, gradient: gradient.sumGradient, traits: ['adds'], fold: fold.sum },
    Min: { ...several, scaling: joins, gradient: gradient.extremeGradient, fold: fold.minimum },
    Max: { ...several, scaling: joins, gradient: gradient.extremeGradient, fold: fold.maximum },
    Mean: { ...several, scaling: joins, gradient: gradient.meanGradient },
    Where: {
      category: 'other',
      inputs: ['condition', 'X', 'Y'],
      channels: elementwiseChannels,
      infer: inferWhere,
      gradient: gradient.whereGradient,
    },
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
    BiasAdd: binary('other', undefined, { gradient: NO_KERNEL, inputs: ['X', 'bias', 'skip'], parameters: [1] }),
    BiasSplitGelu: {
      gradient: NO_KERNEL,
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
