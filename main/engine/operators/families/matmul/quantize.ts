import { type QuantizationRole } from '../../spec.ts';

export const matmulRole: QuantizationRole = {
  kind: 'weighted',
  dataInput: 0,
  // Batched weights [B, K, N]: the kernel takes one scale only.
  scaledByChannel: ({ weightRank }) => weightRank === 2,
  kernel: 'matmul',
  givesFloat: true,
  floatBias: false,
  activations: [0, 1],
  refuse: ({ weightRank }) => (weightRank < 2 ? 'its weights are a vector' : undefined),
};

export const gemmRole: QuantizationRole = {
  kind: 'weighted',
  dataInput: 0,
  kernel: 'matmul',
  givesFloat: true,
  floatBias: true,
  factors: true,
  refuse: (context) => {
    if (context.int('transA', 0) !== 0) return 'it transposes its input';
    const { weightDims, biasElements } = context;
    const width = weightDims[context.int('transB', 0) === 0 ? 1 : 0];
    if (biasElements === undefined || biasElements === 1 || biasElements === width) return undefined;
    return `its bias has ${biasElements} elements, the integer kernel takes one for each of ${width} outputs`;
  },
};
