import { defineOperators } from '../../spec.ts';
import { inferEinsum } from './shape.ts';
import { einsumMacs } from './cost.ts';

export const einsumOperators = defineOperators('', {
  Einsum: {
    category: 'layer',
    inputs: ['Inputs'],
    variadic: true,
    parameters: [0, 1],
    infer: inferEinsum,
    macs: einsumMacs,
  },
});
