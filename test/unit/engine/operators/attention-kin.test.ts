/** Attention with a carried state, masked decoding, experts, and what goes with them. */
import { describe, expect, it } from 'vitest';
import { inferOne, shapeOf } from './one-node.ts';

const domain = 'com.microsoft';

describe('linear attention', () => {
  // 4 query and 2 key heads, key size 3, value size 5: query 12, key 6, value 10
  const operands = [
    ['B', 'T', 12],
    ['B', 'T', 6],
    ['B', 'T', 10],
  ];
  const attributes = { q_num_heads: 4n, kv_num_heads: 2n };

  it('gives each query head a value, and a state of key × value for each key head', () => {
    const { shapes } = inferOne('LinearAttention', operands, { opset: 27, attributes, outputs: 2 });
    expect(shapes).toEqual([
      ['B', 'T', 20],
      ['B', 2, 3, 5],
    ]);
  });

  it('counts writing and reading the state; the delta rules read it twice', () => {
    const sized = operands.map(([, , width]) => [1, 7, width!]);
    const macs = (rule: string) =>
      inferOne('LinearAttention', sized, { opset: 27, attributes: { ...attributes, update_rule: rule }, outputs: 2 })
        .cost.macs;
    // 7 tokens × (2 writes + 4 reads) × 3·5
    expect(macs('linear')).toBe(7 * 6 * 15);
    expect(macs('gated_delta')).toBe(7 * 8 * 15);
  });
});

describe('attention that is changed by graphs', () => {
  it('has the queries and the size of the values', () => {
    const { shapes, cost } = inferOne(
      'FlexAttention',
      [
        [2, 4, 6, 8],
        [2, 2, 5, 8],
        [2, 2, 5, 3],
      ],
      { domain: 'ai.onnx.preview' },
    );
    expect(shapes).toEqual([[2, 4, 6, 3]]);
    // scores 2·4·6·5·8, values 2·4·6·5·3
    expect(cost.macs).toBe(2 * 4 * 6 * 5 * (8 + 3));
  });
});

describe('convolution with a carried state', () => {
  it('keeps the shape and carries the last k − 1 places', () => {
    const { shapes, cost } = inferOne(
      'CausalConvWithState',
      [
        [2, 8, 10],
        [8, 1, 4],
      ],
      { opset: 27, outputs: 2 },
    );
    expect(shapes).toEqual([
      [2, 8, 10],
      [2, 8, 3],
    ]);
    expect(cost.macs).toBe(2 * 8 * 10 * 4);
  });
});

describe('contributed attention and experts', () => {
  it('takes the type of integer attention from its bias', () => {
    const operands = [
      { dtype: 'uint8' as const, shape: ['B', 'S', 16] },
      { dtype: 'int8' as const, shape: [16, 48] },
      [48],
    ];
    const { shapes, dtypes } = inferOne('QAttention', operands, { domain, attributes: { num_heads: 4n }, outputs: 2 });
    expect(shapes).toEqual([
      ['B', 'S', 16],
      [2, 'B', 4, 'S', 4],
    ]);
    expect(dtypes[0]).toBe('float32');
  });

  it('counts the experts that a token meets, four-bit codes two in a byte', () => {
    const plain = [[3, 8], [3, 4], [4, 16, 8], null, [4, 8, 16]];
    expect(inferOne('MoE', plain, { domain, attributes: { k: 2n } }).cost.macs).toBe(3 * 2 * 2 * 16 * 8);
    const packed = [
      [3, 8],
      [3, 4],
      { dtype: 'uint8' as const, shape: [4, 16, 4] },
      [4, 16],
      null,
      { dtype: 'uint8' as const, shape: [4, 8, 8] },
      [4, 8],
    ];
    expect(inferOne('QMoE', packed, { domain, attributes: { k: 2n } }).cost.macs).toBe(3 * 2 * 2 * 16 * 8);
  });

  it('leaves the buffers of masked decoding as they are', () => {
    const buffer = [1, 2, 32, 8];
    const operands = [[1, 1, 16], [1, 1, 16], [1, 1, 16], null, null, buffer, buffer];
    const { shapes, cost } = inferOne('DecoderMaskedMultiHeadAttention', operands, { domain, outputs: 3 });
    expect(shapes).toEqual([[1, 1, 16], buffer, buffer]);
    expect(cost.macs).toBe(32 * (16 + 16));
  });
});

describe('transforms', () => {
  const axis = { dtype: 'int64' as const, shape: [] };

  it('keeps every size of a whole transform along whichever axis', () => {
    expect(shapeOf('DFT', [[1, 10, 10, 1], null, axis], { opset: 20 })).toEqual([1, 10, 10, 2]);
    expect(shapeOf('DFT', [[1, 10, 10, 2], null, axis], { opset: 20, attributes: { inverse: 1n } })).toEqual([
      1, 10, 10, 2,
    ]);
  });

  it('knows only the last size where the axis may be any and the length changes', () => {
    const attributes = { onesided: 1n };
    expect(shapeOf('DFT', [[1, 10, 10, 1], null, axis], { opset: 20, attributes })).toEqual([null, null, null, 2]);
    const back = { onesided: 1n, inverse: 1n };
    expect(shapeOf('DFT', [[1, 6, 10, 2], null, axis], { opset: 20, attributes: back })).toEqual([null, null, null, 1]);
  });

  it('counts butterflies, and for other lengths the three transforms around them', () => {
    // 3 lines of 8 places: 8/2·3 butterflies of 4
    expect(inferOne('DFT', [[3, 8, 1]], { opset: 17 }).cost.macs).toBe(3 * 48);
    // 6 places in transforms of 16: 3·2·16·4 + 4·(16 + 12)
    expect(inferOne('DFT', [[1, 6, 1]], { opset: 17 }).cost.macs).toBe(384 + 112);
  });
});
