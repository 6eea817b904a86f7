/** Attention in one node: ai.onnx Attention and ONNX Runtime's contributed forms, rotary embedding. */
import { defineOperators, MICROSOFT, NO_KERNEL, type OperatorEntry } from '../../spec.ts';
import {
  inferAttention,
  sameAsInput,
  inferPackedAttention,
  inferQuantizedAttention,
  inferMaskedMultiHead,
  inferMultiHead,
  inferSparseAttention,
  inferGroupQuery,
  inferPositionBias,
} from './shape.ts';
import { inferFlexAttention, inferLinearAttention, linearAttentionMacs } from './linear-attention.ts';
import { attentionMacs, maskedMultiHeadMacs, packedAttentionMacs, multiHeadMacs, groupQueryMacs } from './cost.ts';
import { attentionGradient, multiHeadGradient, rotaryGradient } from './gradient.ts';
import { expandGroupQuery, expandPackedAttention } from './expand.ts';
import { attentionChannels, groupQueryChannels, multiHeadChannels, rotaryChannels } from './channels.ts';

const linearAttention: OperatorEntry = {
  category: 'attention',
  inputs: ['query', 'key', 'value', 'past_state', 'decay', 'beta'],
  infer: inferLinearAttention,
  macs: linearAttentionMacs,
};

export const attentionOperators = [
  ...defineOperators('', {
    Attention: {
      category: 'attention',
      inputs: ['Q', 'K', 'V', 'attn_mask', 'past_key', 'past_value', 'nonpad_kv_seqlen'],
      channels: attentionChannels,
      gradient: attentionGradient,
      infer: inferAttention,
      macs: attentionMacs,
    },
    RotaryEmbedding: {
      category: 'attention',
      inputs: ['X', 'cos_cache', 'sin_cache', 'position_ids'],
      settings: [1, 2, 3],
      channels: rotaryChannels,
      gradient: rotaryGradient({ sine: 2, domain: '' }),
      infer: sameAsInput,
    },
    LinearAttention: { ...linearAttention, gradient: NO_KERNEL },
  }),
  ...defineOperators('ai.onnx.preview', {
    FlexAttention: {
      category: 'attention',
      gradient: NO_KERNEL,
      inputs: ['Q', 'K', 'V'],
      infer: inferFlexAttention,
      macs: attentionMacs,
    },
  }),
  ...defineOperators(MICROSOFT, {
    Attention: {
      category: 'attention',
      expansion: expandPackedAttention,
      inputs: ['input', 'weights', 'bias', 'mask_index', 'past', 'attention_bias', 'past_sequence_length'],
      parameters: [1, 2],
      prunable: [1],
      infer: inferPackedAttention,
      macs: packedAttentionMacs(4),
    },
    QAttention: {
      category: 'attention',
      inputs: [
        'input',
        'weight',
        'bias',
        'input_scale',
        'weight_scale',
        'mask_index',
        'input_zero_point',
        'weight_zero_point',
        'past',
      ],
      parameters: [1, 2],
      settings: [3, 4, 6, 7],
      traits: ['integerKernel', 'integerToFloat'],
      infer: inferQuantizedAttention,
      macs: packedAttentionMacs(8),
    },
    MultiHeadAttention: {
      category: 'attention',
      inputs: ['query', 'key', 'value', 'bias', 'key_padding_mask', 'attention_bias', 'past_key', 'past_value'],
      parameters: [3],
      channels: multiHeadChannels,
      gradient: multiHeadGradient,
      infer: inferMultiHead,
      macs: multiHeadMacs,
    },
    GroupQueryAttention: {
      expansion: expandGroupQuery,
      category: 'attention',
      inputs: [
        'query',
        'key',
        'value',
        'past_key',
        'past_value',
        'seqlens_k',
        'total_sequence_length',
        'cos_cache',
        'sin_cache',
      ],
      settings: [5, 6, 7, 8],
      channels: groupQueryChannels,
      infer: inferGroupQuery,
      macs: groupQueryMacs,
    },
    RotaryEmbedding: {
      category: 'attention',
      inputs: ['input', 'position_ids', 'cos_cache', 'sin_cache'],
      settings: [1, 2, 3],
      channels: rotaryChannels,
      gradient: rotaryGradient({ sine: 3, domain: MICROSOFT }),
      infer: sameAsInput,
    },
    DecoderMaskedMultiHeadAttention: {
      gradient: { blocks: 'decodes one token at a time' },
      category: 'attention',
      inputs: ['query', 'key', 'value', 'mask_index', 'attention_bias', 'past_key', 'past_value'],
      infer: inferMaskedMultiHead,
      macs: maskedMultiHeadMacs,
    },
    SparseAttention: {
      gradient: { blocks: 'computes the blocks that its data choose' },
      category: 'attention',
      inputs: ['query', 'key', 'value', 'past_key', 'past_value', 'block_row_indices', 'block_col_indices'],
      settings: [5, 6],
      infer: inferSparseAttention,
      // Which blocks are computed stands in the data.
      macs: () => null,
    },
    LinearAttention: linearAttention,
    RelativePositionBias: {
      category: 'attention',
      inputs: ['bias_table', 'query_length', 'key_length'],
      settings: [1, 2],
      parameters: [0],
      infer: inferPositionBias,
    },
  }),
];
