import { type QuantizationRole } from '../../spec.ts';

export const needsPrecision = (name: string): QuantizationRole => ({
  kind: 'float',
  reason: `${name} has no integer kernel, and needs float precision`,
});
