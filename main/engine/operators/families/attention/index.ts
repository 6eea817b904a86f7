/** Attention in one node: ai.onnx Attention and ONNX Runtime's contributed forms, rotary embedding. */
import { defineOperators, MICROSOFT } from '../../spec.ts';
import {
  inferAttention,
  sameAsInput,
  inferPackedAttention,
  inferMultiHead,
  inferGroupQuery,
  inferPositionBias,
} from './shape.ts';
import { attentionMacs, packedAttentionMacs, multiHeadMacs, groupQueryMacs } from './cost.ts';
import { attentionChannels, groupQueryChannels, multiHeadChannels, rotaryChannels } from './channels.ts';

export const attentionOperators = [
  ...defineOperators('', {
    Attention: {
      category: 'attention',
      inputs: ['Q', 'K', 'V', 'attn_mask', 'past_key', 'past_value', 'nonpad_kv_seqlen'],
      channels: attentionChannels,
      infer: inferAttention,
      macs: attentionMacs,
    },
    RotaryEmbedding: {
      category: 'attention',
      inputs: ['X', 'cos_cache', 'sin_cache', 'position_ids'],
      settings: [1, 2, 3],
      channels: rotaryChannels,
      infer: sameAsInput,
    },
  }),
  ...defineOperators(MICROSOFT, {
    Attention: {
      category: 'attention',
      inputs: ['input', 'weights', 'bias', 'mask_index', 'past', 'attention_bias', 'past_sequence_length'],
      parameters: [1, 2],
      prunable: [1],
      infer: inferPackedAttention,
      macs: packedAttentionMacs,
    },
    MultiHeadAttention: {
      category: 'attention',
      inputs: ['query', 'key', 'value', 'bias', 'key_padding_mask', 'attention_bias', 'past_key', 'past_value'],
      parameters: [3],
      channels: multiHeadChannels,
      infer: inferMultiHead,
      macs: multiHeadMacs,
    },
    GroupQueryAttention: {
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
      infer: sameAsInput,
    },
    RelativePositionBias: {
      category: 'attention',
      inputs: ['bias_table', 'query_length', 'key_length'],
      settings: [1, 2],
      parameters: [0],
      infer: inferPositionBias,
    },
  }),
];
