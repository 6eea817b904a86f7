import { type QuantizationRole } from '../../spec.ts';

export const passthrough: QuantizationRole = { kind: 'passthrough', input: 0 };
