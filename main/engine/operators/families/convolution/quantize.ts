import { type QuantizationRole } from '../../spec.ts';

export const convolutionRole: QuantizationRole = {
  kind: 'weighted',
  dataInput: 0,
  kernel: 'conv',
  givesFloat: false,
  floatBias: false,
};
