import { describe, expect, it } from 'vitest';
import { inferOne, int64, shapeOf } from './one-node.ts';

const MS = 'com.microsoft';

const einsum = (equation: string, ...shapes: (number | string)[][]) =>
  inferOne('Einsum', shapes, { attributes: { equation } });

const u8 = (...shape: number[]) => ({ dtype: 'uint8' as const, shape });

describe('convolutions', () => {
  it('computes the size of a 2-D convolution with stride, padding and dilation', () => {
    // (224 + 2·3 − 7)/2 + 1 = 112
    expect(
      shapeOf(
        'Conv',
        [
          [1, 3, 224, 224],
          [64, 3, 7, 7],
        ],
        { attributes: { strides: [2n, 2n], pads: [3n, 3n, 3n, 3n] } },
      ),
    ).toEqual([1, 64, 112, 112]);
    // kernel 3 with dilation 2 spans 5: 10 − 5 + 1 = 6
    expect(
      shapeOf(
        'Conv',
        [
          [1, 1, 10],
          [4, 1, 3],
        ],
        { attributes: { dilations: [2n] } },
      ),
    ).toEqual([1, 4, 6]);
    expect(
      shapeOf('Conv', [
        [2, 1, 4, 5, 6],
        [8, 1, 3, 3, 3],
      ]),
    ).toEqual([2, 8, 2, 3, 4]);
  });

  it('rounds up with SAME padding and keeps symbols', () => {
    const same = { attributes: { strides: [2n, 2n], auto_pad: 'SAME_UPPER' } };
    expect(
      shapeOf(
        'Conv',
        [
          ['N', 3, 7, 'w'],
          [8, 3, 3, 3],
        ],
        same,
      ),
    ).toEqual(['N', 8, 4, 'floor((w + 1)/2)']);
    const pads = { attributes: { pads: [1n, 1n, 1n, 1n] } };
    expect(
      shapeOf(
        'Conv',
        [
          ['N', 3, 'h', 'w'],
          [8, 3, 3, 3],
        ],
        pads,
      ),
    ).toEqual(['N', 8, 'h', 'w']);
  });

  it('says which rank the weight should have', () => {
    expect(
      inferOne('Conv', [
        [1, 3, 8, 8],
        [4, 3, 3],
      ]).problems,
    ).toEqual(["Conv 'node': weight has rank 3, expected 4 [M, C/g, kH, kW]; its shape is [4, 3, 3]"]);
  });

  it('says when channels do not fit the groups', () => {
    expect(
      inferOne(
        'Conv',
        [
          [1, 6, 8, 8],
          [4, 2, 3, 3],
        ],
        { attributes: { group: 2n } },
      ).problems[0],
    ).toContain('data has 6 channels, expected 4');
  });

  it('counts C/g·kH·kW multiply–accumulates for each output', () => {
    // 1·4·6·6 outputs, 3·3·3 each
    expect(
      inferOne('Conv', [
        [1, 3, 8, 8],
        [4, 3, 3, 3],
      ]).cost.macs,
    ).toBe(4 * 36 * 27);
    // depthwise: one input channel each
    expect(
      inferOne(
        'Conv',
        [
          [1, 4, 8, 8],
          [4, 1, 3, 3],
        ],
        { attributes: { group: 4n } },
      ).cost.macs,
    ).toBe(4 * 36 * 9);
    expect(
      inferOne('Conv', [
        ['N', 3, 8, 8],
        [4, 3, 3, 3],
      ]).cost.macs,
    ).toBeNull();
  });

  it('inverts the size in a transposed convolution', () => {
    const attributes = { strides: [2n, 2n], pads: [1n, 1n, 1n, 1n], output_padding: [1n, 1n] };
    // 2·(4 − 1) + 1 + 3 − 2 = 8
    const { shapes, cost } = inferOne(
      'ConvTranspose',
      [
        [1, 8, 4, 4],
        [8, 5, 3, 3],
      ],
      { attributes },
    );
    expect(shapes[0]).toEqual([1, 5, 8, 8]);
    // every one of 8·4·4 inputs meets 5·3·3 weights
    expect(cost.macs).toBe(128 * 45);
    expect(
      shapeOf(
        'ConvTranspose',
        [
          [1, 8, 4, 4],
          [8, 5, 3, 3],
        ],
        { attributes: { output_shape: [9n, 9n] } },
      ),
    ).toEqual([1, 5, 9, 9]);
  });

  it('gives integer convolutions their types', () => {
    expect(inferOne('ConvInteger', [u8(1, 2, 5, 5), u8(3, 2, 3, 3)])).toMatchObject({
      shapes: [[1, 3, 3, 3]],
      dtypes: ['int32'],
      cost: { macs: 27 * 18 },
    });
    const scale = [] as number[];
    const zero = { dtype: 'uint8' as const, shape: [] };
    const operands = [u8(1, 2, 5, 5), scale, zero, u8(3, 2, 3, 3), scale, zero, scale, zero];
    expect(inferOne('QLinearConv', operands)).toMatchObject({ shapes: [[1, 3, 3, 3]], dtypes: ['uint8'] });
    expect(
      shapeOf(
        'FusedConv',
        [
          [1, 2, 5, 5],
          [3, 2, 3, 3],
        ],
        { domain: MS },
      ),
    ).toEqual([1, 3, 3, 3]);
  });
});

describe('what the runtime writes into optimised models', () => {
  it('knows convolutions with channels last and with channels in blocks', () => {
    const scale: number[] = [];
    const zero = { dtype: 'uint8' as const, shape: [] };
    const operands = [u8(1, 5, 6, 2), scale, zero, u8(3, 2, 3, 3), scale, zero, scale, zero];
    const last = { domain: MS, attributes: { channels_last: 1n } };
    expect(shapeOf('QLinearConv', operands, last)).toEqual([1, 3, 4, 3]);
    const blocked = { domain: 'com.microsoft.nchwc' };
    // 3 channels in, weights padded to 8
    expect(
      shapeOf(
        'Conv',
        [
          [1, 3, 5, 5],
          [16, 8, 3, 3],
        ],
        blocked,
      ),
    ).toEqual([1, 16, 3, 3]);
    expect(shapeOf('ReorderOutput', [[1, 16, 3, 3]], { ...blocked, attributes: { channels: 10n } })).toEqual([
      1, 10, 3, 3,
    ]);
  });
});

describe('matrix products', () => {
  it('broadcasts leading axes and drops those of vectors', () => {
    expect(
      shapeOf('MatMul', [
        ['b', 1, 3, 4],
        [5, 4, 6],
      ]),
    ).toEqual(['b', 5, 3, 6]);
    expect(shapeOf('MatMul', [[4], [4, 6]])).toEqual([6]);
    expect(shapeOf('MatMul', [[3, 4], [4]])).toEqual([3]);
    expect(shapeOf('MatMul', [[4], [4]])).toEqual([]);
  });

  it('counts the inner size for each output', () => {
    expect(
      inferOne('MatMul', [
        [2, 3, 4],
        [4, 5],
      ]).cost.macs,
    ).toBe(2 * 3 * 5 * 4);
    const transposed = { attributes: { transA: 1n, transB: 1n } };
    expect(inferOne('Gemm', [[4, 3], [5, 4], [5]], transposed)).toMatchObject({ shapes: [[3, 5]], cost: { macs: 60 } });
  });

  it('says which inner sizes differ', () => {
    expect(
      inferOne('MatMul', [
        [3, 4],
        [5, 6],
      ]).problems,
    ).toEqual(["MatMul 'node': [3, 4] times [5, 6]: inner sizes 4 and 5 differ"]);
    expect(
      inferOne(
        'Gemm',
        [
          [3, 4],
          [6, 5],
        ],
        { attributes: { transB: 1n } },
      ).problems[0],
    ).toContain('inner sizes 4 and 5');
  });

  it('takes the sizes of packed 4-bit weights from the attributes', () => {
    const packed = { dtype: 'uint8' as const, shape: [32, 2, 16] };
    const { shapes, cost } = inferOne('MatMulNBits', [['b', 7, 64], packed, [64]], {
      domain: MS,
      attributes: { K: 64n, N: 32n, bits: 4n, block_size: 32n },
    });
    expect(shapes[0]).toEqual(['b', 7, 32]);
    expect(cost.macs).toBeNull();
    expect(
      shapeOf(
        'FusedMatMul',
        [
          [2, 4, 3],
          [2, 4, 5],
        ],
        { domain: MS, attributes: { transA: 1n } },
      ),
    ).toEqual([2, 3, 5]);
  });

  it('reads einsum equations, with and without arrow and dots', () => {
    expect(einsum('bij,bjk->bik', ['B', 2, 3], ['B', 3, 4]).shapes[0]).toEqual(['B', 2, 4]);
    expect(einsum('bij,bjk->bik', [5, 2, 3], [5, 3, 4]).cost.macs).toBe(5 * 2 * 3 * 4);
    expect(einsum('ba,cb', [2, 3], [4, 2]).shapes[0]).toEqual([3, 4]);
    expect(einsum('...ij->...ji', [5, 6, 2, 3]).shapes[0]).toEqual([5, 6, 3, 2]);
    expect(einsum('ij,jk->ik', [2, 3], [4, 5]).problems[0]).toContain("index 'j'");
  });
});

describe('recurrent layers', () => {
  it('gives all steps, the last hidden and the last cell state', () => {
    const lstm = inferOne(
      'LSTM',
      [
        [10, 'N', 8],
        [2, 64, 8],
        [2, 64, 16],
      ],
      {
        attributes: { hidden_size: 16n, direction: 'bidirectional' },
        outputs: 3,
      },
    );
    expect(lstm.shapes).toEqual([
      [10, 2, 'N', 16],
      [2, 'N', 16],
      [2, 'N', 16],
    ]);
  });

  it('multiplies with all of W and R at every step', () => {
    const gru = inferOne(
      'GRU',
      [
        [10, 3, 8],
        [1, 48, 8],
        [1, 48, 16],
      ],
      { attributes: { hidden_size: 16n }, outputs: 2 },
    );
    expect(gru.shapes).toEqual([
      [10, 1, 3, 16],
      [1, 3, 16],
    ]);
    expect(gru.cost.macs).toBe(10 * 3 * (48 * 8 + 48 * 16));
  });

  it('puts the batch first with layout 1 and counts gates', () => {
    expect(
      shapeOf(
        'RNN',
        [
          [3, 10, 8],
          [1, 16, 8],
          [1, 16, 16],
        ],
        { attributes: { hidden_size: 16n, layout: 1n } },
      ),
    ).toEqual([3, 10, 1, 16]);
    expect(
      inferOne(
        'LSTM',
        [
          [3, 10, 8],
          [1, 60, 8],
          [1, 60, 16],
        ],
        { attributes: { hidden_size: 16n } },
      ).problems[0],
    ).toContain('has 60 rows, expected 64');
  });
});

describe('attention', () => {
  it('adds the past to the keys and counts scores and values', () => {
    const past = [2, 2, 5, 8];
    const { shapes, cost } = inferOne('Attention', [[2, 3, 32], [2, 3, 16], [2, 3, 16], null, past, past], {
      opset: 23,
      attributes: { q_num_heads: 4n, kv_num_heads: 2n },
      outputs: 3,
    });
    expect(shapes).toEqual([
      [2, 3, 32],
      [2, 2, 8, 8],
      [2, 2, 8, 8],
    ]);
    // batch 2, heads 4, 3 queries, 8 keys, sizes 8 + 8
    expect(cost.macs).toBe(2 * 4 * 3 * 8 * 16);
  });

  it('knows the contributed forms', () => {
    const heads = { domain: MS, attributes: { num_heads: 4n } };
    const packed = inferOne('Attention', [[2, 6, 32], [32, 96], [96]], { ...heads, outputs: 2 });
    expect(packed.shapes).toEqual([
      [2, 6, 32],
      [2, 2, 4, 6, 8],
    ]);
    // projection 2·6·32·96, scores and values 2·6·6·(32 + 32)
    expect(packed.cost.macs).toBe(2 * 6 * 32 * 96 + 2 * 6 * 6 * 64);
    expect(
      inferOne(
        'MultiHeadAttention',
        [
          [2, 6, 32],
          [2, 9, 32],
          [2, 9, 48],
        ],
        heads,
      ),
    ).toMatchObject({
      shapes: [[2, 6, 48]],
      cost: { macs: 2 * 6 * 9 * 80 },
    });
    const grouped = { domain: MS, attributes: { num_heads: 4n, kv_num_heads: 2n }, outputs: 3 };
    const query = inferOne(
      'GroupQueryAttention',
      [[1, 1, 32], [1, 1, 16], [1, 1, 16], [1, 2, 7, 8], [1, 2, 7, 8], int64(7), int64(8)],
      grouped,
    );
    expect(query.shapes).toEqual([
      [1, 1, 32],
      [1, 2, 8, 8],
      [1, 2, 8, 8],
    ]);
  });
});
