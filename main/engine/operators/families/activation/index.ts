/** Activations: same type and shape as the input. */
import { tensorFacts } from '../../facts.ts';
import { reluGradient } from './gradient.ts';
import { defineOperators, MICROSOFT, type OperatorEntry } from '../../spec.ts';
import { rectified } from '../elementwise/fold.ts';
import { inferUnary } from '../elementwise/shape.ts';
import { clipBounds } from './quantize.ts';
import { elementwiseChannels, unaryChannels } from '../../channel-rules.ts';
import { softmaxChannels } from './channels.ts';

const activation: OperatorEntry = {
  category: 'activation',
  inputs: ['X'],
  channels: unaryChannels,
  infer: inferUnary,
};

const fused: OperatorEntry = { ...activation, quantization: { kind: 'elementwise', inputs: [0] } };

/** Softmax and kin, checked for their axis (default 1 before opset 13, then -1). */
const softmax: OperatorEntry = {
  category: 'activation',
  channels: softmaxChannels,
  inputs: ['input'],
  infer: (context) => {
    const shape = context.shape(0);
    if (shape !== undefined && shape.length > 0) {
      const axis = context.int('axis', context.opset < 13 ? Math.min(1, shape.length - 1) : -1);
      // Before opset 13 axis may equal the rank: everything is then one row.
      if (context.opset >= 13 || axis !== shape.length) context.axis(axis, shape.length);
    }
    return [context.same()];
  },
};

const quantizedActivation: OperatorEntry = {
  category: 'activation',
  inputs: ['X', 'X_scale', 'X_zero_point', 'Y_scale', 'Y_zero_point'],
  settings: [1, 2, 3, 4],
  traits: ['integerKernel'],
  infer: (context) => [context.same()],
};

export const activationOperators = [
  ...defineOperators('', {
    Relu: {
      ...activation,
      gradient: reluGradient,
      fold: rectified,
      traits: ['passive', 'fusesBackwards'],
      quantization: { kind: 'clip', bounds: () => ({ low: 0, high: Infinity }) },
    },
    Clip: {
      category: 'activation',
      channels: unaryChannels,
      inputs: ['input', 'min', 'max'],
      settings: [1, 2],
      infer: inferUnary,
      traits: ['passive', 'fusesBackwards'],
      quantization: { kind: 'clip', bounds: clipBounds },
    },
    'Sigmoid LeakyRelu': { ...fused, traits: ['fusesBackwards'] },
    'Tanh HardSigmoid HardSwish': { ...activation, traits: ['fusesBackwards'] },
    'Elu Selu Celu Softplus Softsign Gelu Mish ThresholdedRelu Swish Shrink Erf': activation,
    PRelu: {
      category: 'activation',
      channels: elementwiseChannels,
      inputs: ['X', 'slope'],
      parameters: [1],
      infer: (context) => [context.same()],
    },
    SwiGLU: { ...activation, channels: elementwiseChannels, inputs: ['A', 'B'] },
    Softmax: { ...softmax, traits: ['forgetsSmall'], quantization: { kind: 'elementwise', inputs: [0] } },
    'LogSoftmax Hardmax': softmax,
  }),
  ...defineOperators(MICROSOFT, {
    'Gelu QuickGelu': activation,
    'BiasGelu FastGelu': {
      category: 'activation',
      channels: elementwiseChannels,
      inputs: ['X', 'bias'],
      parameters: [1],
      infer: (context) => [context.same()],
    },
    BiasSoftmax: {
      category: 'activation',
      inputs: ['data', 'bias'],
      infer: (context) => [tensorFacts(context.dtype(0), context.shape(0))],
    },
    'QLinearSigmoid QLinearLeakyRelu QLinearSoftmax': quantizedActivation,
  }),
];
