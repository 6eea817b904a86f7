import { describe, expect, it } from 'vitest';
import { floats, inferOne, int64, shapeOf } from './one-node.ts';

const slice = (shape: (number | string)[], ...parts: number[][]) =>
  shapeOf('Slice', [shape, ...parts.map((it) => int64(...it))]);

const zero = (dtype: 'int8' | 'int4') => ({ dtype, shape: [] });

describe('pools', () => {
  it('counts windows, with ceil only those that start inside', () => {
    const attributes = { kernel_shape: [3n, 3n], strides: [2n, 2n], pads: [1n, 1n, 1n, 1n] };
    expect(shapeOf('MaxPool', [[1, 64, 112, 112]], { attributes })).toEqual([1, 64, 56, 56]);
    // 5 columns, kernel 2, stride 2: 2 windows, 3 with ceil
    const small = { kernel_shape: [2n], strides: [2n] };
    expect(shapeOf('AveragePool', [[1, 1, 5]], { attributes: small })).toEqual([1, 1, 2]);
    expect(shapeOf('AveragePool', [[1, 1, 5]], { attributes: { ...small, ceil_mode: 1n } })).toEqual([1, 1, 3]);
    // kernel 1, stride 2, padding 1 at the end: the third window would start in the padding
    const padded = { kernel_shape: [1n], strides: [2n], pads: [0n, 1n], ceil_mode: 1n };
    expect(shapeOf('AveragePool', [[1, 1, 4]], { attributes: padded })).toEqual([1, 1, 2]);
  });

  it('reduces all spatial axes to one in global pools', () => {
    expect(shapeOf('GlobalAveragePool', [['N', 8, 7, 7]])).toEqual(['N', 8, 1, 1]);
  });

  it('says when the kernel does not fit', () => {
    expect(inferOne('MaxPool', [[1, 1, 2, 2]], { attributes: { kernel_shape: [3n, 3n] } }).problems[0]).toContain(
      'does not fit',
    );
  });
});

describe('element-wise operators', () => {
  it('broadcasts numbers and symbols', () => {
    expect(
      shapeOf('Add', [
        ['N', 1, 5],
        [4, 1],
      ]),
    ).toEqual(['N', 4, 5]);
    expect(
      shapeOf('Mul', [
        ['N', 3],
        ['M', 3],
      ]),
    ).toEqual([null, 3]);
    expect(shapeOf('Where', [{ dtype: 'bool', shape: [3, 1] }, [1, 4], []])).toEqual([3, 4]);
  });

  it('says which shapes do not go together', () => {
    expect(inferOne('Add', [[2, 3], [4]]).problems).toEqual([
      "Add 'node': shapes [2, 3] and [4] do not broadcast together",
    ]);
  });

  it('gives comparisons booleans and computes small constants', () => {
    expect(inferOne('Less', [[2], [2]]).dtypes).toEqual(['bool']);
    expect(inferOne('Div', [int64(7, -7), int64(2)]).constants[0]).toEqual([3, -3]);
    expect(inferOne('Mod', [int64(7, -7), int64(3)]).constants[0]).toEqual([1, 2]);
    expect(inferOne('Floor', [floats(2.5, -2.5)]).constants[0]).toEqual([2, -3]);
    expect(inferOne('Equal', [int64(1, 2), int64(2)]).constants[0]).toEqual([0, 1]);
  });
});

describe('reductions', () => {
  it('takes axes from the attribute before opset 18 and from the input since', () => {
    const attributes = { axes: [-1n], keepdims: 0n };
    expect(shapeOf('ReduceMean', [[2, 3, 4]], { opset: 13, attributes })).toEqual([2, 3]);
    expect(shapeOf('ReduceMean', [[2, 3, 4], int64(0, 2)], { opset: 18 })).toEqual([1, 3, 1]);
    expect(shapeOf('ReduceSum', [[2, 3]], { opset: 13 })).toEqual([1, 1]);
    expect(shapeOf('ReduceSum', [[2, 3]], { opset: 13, attributes: { noop_with_empty_axes: 1n } })).toEqual([2, 3]);
  });

  it('knows the rank when the axes are not constant', () => {
    const axes = { dtype: 'int64' as const, shape: [1] };
    expect(shapeOf('ReduceMax', [[2, 3], axes], { opset: 18 })).toEqual([null, null]);
    expect(shapeOf('ReduceMax', [[2, 3], axes], { opset: 18, attributes: { keepdims: 0n } })).toEqual([null]);
  });

  it('picks along an axis', () => {
    expect(inferOne('ArgMax', [[2, 3]], { attributes: { axis: 1n } })).toMatchObject({
      shapes: [[2, 1]],
      dtypes: ['int64'],
    });
    const topK = inferOne('TopK', [['N', 10], int64(5)], { outputs: 2 });
    expect(topK.shapes).toEqual([
      ['N', 5],
      ['N', 5],
    ]);
    expect(topK.dtypes).toEqual(['float32', 'int64']);
    expect(inferOne('TopK', [[1, 3], int64(5)]).problems[0]).toContain('k is 5, more than the 3 elements');
  });
});

describe('layout', () => {
  it('reshapes with 0, -1 and symbols', () => {
    expect(shapeOf('Reshape', [['N', 512, 1, 1], int64(0, -1)])).toEqual(['N', 512]);
    expect(shapeOf('Reshape', [['N', 8, 4], int64(-1, 32)])).toEqual(['N', 32]);
    expect(shapeOf('Reshape', [[2, 0, 3], int64(3, 0, 2)], { attributes: { allowzero: 1n } })).toEqual([3, 0, 2]);
    expect(shapeOf('Reshape', [['N', 'S', 64], int64(0, 0, 4, 16)])).toEqual(['N', 'S', 4, 16]);
  });

  it('says when a reshape does not fit', () => {
    expect(inferOne('Reshape', [[2, 3], int64(4, 2)]).problems[0]).toContain('has 6 elements, shape [4, 2] needs 8');
    expect(inferOne('Reshape', [[2, 3], int64(-1, 4)]).problems[0]).toContain('does not divide');
    expect(inferOne('Reshape', [[2, 3], int64(-1, -1)]).problems[0]).toContain('expected one at most');
  });

  it('flattens around an axis', () => {
    expect(shapeOf('Flatten', [['N', 3, 4, 5]])).toEqual(['N', 60]);
    expect(shapeOf('Flatten', [[2, 3, 4]], { attributes: { axis: 0n } })).toEqual([1, 24]);
    expect(shapeOf('Flatten', [[2, 3, 4]], { attributes: { axis: -1n } })).toEqual([6, 4]);
  });

  it('squeezes and unsqueezes, axes as attribute before opset 13', () => {
    expect(shapeOf('Squeeze', [[1, 3, 1]], { opset: 11, attributes: { axes: [0n] } })).toEqual([3, 1]);
    expect(shapeOf('Squeeze', [[1, 3, 1], int64(-1)])).toEqual([1, 3]);
    expect(shapeOf('Squeeze', [[1, 3, 1]])).toEqual([3]);
    expect(inferOne('Squeeze', [['N', 3]]).shapes[0]).toBeUndefined();
    expect(shapeOf('Unsqueeze', [[3, 4], int64(0, 3)])).toEqual([1, 3, 4, 1]);
    expect(inferOne('Squeeze', [[1, 3], int64(1)]).problems[0]).toContain('has size 3, expected 1');
  });

  it('permutes, expands, tiles and moves blocks', () => {
    expect(shapeOf('Transpose', [['N', 3, 4]], { attributes: { perm: [0n, 2n, 1n] } })).toEqual(['N', 4, 3]);
    expect(shapeOf('Transpose', [[2, 3, 4]])).toEqual([4, 3, 2]);
    expect(shapeOf('Expand', [[3, 1], int64(2, 1, 6)])).toEqual([2, 3, 6]);
    expect(shapeOf('Tile', [['N', 3], int64(1, 4)])).toEqual(['N', 12]);
    expect(shapeOf('DepthToSpace', [['N', 12, 4, 5]], { attributes: { blocksize: 2n } })).toEqual(['N', 3, 8, 10]);
    expect(shapeOf('SpaceToDepth', [[1, 3, 8, 10]], { attributes: { blocksize: 2n } })).toEqual([1, 12, 4, 5]);
    expect(inferOne('Transpose', [[2, 3]], { attributes: { perm: [0n, 0n] } }).problems[0]).toContain('perm [0, 0]');
  });

  it('moves no bytes for views', () => {
    expect(inferOne('Reshape', [[2, 3], int64(6)]).cost.bytes).toBe(0);
    // 24 floats read, 24 written
    expect(inferOne('Transpose', [[4, 6]]).cost.bytes).toBe(192);
  });
});

describe('parts', () => {
  it('joins and splits', () => {
    expect(
      shapeOf(
        'Concat',
        [
          ['N', 3, 4],
          ['N', 5, 4],
        ],
        { attributes: { axis: 1n } },
      ),
    ).toEqual(['N', 8, 4]);
    expect(
      inferOne(
        'Concat',
        [
          [2, 3],
          [2, 4, 1],
        ],
        { attributes: { axis: 0n } },
      ).problems[0],
    ).toContain('differ in rank');
    expect(
      inferOne(
        'Concat',
        [
          [2, 3],
          [2, 4],
        ],
        { attributes: { axis: 0n } },
      ).problems[0],
    ).toContain('in axis 1');
    const even = inferOne('Split', [[2, 6]], { opset: 13, attributes: { axis: 1n }, outputs: 3 });
    expect(even.shapes).toEqual([
      [2, 2],
      [2, 2],
      [2, 2],
    ]);
    const rest = inferOne('Split', [[7]], { opset: 18, attributes: { num_outputs: 2n }, outputs: 2 });
    expect(rest.shapes).toEqual([[4], [3]]);
    expect(inferOne('Split', [[5], int64(2, 2)], { outputs: 2 }).problems[0]).toContain('adds up to 4, expected 5');
  });

  it('slices with clipping, negative places and steps', () => {
    expect(slice([10, 5], [2], [100], [0])).toEqual([8, 5]);
    expect(slice([10], [-3], [2 ** 31 - 1], [0])).toEqual([3]);
    expect(slice([10], [9], [-11], [0], [-2])).toEqual([5]);
    expect(slice(['N', 5], [1], [2 ** 31 - 1], [0])).toEqual(['N - 1', 5]);
    expect(slice(['N'], [0], [-1], [0])).toEqual(['N - 1']);
    expect(slice(['N'], [0], [10], [0])).toEqual([null]);
    expect(shapeOf('Slice', [[10, 5]], { opset: 9, attributes: { starts: [1n], ends: [4n], axes: [1n] } })).toEqual([
      10, 3,
    ]);
  });

  it('gathers', () => {
    const indices = { dtype: 'int64' as const, shape: ['N', 4] };
    expect(shapeOf('Gather', [[100, 64], indices])).toEqual(['N', 4, 64]);
    expect(inferOne('Gather', [int64(5, 6, 7), { values: [-1], scalar: true }]).constants[0]).toEqual([7]);
    expect(inferOne('Gather', [int64(5, 6, 7), int64(3)]).problems[0]).toContain('index 3 is outside of axis 0');
    expect(shapeOf('GatherND', [[2, 3, 4], { dtype: 'int64', shape: [5, 2] }])).toEqual([5, 4]);
    expect(shapeOf('OneHot', [{ dtype: 'int64', shape: ['N'] }, int64(10), floats(0, 1)])).toEqual(['N', 10]);
    expect(shapeOf('NonZero', [[2, 3]])).toEqual([2, null]);
  });
});

describe('sizes', () => {
  it('pads by attribute before opset 11 and by input since', () => {
    expect(shapeOf('Pad', [[1, 2]], { opset: 2, attributes: { pads: [0n, 1n, 0n, 2n] } })).toEqual([1, 5]);
    expect(shapeOf('Pad', [['N', 2], int64(1, 1, 1, 1)])).toEqual(['N + 2', 4]);
    expect(shapeOf('Pad', [[1, 2, 3], int64(1, 1), null, int64(-1)], { opset: 18 })).toEqual([1, 2, 5]);
    expect(inferOne('Pad', [[1, 2], int64(1, 1)]).problems[0]).toContain('pads has 2 values, expected 4');
  });

  it('resizes by scales and by sizes', () => {
    expect(shapeOf('Resize', [['N', 3, 5, 5], null, floats(1, 1, 2, 1.5)])).toEqual(['N', 3, 10, 7]);
    expect(shapeOf('Resize', [[1, 3, 5, 5], null, null, int64(1, 3, 8, 9)])).toEqual([1, 3, 8, 9]);
    const keep = { opset: 18, attributes: { axes: [2n, 3n], keep_aspect_ratio_policy: 'not_larger' } };
    // 8/4 = 2, 9/6 = 1.5: the smaller
    expect(shapeOf('Resize', [[1, 3, 4, 6], null, null, int64(8, 9)], keep)).toEqual([1, 3, 6, 9]);
    expect(shapeOf('Upsample', [[1, 3, 4, 4], floats(1, 1, 2, 2)], { opset: 9 })).toEqual([1, 3, 8, 8]);
    expect(shapeOf('Resize', [[1, 3, 4, 4], floats(1, 1, 2, 2)], { opset: 10 })).toEqual([1, 3, 8, 8]);
  });
});

describe('made tensors', () => {
  it('computes shapes, ranges and casts', () => {
    expect(inferOne('Shape', [['N', 3, 4]], { attributes: { start: 1n } }).constants[0]).toEqual([3, 4]);
    expect(inferOne('Shape', [['N', 3]]).constants[0]).toEqual(['N', 3]);
    expect(inferOne('Size', [['N', 3]]).constants[0]).toEqual(['3*N']);
    expect(inferOne('Range', [int64(1), int64(8), int64(3)]).constants[0]).toEqual([1, 4, 7]);
    expect(inferOne('Cast', [floats(-1.5, 2.5)], { attributes: { to: 7n } })).toMatchObject({
      dtypes: ['int64'],
      constants: [[-1, 2]],
    });
    expect(shapeOf('ConstantOfShape', [int64(2, 3)])).toEqual([2, 3]);
    expect(inferOne('RandomNormal', [], { attributes: { shape: [2n, 3n] } }).shapes[0]).toEqual([2, 3]);
  });
});

describe('normalization and activation', () => {
  it('keeps the shape and checks scales', () => {
    expect(inferOne('BatchNormalization', [['N', 4, 5], [4], [4], [4], [4]]).shapes[0]).toEqual(['N', 4, 5]);
    expect(inferOne('BatchNormalization', [[1, 4, 5], [3], [3], [3], [3]]).problems[0]).toContain('scale has 3 values');
    const layerNorm = inferOne('LayerNormalization', [['N', 7, 64], [64]], { outputs: 3 });
    expect(layerNorm.shapes).toEqual([
      ['N', 7, 64],
      ['N', 7, 1],
      ['N', 7, 1],
    ]);
    expect(shapeOf('Softmax', [[2, 3]], { attributes: { axis: -2n } })).toEqual([2, 3]);
    expect(inferOne('Softmax', [[2, 3]], { attributes: { axis: 2n } }).problems[0]).toContain('axis 2 is outside');
  });

  it('gives dropout a mask: of floats before opset 10, of booleans since', () => {
    expect(inferOne('Dropout', [[2]], { opset: 9, outputs: 2 }).dtypes).toEqual(['float32', 'float32']);
    expect(inferOne('Dropout', [[2]], { opset: 13, outputs: 2 }).dtypes).toEqual(['float32', 'bool']);
  });
});

describe('quantization', () => {
  it('takes the type from the zero point, the scale or the attribute', () => {
    expect(inferOne('QuantizeLinear', [[2], [], zero('int4')]).dtypes).toEqual(['int4']);
    expect(inferOne('QuantizeLinear', [[2], []]).dtypes).toEqual(['uint8']);
    expect(inferOne('QuantizeLinear', [[2], []], { attributes: { output_dtype: 3n } }).dtypes).toEqual(['int8']);
    expect(inferOne('DequantizeLinear', [{ dtype: 'int8', shape: [2] }, []]).dtypes).toEqual(['float32']);
    expect(inferOne('DynamicQuantizeLinear', [[2, 3]], { outputs: 3 }).shapes).toEqual([[2, 3], [], []]);
    expect(inferOne('DequantizeLinear', [{ dtype: 'int8', shape: [2, 5] }, [3]]).problems[0]).toContain(
      'it has 3 scales',
    );
  });
});

describe('signals', () => {
  it('keeps n/2 + 1 frequencies of a one-sided transform', () => {
    expect(shapeOf('DFT', [[1, 10, 1]], { opset: 17, attributes: { axis: 1n, onesided: 1n } })).toEqual([1, 6, 2]);
    // frames (128 − 16)/8 + 1 = 15
    const step = { values: [8], scalar: true } as const;
    const frame = { values: [16], scalar: true } as const;
    expect(shapeOf('STFT', [[1, 128, 1], step, null, frame])).toEqual([1, 15, 9, 2]);
  });
});
