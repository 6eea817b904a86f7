/** Normalizations and dropout. */
import { tensorFacts, type Facts } from '../facts.ts';
import type { NodeContext } from '../node-context.ts';
import { formatShape, withDim } from '../shape.ts';
import { defineOperators, MICROSOFT, type OperatorEntry, type QuantizationRole } from '../spec.ts';

/** Y has X's shape; in training mode (and before opset 7 by outputs) running statistics follow. */
function inferBatchNormalization(context: NodeContext): Facts[] {
  const data = context.shape(0);
  const channels = data === undefined ? undefined : (data[1] ?? 1);
  const given = context.dim(1, 0);
  if (typeof channels === 'number' && typeof given === 'number' && channels !== given) {
    context.fail(`scale has ${given} values, expected ${channels}: one for each channel of ${formatShape(data)}`);
  }
  const statistic = tensorFacts(context.dtype(3) ?? context.dtype(0), context.shape(3));
  return [context.same(), statistic, statistic, statistic, statistic];
}

/** Mean and InvStdDev keep the axes before `axis`, the others become 1. */
function inferLayerNormalization(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  const axis = shape === undefined ? 0 : context.axis(context.int('axis', -1), shape.length);
  if (shape !== undefined) {
    const scale = context.shape(1);
    const size = shape.at(-1);
    const last = scale?.at(-1);
    if (typeof size === 'number' && typeof last === 'number' && last !== 1 && last !== size) {
      context.fail(`scale ${formatShape(scale)} does not fit data ${formatShape(shape)} normalized from axis ${axis}`);
    }
  }
  const statistics = tensorFacts(
    'float32',
    shape?.map((dim, at) => (at < axis ? dim : 1)),
  );
  return [context.same(), statistics, statistics];
}

/** Outputs: Y, mean, inverse deviation, and the sum of input, skip and bias. */
function inferSkipNormalization(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  const statistics = tensorFacts('float32', shape === undefined ? undefined : withDim(shape, shape.length - 1, 1));
  return [context.same(), statistics, statistics, context.same()];
}

const keeps: OperatorEntry = {
  category: 'normalization',
  inputs: ['input', 'scale', 'B'],
  parameters: [1, 2],
  infer: (context) => [context.same()],
};

const layerNorm: OperatorEntry = {
  category: 'normalization',
  inputs: ['X', 'Scale', 'B'],
  parameters: [1, 2],
  infer: inferLayerNormalization,
};

const needsPrecision = (name: string): QuantizationRole => ({
  kind: 'float',
  reason: `${name} has no integer kernel, and needs float precision`,
});

export const normalizationOperators = [
  ...defineOperators('', {
    BatchNormalization: {
      category: 'normalization',
      inputs: ['X', 'scale', 'B', 'input_mean', 'input_var'],
      parameters: [1, 2, 3, 4],
      traits: ['fusesBackwards', 'channelsSecond'],
      quantization: {
        kind: 'float',
        reason: 'BatchNormalization stands behind no layer that it could be folded into',
      },
      infer: inferBatchNormalization,
    },
    LayerNormalization: { ...layerNorm, quantization: needsPrecision('LayerNormalization') },
    // ONNX Runtime registers this contributed operator in the default domain.
    SimplifiedLayerNormalization: { ...layerNorm, inputs: ['X', 'scale'], parameters: [1] },
    RMSNormalization: { ...keeps, inputs: ['X', 'scale'], parameters: [1] },
    InstanceNormalization: {
      ...keeps,
      traits: ['channelsSecond'],
      quantization: needsPrecision('InstanceNormalization'),
    },
    GroupNormalization: keeps,
    'LRN MeanVarianceNormalization LpNormalization': {
      category: 'normalization',
      inputs: ['X'],
      infer: (context) => [context.same()],
    },
    Dropout: {
      category: 'dropout',
      traits: ['passive'],
      inputs: ['data', 'ratio', 'training_mode'],
      settings: [1, 2],
      quantization: { kind: 'passthrough', input: 0 },
      infer: (context) => [
        context.same(),
        tensorFacts(context.opset < 10 ? context.dtype(0) : 'bool', context.shape(0)),
      ],
    },
  }),
  ...defineOperators(MICROSOFT, {
    SkipLayerNormalization: {
      category: 'normalization',
      inputs: ['input', 'skip', 'gamma', 'beta', 'bias'],
      parameters: [2, 3, 4],
      infer: inferSkipNormalization,
    },
    SkipSimplifiedLayerNormalization: {
      category: 'normalization',
      inputs: ['input', 'skip', 'gamma', 'bias'],
      parameters: [2, 3],
      infer: inferSkipNormalization,
    },
    SimplifiedLayerNormalization: { ...layerNorm, inputs: ['X', 'scale'], parameters: [1] },
    GroupNorm: { ...keeps, inputs: ['X', 'gamma', 'beta'] },
    SkipGroupNorm: {
      category: 'normalization',
      inputs: ['X', 'gamma', 'beta', 'skip', 'bias'],
      parameters: [1, 2, 4],
      infer: (context) => [context.same(), context.same()],
    },
    EmbedLayerNormalization: {
      category: 'normalization',
      inputs: [
        'input_ids',
        'segment_ids',
        'word_embedding',
        'position_embedding',
        'segment_embedding',
        'gamma',
        'beta',
        'mask',
        'position_ids',
      ],
      parameters: [2, 3, 4, 5, 6],
      infer: (context) => {
        const ids = context.shape(0);
        const shape = ids === undefined ? undefined : [...ids, context.dim(2, 1)];
        return [
          tensorFacts(context.dtype(2), shape),
          tensorFacts('int32', ids?.slice(0, 1)),
          tensorFacts(context.dtype(2), shape),
        ];
      },
    },
  }),
];
