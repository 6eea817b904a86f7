/** Concat and Split: tensors laid side by side. */
import { tensorFacts } from '../../facts.ts';
import { defineOperators, MICROSOFT } from '../../spec.ts';
import { inferConcat, inferSplit, concatShape } from './shape.ts';
import { scalesFirst } from '../../scaling.ts';
import { concatChannels, splitChannels } from './channels.ts';
import { concatGradient, splitGradient } from './gradient.ts';

export const joiningOperators = [
  ...defineOperators('', {
    Concat: {
      category: 'tensor',
      channels: concatChannels,
      scaling: { kind: 'joins' },
      gradient: concatGradient,
      inputs: ['inputs'],
      variadic: true,
      carries: 'all',
      traits: ['passive'],
      quantization: { kind: 'elementwise', inputs: 'all' },
      infer: inferConcat,
    },
    Split: {
      category: 'tensor',
      channels: splitChannels,
      scaling: scalesFirst,
      gradient: splitGradient,
      inputs: ['input', 'split'],
      settings: [1],
      carries: 'first',
      quantization: { kind: 'passthrough', input: 0, severalOutputs: true },
      infer: inferSplit,
    },
  }),
  ...defineOperators(MICROSOFT, {
    QLinearConcat: {
      category: 'tensor',
      inputs: ['Y_scale', 'Y_zero_point', 'inputs'],
      variadic: true,
      settings: [0, 1],
      traits: ['integerKernel'],
      infer: (context) => {
        // Behind the output's scale and zero point: tensor, scale, zero point, tensor, …
        const tensors = context.inputs.flatMap((_, index) => (index >= 2 && index % 3 === 2 ? [index] : []));
        return [tensorFacts(context.dtype(2), concatShape(context, tensors, context.int('axis', 0)))];
      },
    },
  }),
];
