import { type QuantizationRole } from '../../spec.ts';

export const alreadyThere: QuantizationRole = {
  kind: 'float',
  reason: 'part of a quantization that the model already has',
};
