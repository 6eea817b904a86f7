import { type QuantizationRole } from '../../spec.ts';

export const convolutionRole: QuantizationRole = {
  kind: 'weighted',
  dataInput: 0,
  weightInput: 1,
  biasInput: 2,
  channelAxis: () => 0,
  kernel: 'conv',
  givesFloat: false,
  floatBias: false,
  dataChannels: (dims, context) => (dims[1] ?? 1) * context.int('group', 1),
};
