/** Conversion between floats and quantized integers. */
import { tensorFacts } from '../../facts.ts';
import { dequantizeGradient, quantizeGradient } from './gradient.ts';
import { defineOperators, MICROSOFT, type OperatorEntry } from '../../spec.ts';
import { alreadyThere } from './quantize.ts';
import { inferQuantize, inferDequantize } from './shape.ts';
import { quantizeChannels } from './channels.ts';

const quantize: OperatorEntry = {
  gradient: quantizeGradient,
  category: 'quantization',
  inputs: ['x', 'y_scale', 'y_zero_point'],
  parameters: [0],
  settings: [1, 2],
  traits: ['quantizes', 'passive', 'inserted', 'fusesBackwards'],
  quantization: alreadyThere,
  channels: quantizeChannels,
  infer: inferQuantize,
};

const dequantize: OperatorEntry = {
  gradient: dequantizeGradient,
  category: 'quantization',
  inputs: ['x', 'x_scale', 'x_zero_point'],
  parameters: [0],
  settings: [1, 2],
  traits: ['dequantizes', 'passive', 'inserted'],
  quantization: alreadyThere,
  channels: quantizeChannels,
  infer: inferDequantize,
};

export const quantizationOperators = [
  ...defineOperators('', {
    QuantizeLinear: quantize,
    DequantizeLinear: dequantize,
    DynamicQuantizeLinear: {
      category: 'quantization',
      inputs: ['x'],
      traits: ['integerKernel'],
      infer: (context) => [
        tensorFacts('uint8', context.shape(0)),
        tensorFacts('float32', []),
        tensorFacts('uint8', []),
      ],
    },
  }),
  ...defineOperators(MICROSOFT, { QuantizeLinear: quantize, DequantizeLinear: dequantize }),
];
