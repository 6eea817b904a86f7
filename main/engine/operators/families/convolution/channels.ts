/** Channels of kernels. */
import type { LayerWeights } from '../../channels.ts';

/** [M, C/g, kH, kW] */
export const kernels: LayerWeights = {
  input: 1,
  bias: 2,
  outputChannels: () => ({ axis: 0, groups: 1 }),
  dataChannels: (context) => ({ axis: 1, groups: context.int('group', 1) }),
  summed: ({ weightRank }) => ({ inputs: 1, taps: spatialAxes(weightRank) }),
};

/** [C, M/g, kH, kW] */
export const transposedKernels: LayerWeights = {
  input: 1,
  bias: 2,
  outputChannels: (context) => ({ axis: 1, groups: context.int('group', 1) }),
  dataChannels: () => ({ axis: 0, groups: 1 }),
  summed: ({ weightRank }) => ({ inputs: 0, taps: spatialAxes(weightRank) }),
};

function spatialAxes(weightRank: number): readonly number[] {
  return Array.from({ length: Math.max(0, weightRank - 2) }, (_, at) => at + 2);
}
