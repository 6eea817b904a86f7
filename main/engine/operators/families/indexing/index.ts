/** Slices, gathers, scatters: parts of tensors by place. */
import type { Shape } from '../../../graph/ir.ts';
import { tensorFacts } from '../../facts.ts';
import { normalizeAxis } from '../../shape.ts';
import { defineOperators, MICROSOFT, type OperatorEntry } from '../../spec.ts';
import { outputTwice } from '../layout/shape.ts';
import { passthrough } from './quantize.ts';
import {
  inferSlice,
  inferGather,
  inferGatherNd,
  scatteredShape,
  inferCompress,
  inferOneHot,
  inferNonZero,
} from './shape.ts';
import { pickedBytes } from './cost.ts';
import {
  compressGradient,
  gatherElementsGradient,
  gatherGradient,
  gatherNdGradient,
  givesPlaces,
  oneHotGradient,
  reverseSequenceGradient,
  scatterElementsGradient,
  scatterNdGradient,
  sliceGradient,
  tensorScatterGradient,
  triluGradient,
} from './gradient.ts';
import { scalesFirst } from '../../scaling.ts';
import { gatherChannels, sliceChannels, triangleChannels } from './channels.ts';

const scatter: OperatorEntry = {
  category: 'tensor',
  inputs: ['data', 'indices', 'updates'],
  infer: scatteredShape,
};

/** The same shape, elements left out or in another order. */
const masked: OperatorEntry = {
  category: 'tensor',
  channels: triangleChannels,
  inputs: ['input', 'k'],
  settings: [1],
  infer: (context) => [context.same()],
};

export const indexingOperators = [
  ...defineOperators('', {
    Slice: {
      category: 'tensor',
      channels: sliceChannels,
      scaling: scalesFirst,
      gradient: sliceGradient,
      traits: ['passive'],
      inputs: ['data', 'starts', 'ends', 'axes', 'steps'],
      settings: [1, 2, 3, 4],
      carries: 'first',
      quantization: passthrough,
      infer: inferSlice,
      bytes: outputTwice,
    },
    Gather: {
      category: 'tensor',
      channels: gatherChannels,
      scaling: scalesFirst,
      gradient: gatherGradient,
      traits: ['looksUp', 'passive'],
      inputs: ['data', 'indices'],
      parameters: [0],
      quantization: passthrough,
      infer: inferGather,
      bytes: pickedBytes,
    },
    GatherElements: {
      category: 'tensor',
      gradient: gatherElementsGradient,
      inputs: ['data', 'indices'],
      infer: (context) => [tensorFacts(context.dtype(0), context.shape(1))],
      bytes: pickedBytes,
    },
    GatherND: {
      category: 'tensor',
      gradient: gatherNdGradient,
      inputs: ['data', 'indices'],
      infer: inferGatherNd,
      bytes: pickedBytes,
    },
    'Scatter ScatterElements': { ...scatter, gradient: scatterElementsGradient },
    ScatterND: { ...scatter, gradient: scatterNdGradient },
    TensorScatter: {
      category: 'tensor',
      gradient: tensorScatterGradient,
      inputs: ['past_cache', 'update', 'write_indices'],
      settings: [2],
      infer: (context) => [context.same()],
    },
    Trilu: { ...masked, gradient: triluGradient },
    ReverseSequence: { ...masked, gradient: reverseSequenceGradient },
    Compress: { category: 'tensor', gradient: compressGradient, inputs: ['input', 'condition'], infer: inferCompress },
    OneHot: {
      category: 'tensor',
      gradient: oneHotGradient,
      inputs: ['indices', 'depth', 'values'],
      settings: [1, 2],
      infer: inferOneHot,
    },
    NonZero: { category: 'tensor', gradient: givesPlaces, inputs: ['X'], infer: inferNonZero },
  }),
  ...defineOperators(MICROSOFT, {
    GatherBlockQuantized: {
      category: 'quantization',
      inputs: ['data', 'indices', 'scales', 'zero_points'],
      parameters: [0],
      settings: [2, 3],
      packedElements: (input, { dims, dtype }, attributes) =>
        input === 0 && dtype === 'uint8'
          ? dims.reduce((product, dim) => product * dim, 1) * Math.floor(8 / (attributes.int('bits') ?? 4))
          : undefined,
      traits: ['integerKernel'],
      infer: (context) => {
        const data = context.shape(0);
        const indices = context.shape(1);
        if (data === undefined || indices === undefined) return [tensorFacts(context.dtype(2), undefined)];
        const axis = normalizeAxis(context.int('gather_axis', 0), data.length) ?? 0;
        const perByte = context.dtype(0) === 'uint8' ? Math.floor(8 / context.int('bits', 4)) : 1;
        const unpacked: Shape = data.map((dim, at) =>
          at === data.length - 1 && typeof dim === 'number' ? dim * perByte : dim,
        );
        return [tensorFacts(context.dtype(2), [...unpacked.slice(0, axis), ...indices, ...unpacked.slice(axis + 1)])];
      },
      bytes: pickedBytes,
    },
  }),
];
