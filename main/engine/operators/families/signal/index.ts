/** Fourier transforms, filter banks, images as files. */
import { defineOperators } from '../../spec.ts';
import { dftMacs, stftMacs } from './cost.ts';
import { dftGradient, stftGradient } from './gradient.ts';
import { inferDft, inferImage, inferStft, inferMel } from './shape.ts';

export const signalOperators = defineOperators('', {
  DFT: {
    category: 'tensor',
    inputs: ['input', 'dft_length', 'axis'],
    settings: [1, 2],
    gradient: dftGradient,
    infer: inferDft,
    macs: dftMacs,
  },
  STFT: {
    category: 'tensor',
    inputs: ['signal', 'frame_step', 'window', 'frame_length'],
    settings: [1, 3],
    gradient: stftGradient,
    infer: inferStft,
    macs: stftMacs,
  },
  MelWeightMatrix: {
    category: 'tensor',
    inputs: ['num_mel_bins', 'dft_length', 'sample_rate', 'lower_edge_hertz', 'upper_edge_hertz'],
    settings: [0, 1, 2, 3, 4],
    gradient: { stops: 'depends on settings alone' },
    infer: inferMel,
  },
  ImageDecoder: {
    category: 'tensor',
    inputs: ['encoded_stream'],
    gradient: { stops: 'reads the bytes of a file' },
    infer: inferImage,
  },
});
