/** Channels of matrices. */
import type { LayerWeights } from '../../channels.ts';

/** […, K, N]; the data's features lie on its last axis. */
export const matrices: LayerWeights = {
  input: 1,
  bias: undefined,
  outputChannels: ({ weightRank }) => (weightRank > 1 ? { axis: weightRank - 1, groups: 1 } : undefined),
  summed: ({ weightRank }) => ({ inputs: Math.max(0, weightRank - 2), taps: [] }),
};

/** [K, N], or [N, K] with transB */
export const gemmMatrix: LayerWeights = {
  input: 1,
  bias: 2,
  outputChannels: (context) => ({ axis: context.int('transB', 0) === 0 ? 1 : 0, groups: 1 }),
  dataChannels: (context) =>
    context.int('transA', 0) === 0 ? { axis: context.int('transB', 0) === 0 ? 0 : 1, groups: 1 } : undefined,
  summed: (context) => ({ inputs: context.int('transB', 0) === 0 ? 0 : 1, taps: [] }),
};
