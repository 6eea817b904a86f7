/** Fourier transforms and filter banks. */
import { defineOperators } from '../../spec.ts';
import { inferDft, inferStft, inferMel } from './shape.ts';

export const signalOperators = defineOperators('', {
  DFT: { category: 'tensor', inputs: ['input', 'dft_length', 'axis'], settings: [1, 2], infer: inferDft },
  STFT: {
    category: 'tensor',
    inputs: ['signal', 'frame_step', 'window', 'frame_length'],
    settings: [1, 3],
    infer: inferStft,
  },
  MelWeightMatrix: {
    category: 'tensor',
    inputs: ['num_mel_bins', 'dft_length', 'sample_rate', 'lower_edge_hertz', 'upper_edge_hertz'],
    settings: [0, 1, 2, 3, 4],
    infer: inferMel,
  },
});
