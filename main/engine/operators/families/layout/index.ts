/** Operators that give the same elements another shape or order. */
import { tensorFacts } from '../../facts.ts';
import {
  depthToSpaceGradient,
  expandGradient,
  reshapedGradient,
  spaceToDepthGradient,
  tileGradient,
  transposeGradient,
} from './gradient.ts';
import { keepsGradient } from '../elementwise/gradient.ts';
import { defineOperators, MICROSOFT } from '../../spec.ts';
import { passthrough } from './quantize.ts';
import {
  inferReshape,
  inferFlatten,
  inferSqueeze,
  inferUnsqueeze,
  inferIdentity,
  inferTranspose,
  inferExpand,
  inferTile,
  inferBlocks,
  reshaped,
} from './shape.ts';
import { scalesFirst } from '../../scaling.ts';
import { unaryChannels } from '../../channel-rules.ts';
import {
  depthToSpaceChannels,
  expandChannels,
  flattenChannels,
  reshapeChannels,
  spaceToDepthChannels,
  squeezeChannels,
  tileChannels,
  transposeChannels,
  unsqueezeChannels,
} from './channels.ts';

/** These only relabel the buffer. */
const moves = {
  bytes: (): number => 0,
  category: 'shape',
  quantization: passthrough,
  carries: 'first',
  scaling: scalesFirst,
} as const;

const relabels = ['rearranges', 'passive', 'inserted'] as const;

export const layoutOperators = [
  ...defineOperators('', {
    Reshape: {
      ...moves,
      gradient: reshapedGradient,
      traits: relabels,
      inputs: ['data', 'shape'],
      settings: [1],
      channels: reshapeChannels,
      infer: inferReshape,
    },
    Flatten: {
      ...moves,
      gradient: reshapedGradient,
      traits: ['rearranges', 'passive'],
      inputs: ['input'],
      channels: flattenChannels,
      infer: inferFlatten,
    },
    Squeeze: {
      ...moves,
      gradient: reshapedGradient,
      traits: relabels,
      inputs: ['data', 'axes'],
      settings: [1],
      channels: squeezeChannels,
      infer: inferSqueeze,
    },
    Unsqueeze: {
      ...moves,
      gradient: reshapedGradient,
      traits: relabels,
      inputs: ['data', 'axes'],
      settings: [1],
      channels: unsqueezeChannels,
      infer: inferUnsqueeze,
    },
    Identity: {
      ...moves,
      gradient: keepsGradient,
      traits: ['identity', ...relabels],
      inputs: ['input'],
      channels: unaryChannels,
      infer: inferIdentity,
    },
    Transpose: {
      gradient: transposeGradient,
      category: 'shape',
      channels: transposeChannels,
      scaling: scalesFirst,
      inputs: ['data'],
      traits: relabels,
      carries: 'first',
      quantization: passthrough,
      infer: inferTranspose,
    },
    Expand: {
      category: 'shape',
      channels: expandChannels,
      scaling: scalesFirst,
      gradient: expandGradient,
      inputs: ['input', 'shape'],
      settings: [1],
      traits: ['passive', 'repeats'],
      quantization: passthrough,
      infer: inferExpand,
    },
    Tile: {
      category: 'shape',
      channels: tileChannels,
      scaling: scalesFirst,
      gradient: tileGradient,
      inputs: ['input', 'repeats'],
      settings: [1],
      traits: ['repeats'],
      quantization: passthrough,
      infer: inferTile,
    },
    'MemcpyToHost MemcpyFromHost': {
      ...moves,
      gradient: keepsGradient,
      inputs: ['X'],
      traits: ['movesLayout'],
      infer: inferIdentity,
    },
    DepthToSpace: {
      category: 'shape',
      channels: depthToSpaceChannels,
      scaling: scalesFirst,
      gradient: depthToSpaceGradient,
      inputs: ['input'],
      carries: 'first',
      quantization: passthrough,
      infer: inferBlocks(false),
    },
    SpaceToDepth: {
      category: 'shape',
      channels: spaceToDepthChannels,
      scaling: scalesFirst,
      gradient: spaceToDepthGradient,
      inputs: ['input'],
      carries: 'first',
      quantization: passthrough,
      infer: inferBlocks(true),
    },
  }),
  ...defineOperators(MICROSOFT, {
    ExpandDims: {
      ...moves,
      gradient: reshapedGradient,
      inputs: ['X', 'axis'],
      settings: [1],
      infer: (context) => {
        const shape = context.shape(0);
        const axis = context.numbers(1)?.[0];
        if (shape === undefined || axis === undefined) return [tensorFacts(context.dtype(0), undefined)];
        const at = context.axis(axis, shape.length + 1);
        return reshaped(context, [...shape.slice(0, at), 1, ...shape.slice(at)]);
      },
    },
  }),
];
