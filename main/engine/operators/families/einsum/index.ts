import { defineOperators } from '../../spec.ts';
import { inferEinsum } from './shape.ts';
import { einsumMacs } from './cost.ts';
import { einsumChannels } from './channels.ts';
import { einsumGradient } from './gradient.ts';

export const einsumOperators = defineOperators('', {
  Einsum: {
    category: 'layer',
    inputs: ['Inputs'],
    variadic: true,
    parameters: [0, 1],
    channels: einsumChannels,
    gradient: einsumGradient,
    infer: inferEinsum,
    macs: einsumMacs,
  },
});
