/** Activations: same type and shape as the input. */
import { tensorFacts } from '../../facts.ts';
import * as gradient from './gradient.ts';
import { flat } from '../elementwise/gradient.ts';
import { defineOperators, MICROSOFT, NO_KERNEL, type OperatorEntry } from '../../spec.ts';
import { rectified } from '../elementwise/fold.ts';
import { inferUnary } from '../elementwise/shape.ts';
import { clipBounds } from './quantize.ts';
import { elementwiseChannels, unaryChannels } from '../../channel-rules.ts';
import { scalesFirst } from '../../scaling.ts';
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

/** An activation of the sum of its inputs. */
const biasedActivation: OperatorEntry = {
  category: 'activation',
  channels: elementwiseChannels,
  inputs: ['X', 'bias'],
  parameters: [1],
  infer: (context) => [context.same()],
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
      scaling: scalesFirst,
      gradient: gradient.reluGradient,
      fold: rectified,
      traits: ['passive', 'fusesBackwards'],
      quantization: { kind: 'clip', bounds: () => ({ low: 0, high: Infinity }) },
    },
    Clip: {
      gradient: gradient.clipGradient,
      category: 'activation',
      channels: unaryChannels,
      inputs: ['input', 'min', 'max'],
      settings: [1, 2],
      infer: inferUnary,
      traits: ['passive', 'fusesBackwards'],
      quantization: { kind: 'clip', bounds: clipBounds },
    },
    Sigmoid: { ...fused, gradient: gradient.sigmoidGradient, traits: ['fusesBackwards'] },
    LeakyRelu: { ...fused, scaling: scalesFirst, gradient: gradient.leakyReluGradient, traits: ['fusesBackwards'] },
    Tanh: { ...activation, gradient: gradient.tanhGradient, traits: ['fusesBackwards', 'keepsZero'] },
    HardSigmoid: { ...activation, gradient: gradient.hardSigmoidGradient, traits: ['fusesBackwards'] },
    HardSwish: { ...activation, gradient: gradient.hardSwishGradient, traits: ['fusesBackwards'] },

    Elu: { ...activation, gradient: gradient.eluGradient, traits: ['keepsZero'] },
    Selu: { ...activation, gradient: gradient.seluGradient },
    Celu: { ...activation, gradient: gradient.celuGradient },
    Softplus: { ...activation, gradient: gradient.softplusGradient },
    Softsign: { ...activation, gradient: gradient.softsignGradient, traits: ['keepsZero'] },
    Gelu: { ...activation, gradient: gradient.geluGradient, traits: ['keepsZero'] },
    Mish: { ...activation, gradient: gradient.mishGradient },
    ThresholdedRelu: { ...activation, gradient: gradient.thresholdedReluGradient },
    Swish: { ...activation, gradient: gradient.swishGradient(1), traits: ['keepsZero'] },
    Shrink: { ...activation, gradient: gradient.shrinkGradient },
    Erf: { ...activation, gradient: gradient.erfGradient, traits: ['keepsZero'] },
    PRelu: {
      gradient: gradient.preluGradient,
      category: 'activation',
      channels: elementwiseChannels,
      scaling: scalesFirst,
      inputs: ['X', 'slope'],
      parameters: [1],
      infer: (context) => [context.same()],
    },
    SwiGLU: { ...activation, gradient: NO_KERNEL, channels: elementwiseChannels, inputs: ['A', 'B'] },
    Softmax: {
      ...softmax,
      gradient: gradient.softmaxGradient,
      traits: ['forgetsSmall'],
      quantization: { kind: 'elementwise', inputs: [0] },
    },
    LogSoftmax: { ...softmax, gradient: gradient.logSoftmaxGradient },
    Hardmax: { ...softmax, gradient: flat },
  }),
  ...defineOperators(MICROSOFT, {
    Gelu: { ...activation, gradient: gradient.geluGradient, traits: ['keepsZero'] },
    QuickGelu: { ...activation, gradient: gradient.swishGradient(1.702) },
    BiasGelu: { ...biasedActivation, gradient: gradient.biasGeluGradient },
    FastGelu: { ...biasedActivation, gradient: gradient.fastGeluGradient },
    BiasSoftmax: {
      gradient: NO_KERNEL,
      category: 'activation',
      inputs: ['data', 'bias'],
      infer: (context) => [tensorFacts(context.dtype(0), context.shape(0))],
    },
    'QLinearSigmoid QLinearLeakyRelu QLinearSoftmax': quantizedActivation,
  }),
];
