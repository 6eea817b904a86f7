/** LSTM, GRU and RNN. */
import { defineOperators, MICROSOFT, type OperatorEntry } from '../../spec.ts';
import { inferRecurrent, inferQuantizedLstm } from './shape.ts';
import { recurrentMacs } from './cost.ts';
import type { ChannelFacet } from '../../channels.ts';
import { recurrentChannels } from './channels.ts';
import { gruGradient, lstmGradient, rnnGradient } from './gradient.ts';

/** Its matrices lie transposed and in codes. */
const ALL_WHOLE: ChannelFacet = { relate: () => {} };

function recurrent(gates: number, cellState: boolean): OperatorEntry {
  return {
    category: 'layer',
    inputs: ['X', 'W', 'R', 'B', 'sequence_lens', 'initial_h', 'initial_c', 'P'],
    parameters: [1, 2, 3, 7],
    settings: [4],
    prunable: [1, 2],
    traits: ['needsWeights'],
    quantization: { kind: 'float', reason: 'recurrent layers stay in float32' },
    channels: recurrentChannels(gates),
    infer: inferRecurrent(gates, cellState),
    macs: recurrentMacs,
  };
}

export const recurrentOperators = [
  ...defineOperators('', {
    LSTM: { ...recurrent(4, true), gradient: lstmGradient },
    GRU: { ...recurrent(3, false), gradient: gruGradient },
    RNN: { ...recurrent(1, false), gradient: rnnGradient },
  }),
  ...defineOperators(MICROSOFT, {
    DynamicQuantizeLSTM: {
      ...recurrent(4, true),
      inputs: [
        'X',
        'W',
        'R',
        'B',
        'sequence_lens',
        'initial_h',
        'initial_c',
        'P',
        'W_scale',
        'W_zero_point',
        'R_scale',
        'R_zero_point',
      ],
      parameters: [1, 2, 3, 7],
      settings: [4, 8, 9, 10, 11],
      prunable: [],
      channels: ALL_WHOLE,
      traits: ['integerKernel'],
      infer: (context) => inferQuantizedLstm(context),
    },
  }),
];
