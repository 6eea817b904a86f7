/** Reductions over axes, and what picks or accumulates along an axis. */
import { tensorFacts } from '../../facts.ts';
import {
  picksPlaces,
  reduceExtremeGradient,
  reduceL1Gradient,
  reduceL2Gradient,
  reduceLogSumExpGradient,
  reduceLogSumGradient,
  reduceMeanGradient,
  reduceProdGradient,
  reduceSumGradient,
  reduceSumSquareGradient,
  topKGradient,
  uniqueGradient,
} from './gradient.ts';
import { crossEntropyGradient, logLikelihoodGradient } from './loss-gradient.ts';
import { defineOperators, MICROSOFT, type OperatorEntry } from '../../spec.ts';
import { scalesFirst } from '../../scaling.ts';
import { maximum, minimum, product, sum } from '../elementwise/fold.ts';
import { inferReduction, inferArg, inferTopK, inferLoss, reduceShape } from './shape.ts';
import { cumProdGradient, cumSumGradient } from './cumulative-gradient.ts';
import { inferUnique } from './unique.ts';
import {
  argChannels,
  cumulativeChannels,
  meanChannels,
  reductionChannels,
  sumChannels,
  topKChannels,
} from './channels.ts';

const same: OperatorEntry = {
  category: 'tensor',
  inputs: ['x', 'axis'],
  channels: cumulativeChannels,
  infer: (context) => [context.same()],
};

const reduction: OperatorEntry = {
  category: 'tensor',
  inputs: ['data', 'axes'],
  settings: [1],
  channels: reductionChannels,
  infer: inferReduction,
};

const loss = { category: 'other', inputs: ['scores', 'labels', 'weights'], settings: [1], infer: inferLoss } as const;

export const reductionOperators = [
  ...defineOperators('', {
    ReduceSum: { ...reduction, channels: sumChannels, scaling: scalesFirst, gradient: reduceSumGradient, fold: sum },
    ReduceProd: { ...reduction, gradient: reduceProdGradient, fold: product },
    ReduceMin: { ...reduction, scaling: scalesFirst, gradient: reduceExtremeGradient, fold: minimum },
    ReduceMax: { ...reduction, scaling: scalesFirst, gradient: reduceExtremeGradient, fold: maximum },
    ReduceMean: { ...reduction, channels: meanChannels, scaling: scalesFirst, gradient: reduceMeanGradient },
    ReduceL1: { ...reduction, channels: sumChannels, scaling: scalesFirst, gradient: reduceL1Gradient },
    ReduceL2: { ...reduction, channels: sumChannels, scaling: scalesFirst, gradient: reduceL2Gradient },
    ReduceLogSum: { ...reduction, gradient: reduceLogSumGradient },
    ReduceLogSumExp: { ...reduction, gradient: reduceLogSumExpGradient },
    ReduceSumSquare: { ...reduction, channels: sumChannels, gradient: reduceSumSquareGradient },
    'ArgMax ArgMin': {
      category: 'tensor',
      inputs: ['data'],
      channels: argChannels,
      gradient: picksPlaces,
      infer: inferArg,
    },
    TopK: {
      category: 'tensor',
      inputs: ['X', 'K'],
      settings: [1],
      channels: topKChannels,
      gradient: topKGradient,
      infer: inferTopK,
    },
    CumSum: { ...same, gradient: cumSumGradient },
    CumProd: { ...same, gradient: cumProdGradient },
    Unique: { category: 'tensor', gradient: uniqueGradient, inputs: ['X'], infer: inferUnique },
    SoftmaxCrossEntropyLoss: { ...loss, gradient: crossEntropyGradient },
    NegativeLogLikelihoodLoss: { ...loss, gradient: logLikelihoodGradient },
  }),
  ...defineOperators(MICROSOFT, {
    QLinearReduceMean: {
      category: 'tensor',
      inputs: ['data', 'data_scale', 'data_zero_point', 'reduced_scale', 'reduced_zero_point'],
      settings: [1, 2, 3, 4],
      traits: ['integerKernel'],
      infer: (context) => [tensorFacts(context.dtype(0), reduceShape(context, 99))],
    },
  }),
];
