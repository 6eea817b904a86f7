/** Operators that make tensors: constants, shapes as values, ranges, random numbers, casts. */
import { tensorFacts } from '../../facts.ts';
import { defineOperators, type OperatorEntry } from '../../spec.ts';
import {
  inferConstant,
  inferShape,
  inferSize,
  inferConstantOfShape,
  inferRange,
  castTo,
  inferMultinomial,
  windowFunction,
} from './shape.ts';
import { unaryChannels } from '../../channel-rules.ts';
import { castGradient, random, readsBits, readsNoValues } from './gradient.ts';
import { castLikeChannels, constantOfShapeChannels, shapeChannels } from './channels.ts';

/** Random tensors of a stated shape. */
const randomOfShape: OperatorEntry = {
  category: 'tensor',
  inputs: [],
  gradient: random,
  traits: ['random'],
  infer: (context) => [tensorFacts(context.dtypeAttribute('dtype') ?? 'float32', context.ints('shape'))],
};

const likeInput: OperatorEntry = {
  category: 'tensor',
  inputs: ['input'],
  infer: (context) => [tensorFacts(context.dtypeAttribute('dtype') ?? context.dtype(0), context.shape(0))],
};

export const generatingOperators = defineOperators('', {
  Constant: {
    category: 'tensor',
    gradient: readsNoValues,
    traits: ['constant', 'passive'],
    inputs: [],
    infer: inferConstant,
    bytes: () => 0,
  },
  Shape: {
    category: 'shape',
    gradient: readsNoValues,
    traits: ['readsShape', 'passive'],
    inputs: ['data'],
    channels: shapeChannels,
    infer: inferShape,
    bytes: (context) => context.outputBytes(0),
  },
  Size: {
    category: 'shape',
    gradient: readsNoValues,
    traits: ['readsShape'],
    inputs: ['data'],
    infer: inferSize,
    bytes: (context) => context.outputBytes(0),
  },
  ConstantOfShape: {
    category: 'tensor',
    gradient: readsNoValues,
    inputs: ['input'],
    settings: [0],
    traits: ['fills'],
    channels: constantOfShapeChannels,
    infer: inferConstantOfShape,
  },
  Range: {
    category: 'tensor',
    gradient: readsNoValues,
    inputs: ['start', 'limit', 'delta'],
    settings: [0, 1, 2],
    infer: inferRange,
  },
  Cast: {
    category: 'tensor',
    gradient: castGradient,
    inputs: ['input'],
    traits: ['rearranges', 'passive', 'inserted'],
    carries: 'first',
    channels: unaryChannels,
    infer: (context) => castTo(context, context.dtypeAttribute('to')),
  },
  CastLike: {
    category: 'tensor',
    gradient: castGradient,
    inputs: ['input', 'target_type'],
    channels: castLikeChannels,
    infer: (context) => castTo(context, context.dtype(1)),
  },
  BitCast: {
    category: 'tensor',
    gradient: readsBits,
    inputs: ['input'],
    infer: (context) => [tensorFacts(context.dtypeAttribute('to'), context.shape(0))],
  },
  'RandomNormal RandomUniform': randomOfShape,
  'RandomNormalLike RandomUniformLike Bernoulli': { ...likeInput, gradient: random, traits: ['random'] },
  EyeLike: { ...likeInput, gradient: readsNoValues },
  Multinomial: { category: 'tensor', inputs: ['input'], gradient: random, traits: ['random'], infer: inferMultinomial },
  'HannWindow HammingWindow BlackmanWindow': {
    category: 'tensor',
    gradient: readsNoValues,
    inputs: ['size'],
    infer: windowFunction,
  },
});
