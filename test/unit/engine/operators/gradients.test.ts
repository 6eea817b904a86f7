/** Every gradient rule against finite differences, computed by ONNX Runtime. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { checkOperator, type CheckedOperator } from '../../../support/gradient-check.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

async function agrees(checked: CheckedOperator): Promise<void> {
  const { error, tolerance, type } = await checkOperator(runner, checked);
  expect(error, `${checked.op} in ${type}`).toBeLessThan(tolerance);
}

const x = (...dims: number[]) => ({ dims });
const open = (stated: (string | number)[], ...dims: number[]) => ({ dims, stated });
const positive = (...dims: number[]) => ({ dims, range: [0.3, 2] as const });
const int64 = (...values: number[]) => ({ dims: [values.length], values, dtype: 'int64' as const });

describe('element-wise operators of one input', () => {
  it.each(['Abs', 'Neg', 'Exp', 'Sin', 'Cos', 'Tan', 'Sinh', 'Cosh', 'Atan', 'Asinh', 'Relu', 'Identity'])(
    '%s',
    async (op) => agrees({ op, inputs: [x(3, 4)] }),
  );
  it.each(['Sqrt', 'Log', 'Reciprocal'])('%s of positive numbers', async (op) =>
    agrees({ op, inputs: [positive(3, 4)] }),
  );
  it.each(['Asin', 'Acos', 'Atanh'])('%s within its domain', async (op) =>
    agrees({ op, inputs: [{ dims: [3, 4], range: [-0.8, 0.8] }] }),
  );
  it('Acosh beyond 1', async () => agrees({ op: 'Acosh', inputs: [{ dims: [5], range: [1.3, 3] }] }));
});

describe('element-wise operators with broadcast', () => {
  const pairs: [string, CheckedOperator['inputs']][] = [
    ['same shapes', [x(2, 3), x(2, 3)]],
    ['a row', [x(4, 3), x(3)]],
    ['a column and a row', [x(4, 1), x(1, 3)]],
    ['channels', [x(2, 3, 4), x(3, 1)]],
    ['a number', [x(), x(2, 3)]],
    ['an open batch', [open(['N', 3], 4, 3), x(1, 3)]],
    ['sizes that only the run tells', [open(['N', 'A'], 4, 1), open(['N', 'B'], 4, 3)]],
    ['another rank that only the run fits', [open(['A', 'B', 3], 1, 4, 3), open(['C', 3], 1, 3)]],
  ];
  describe.each(['Add', 'Sub', 'Mul', 'Sum', 'Mean', 'Min', 'Max'])('%s', (op) => {
    it.each(pairs)('with %s', async (_, inputs) => agrees({ op, inputs }));
  });
  it.each(pairs)('Div with %s', async (_, [a, b]) => agrees({ op: 'Div', inputs: [a!, { ...b!, range: [0.5, 2] }] }));
  it.each(pairs)('Pow with %s', async (_, [a, b]) => agrees({ op: 'Pow', inputs: [{ ...a!, range: [0.5, 2] }, b!] }));
  it('Pow with a constant exponent, of negative numbers too', async () => {
    await agrees({ op: 'Pow', inputs: [x(2, 3), { dims: [], values: [2], constant: true }] });
    await agrees({ op: 'Pow', inputs: [x(2, 3), { dims: [], values: [3], constant: true }] });
    await agrees({ op: 'Pow', inputs: [x(2, 3), { dims: [], values: [3], dtype: 'int64' }] });
  });
  it('Mod', async () =>
    agrees({
      op: 'Mod',
      attributes: { fmod: 1n },
      inputs: [
        { dims: [6], range: [2.1, 4.3] },
        { dims: [], values: [1.7] },
      ],
    }));
  it('Where, with a condition of its own shape', async () => {
    const condition = { dims: [2, 1], values: [1, 0], dtype: 'bool' as const };
    await agrees({ op: 'Where', inputs: [condition, x(2, 3), x(3)] });
  });
});

describe('activations', () => {
  it.each([
    'Sigmoid', 'Tanh', 'Erf', 'Softplus', 'Softsign', 'LeakyRelu', 'Elu', 'Celu', 'Selu', 'HardSigmoid', 'HardSwish', 'Mish', 'Gelu',
  ])('%s', async (op) => agrees({ op, inputs: [{ dims: [4, 6], range: [-3.9, 4.1] }] })); // prettier-ignore
  it('Swish with a factor', async () =>
    agrees({ op: 'Swish', opset: 24, attributes: { alpha: 1.5 }, inputs: [{ dims: [4, 6], range: [-3.9, 4.1] }] }));
  it('Shrink, whose kernel computes in float32 whatever the type', async () =>
    agrees({ op: 'Shrink', types: ['float32'], inputs: [{ dims: [4, 6], range: [-3.9, 4.1] }] }));
  it('ThresholdedRelu', async () => agrees({ op: 'ThresholdedRelu', attributes: { alpha: 0.5 }, inputs: [x(3, 4)] }));
  it('Celu and LeakyRelu with other slopes', async () => {
    await agrees({ op: 'Celu', attributes: { alpha: 0.5 }, inputs: [x(3, 4)] });
    await agrees({ op: 'LeakyRelu', attributes: { alpha: 0.3 }, inputs: [x(3, 4)] });
  });
  it('Gelu by its tanh', async () =>
    agrees({ op: 'Gelu', attributes: { approximate: 'tanh' }, inputs: [{ dims: [4, 6], range: [-3.9, 4.1] }] }));
  const domain = 'com.microsoft';
  it.each(['Gelu', 'QuickGelu', 'FastGelu'])('%s of com.microsoft', async (op) =>
    agrees({ op, domain, inputs: [{ dims: [4, 6], range: [-3.9, 4.1] }] }),
  );
  it.each(['BiasGelu', 'FastGelu'])('%s with its bias', async (op) =>
    agrees({ op, domain, inputs: [x(2, 3, 4), x(4)] }),
  );
  it('PRelu with a slope for each channel', async () => agrees({ op: 'PRelu', inputs: [x(2, 3, 4), x(3, 1)] }));
  it('Clip, by its limits too', async () => {
    const limit = (value: number) => ({ dims: [], values: [value] });
    await agrees({ op: 'Clip', inputs: [x(3, 5), limit(-0.51), limit(0.37)] });
    await agrees({ op: 'Clip', inputs: [x(3, 5), { ...limit(-0.51), constant: true }] });
    await agrees({ op: 'Clip', inputs: [x(3, 5)] });
  });
  it.each(['Softmax', 'LogSoftmax'])('%s', async (op) => {
    await agrees({ op, inputs: [open(['N', 5], 3, 5)] });
    await agrees({ op, inputs: [x(2, 3, 4)], attributes: { axis: 1n } });
  });
});

describe('matrix products', () => {
  it.each<[string, CheckedOperator['inputs']]>([
    ['two matrices', [x(2, 3), x(3, 4)]],
    ['a batch and one matrix', [open(['N', 'T', 3], 2, 5, 3), x(3, 4)]],
    ['two batches', [open(['N', 2, 2, 3], 2, 2, 2, 3), open(['N', 2, 3, 2], 2, 2, 3, 2)]],
    ['batches that are repeated', [x(2, 1, 2, 3), x(3, 3, 2)]],
    ['one matrix and a batch', [x(2, 3), x(4, 3, 2)]],
    ['a vector and a matrix', [x(3), x(3, 4)]],
    ['a matrix and a vector', [x(2, 3), x(3)]],
    ['a batch and a vector', [x(2, 2, 3), x(3)]],
    ['a vector and a batch', [x(3), x(2, 3, 2)]],
    ['two vectors', [x(3), x(3)]],
  ])('MatMul of %s', async (_, inputs) => agrees({ op: 'MatMul', inputs }));

  it.each([
    [0n, 0n],
    [0n, 1n],
    [1n, 0n],
    [1n, 1n],
  ])('Gemm with transA %s, transB %s', async (transA, transB) => {
    const inputs = [transA ? x(3, 2) : x(2, 3), transB ? x(4, 3) : x(3, 4), x(4)];
    await agrees({ op: 'Gemm', attributes: { transA, transB, alpha: 0.5, beta: 2 }, inputs });
  });
});

describe('convolutions', () => {
  const conv = (inputs: CheckedOperator['inputs'], attributes: CheckedOperator['attributes'] = {}): Promise<void> =>
    agrees({ op: 'Conv', inputs, attributes });
  it('plain, with bias and an open batch', () => conv([open(['N', 3, 5, 5], 2, 3, 5, 5), x(4, 3, 3, 3), x(4)]));
  it('with many places and few channels', () =>
    conv([open(['N', 2, 9, 8], 2, 2, 9, 8), x(2, 2, 3, 2)], { pads: [1n, 2n, 0n, 1n], dilations: [1n, 2n] }));
  it('pointwise, with many places', () => conv([open(['N', 2, 6, 7], 2, 2, 6, 7), x(3, 2, 1, 1)]));
  it('grouped without strides', () => conv([open(['N', 4, 5, 5], 2, 4, 5, 5), x(6, 2, 3, 3)], { group: 2n }));
  it('padded', () => conv([x(2, 2, 4, 5), x(3, 2, 3, 3)], { pads: [1n, 1n, 1n, 1n] }));
  it('with pads that differ by side', () => conv([x(1, 2, 5, 4), x(3, 2, 3, 2)], { pads: [0n, 1n, 2n, 1n] }));
  it('with strides that leave a rest', () =>
    conv([x(2, 2, 6, 7), x(3, 2, 3, 3)], { strides: [2n, 3n], pads: [1n, 0n, 1n, 0n] }));
  it('with strides over sizes that are open', () =>
    conv([open(['N', 2, 'H', 'W'], 2, 2, 6, 7), x(3, 2, 3, 3)], { strides: [2n, 2n], pads: [1n, 1n, 1n, 1n] }));
  it('dilated', () => conv([x(1, 2, 7, 7), x(2, 2, 3, 3)], { dilations: [2n, 2n], pads: [2n, 2n, 2n, 2n] }));
  it('dilated with strides', () => conv([x(1, 2, 8, 7), x(2, 2, 3, 2)], { dilations: [2n, 3n], strides: [2n, 2n] }));
  it('grouped', () => conv([open(['N', 4, 5, 5], 2, 4, 5, 5), x(6, 2, 3, 3), x(6)], { group: 2n, strides: [2n, 2n] }));
  it('grouped over sizes that are open', () =>
    conv([open(['N', 4, 'H', 'W'], 2, 4, 5, 5), x(6, 2, 3, 3)], { group: 2n, pads: [1n, 1n, 1n, 1n] }));
  it('depthwise', () => conv([x(2, 3, 5, 5), x(3, 1, 3, 3), x(3)], { group: 3n, pads: [1n, 1n, 1n, 1n] }));
  it('depthwise with strides', async () => {
    await conv([x(2, 3, 6, 6), x(3, 1, 3, 3), x(3)], { group: 3n, strides: [2n, 2n], pads: [1n, 1n, 1n, 1n] });
    await conv([x(1, 2, 7, 8), x(4, 1, 3, 2)], { group: 2n, strides: [3n, 2n], pads: [0n, 1n, 1n, 0n] });
    await conv([x(1, 2, 9), x(2, 1, 2)], { group: 2n, strides: [2n], dilations: [2n] });
  });
  it('depthwise with several kernels for each channel', () => conv([x(2, 2, 5, 5), x(4, 1, 3, 3)], { group: 2n }));
  it('pointwise with strides', () => conv([x(2, 3, 5, 5), x(4, 3, 1, 1)], { strides: [2n, 2n] }));
  it('padded further than its kernel reaches', () => conv([x(1, 2, 4, 4), x(2, 2, 1, 1)], { pads: [1n, 1n, 1n, 1n] }));
  describe('whose kernels are the output of one convolution', () => {
    it('with pads that differ by side', () =>
      conv([open(['N', 2, 4, 3], 2, 2, 4, 3), x(8, 2, 3, 2)], { pads: [1n, 1n, 0n, 2n] }));
    it('with strides that leave a rest, more of it than the pads', () =>
      conv([open(['N', 2, 6, 7], 2, 2, 6, 7), x(8, 2, 3, 3)], { strides: [2n, 3n], pads: [1n, 0n, 1n, 0n] }));
    it('grouped', () =>
      conv([open(['N', 4, 4, 4], 2, 4, 4, 4), x(16, 2, 3, 2)], {
        group: 2n,
        strides: [2n, 1n],
        pads: [1n, 1n, 1n, 0n],
      }));
    it('over one axis', () => conv([open(['N', 3, 5], 2, 3, 5), x(8, 3, 3)], { strides: [2n], pads: [1n, 1n] }));
  });
  it.each(['SAME_UPPER', 'SAME_LOWER', 'VALID'])('with auto_pad %s', async (auto_pad) => {
    await conv([x(1, 2, 6, 5), x(2, 2, 3, 2)], { auto_pad, strides: [2n, 1n] });
    await conv([x(1, 2, 6, 5), x(2, 2, 4, 2)], { auto_pad });
  });
  it('over one axis', () => conv([x(2, 3, 7), x(4, 3, 3), x(4)], { strides: [2n], pads: [1n, 0n] }));
  it('over three axes', () => conv([x(1, 2, 4, 3, 4), x(2, 2, 2, 2, 2)], { strides: [1n, 1n, 2n] }));
});

describe('transposed convolutions', () => {
  const conv = (inputs: CheckedOperator['inputs'], attributes: CheckedOperator['attributes'] = {}): Promise<void> =>
    agrees({ op: 'ConvTranspose', inputs, attributes });
  it('plain, with bias and an open batch', () => conv([open(['N', 3, 4, 4], 2, 3, 4, 4), x(3, 2, 3, 3), x(2)]));
  it('with strides, pads and output padding', () =>
    conv([x(2, 2, 3, 4), x(2, 3, 3, 3)], { strides: [2n, 3n], pads: [1n, 0n, 0n, 1n], output_padding: [1n, 2n] }));
  it('grouped and dilated', () => conv([x(1, 4, 4, 4), x(4, 2, 2, 2)], { group: 2n, dilations: [2n, 1n] }));
  it('with an output shape', () => conv([x(1, 2, 3, 3), x(2, 2, 3, 3)], { strides: [2n, 2n], output_shape: [6n, 5n] }));
  it.each(['SAME_UPPER', 'SAME_LOWER', 'VALID'])('with auto_pad %s', (auto_pad) =>
    conv([x(1, 2, 3, 4), x(2, 2, 3, 2)], { auto_pad, strides: [2n, 1n] }),
  );
  it('over one axis, sizes open', () => conv([open(['N', 2, 'L'], 2, 2, 5), x(2, 3, 3)], { strides: [2n] }));
});

describe('pools', () => {
  const pool = (op: string, attributes: CheckedOperator['attributes'], ...dims: number[]): Promise<void> =>
    agrees({ op, attributes: { kernel_shape: dims.slice(2).map(() => 3n), ...attributes }, inputs: [x(...dims)] });
  it('MaxPool with windows apart and with windows that overlap', async () => {
    await pool('MaxPool', { kernel_shape: [2n, 2n], strides: [2n, 2n] }, 2, 3, 4, 6);
    await pool('MaxPool', { strides: [2n, 2n], pads: [1n, 1n, 1n, 1n] }, 2, 2, 7, 6);
    await pool('MaxPool', { strides: [2n, 2n], ceil_mode: 1n }, 1, 2, 6, 6);
    await pool('MaxPool', { dilations: [2n], pads: [1n, 2n] }, 1, 2, 8);
    await pool('MaxPool', { auto_pad: 'SAME_UPPER', strides: [2n] }, 1, 2, 8);
  });
  it('MaxPool over sizes that are open', async () =>
    agrees({
      op: 'MaxPool',
      attributes: { kernel_shape: [3n, 3n], strides: [2n, 2n] },
      inputs: [open(['N', 2, 'H', 'W'], 2, 2, 5, 7)],
    }));
  it.each([0n, 1n])('AveragePool, padding counted: %s', async (count_include_pad) => {
    await pool('AveragePool', { count_include_pad }, 2, 2, 5, 6);
    await pool('AveragePool', { count_include_pad, strides: [2n, 2n], pads: [1n, 1n, 1n, 1n] }, 2, 2, 6, 7);
    await pool(
      'AveragePool',
      { count_include_pad, strides: [2n, 2n], pads: [1n, 0n, 0n, 1n], ceil_mode: 1n },
      1,
      2,
      6,
      6,
    );
    await pool('AveragePool', { count_include_pad, auto_pad: 'SAME_LOWER', strides: [2n] }, 1, 2, 8);
    await pool('AveragePool', { count_include_pad, kernel_shape: [2n, 2n], strides: [3n, 3n] }, 1, 2, 6, 7);
    await pool('AveragePool', { count_include_pad, kernel_shape: [4n, 4n] }, 2, 3, 4, 4);
    await pool(
      'AveragePool',
      { count_include_pad, kernel_shape: [2n, 2n, 2n], dilations: [2n, 1n, 1n] },
      1,
      2,
      4,
      3,
      4,
    );
  });
  it('LpPool and its global form, by p', async () => {
    for (const p of [1n, 2n, 3n]) {
      await pool('LpPool', { p, strides: [2n, 2n], pads: [1n, 1n, 1n, 1n] }, 1, 2, 5, 6);
      await agrees({ op: 'GlobalLpPool', attributes: { p }, inputs: [x(2, 2, 3, 4)] });
    }
  });
  it('GlobalMaxPool', async () => agrees({ op: 'GlobalMaxPool', inputs: [open(['N', 3, 'H', 'W'], 2, 3, 4, 5)] }));
  it('MaxUnpool', async () => {
    const places = { dims: [1, 1, 2, 2], values: [5, 7, 13, 8], dtype: 'int64' as const };
    await agrees({
      op: 'MaxUnpool',
      attributes: { kernel_shape: [2n, 2n], strides: [2n, 2n] },
      inputs: [x(1, 1, 2, 2), places],
    });
  });
});

describe('normalizations', () => {
  const batch = (...dims: number[]) => [x(...dims), positive(dims[1]!), x(dims[1]!), x(dims[1]!), positive(dims[1]!)];
  it('BatchNormalization by given statistics, by these too', async () => {
    await agrees({ op: 'BatchNormalization', inputs: batch(2, 3, 4, 4) });
    await agrees({ op: 'BatchNormalization', attributes: { epsilon: 0.1 }, inputs: batch(4, 3) });
  });
  it('BatchNormalization by the batch', async () => {
    const inputs = batch(4, 3, 2, 3).map((input, at) => (at > 2 ? { ...input, constant: true } : input));
    await agrees({ op: 'BatchNormalization', attributes: { training_mode: 1n }, inputs, outputs: 3, checked: [0] });
  });
  it('LayerNormalization', async () => {
    await agrees({ op: 'LayerNormalization', inputs: [open(['N', 'T', 6], 2, 3, 6), x(6), x(6)] });
    await agrees({ op: 'LayerNormalization', attributes: { axis: 1n }, inputs: [x(3, 2, 4), x(2, 4)] });
  });
  it('RMSNormalization', async () =>
    agrees({ op: 'RMSNormalization', opset: 23, inputs: [open(['N', 6], 3, 6), x(6)] }));
  it('SimplifiedLayerNormalization', async () =>
    agrees({ op: 'SimplifiedLayerNormalization', inputs: [x(2, 3, 6), x(6)] }));
  it('SkipLayerNormalization, its sum among the outputs', async () => {
    const domain = 'com.microsoft';
    await agrees({ op: 'SkipLayerNormalization', domain, inputs: [x(2, 3, 8), x(2, 3, 8), x(8), x(8), x(8)] });
    await agrees({ op: 'SkipLayerNormalization', domain, inputs: [x(2, 3, 8), x(3, 8), x(8), x(8)] });
    await agrees({ op: 'SkipSimplifiedLayerNormalization', domain, inputs: [x(2, 3, 8), x(2, 3, 8), x(8), x(8)] });
  });
  it('InstanceNormalization', async () => agrees({ op: 'InstanceNormalization', inputs: [x(2, 3, 4, 5), x(3), x(3)] }));
  it('GroupNormalization, scaled by channel and by group', async () => {
    const types = ['float32'] as const; // its kernel computes in it
    await agrees({
      op: 'GroupNormalization',
      types,
      attributes: { num_groups: 2n },
      inputs: [x(2, 4, 3, 2), x(4), x(4)],
    });
    await agrees({
      op: 'GroupNormalization',
      opset: 18,
      attributes: { num_groups: 2n },
      inputs: [x(2, 4, 3), x(2), x(2)],
    });
  });
  it('MeanVarianceNormalization and LpNormalization', async () => {
    await agrees({ op: 'MeanVarianceNormalization', inputs: [x(2, 3, 4, 2)] });
    await agrees({ op: 'LpNormalization', inputs: [x(3, 6)] });
    await agrees({ op: 'LpNormalization', attributes: { p: 1n, axis: 0n }, inputs: [x(4, 3)] });
  });
  it('LRN', async () => {
    const attributes = { alpha: 0.5, beta: 0.75, bias: 1 };
    await agrees({ op: 'LRN', attributes: { ...attributes, size: 3n }, inputs: [x(2, 5, 2, 3)] });
    await agrees({ op: 'LRN', attributes: { ...attributes, size: 5n }, inputs: [x(1, 6, 2, 2)] });
  });
  it('Dropout that is not in training', async () => agrees({ op: 'Dropout', inputs: [x(3, 4)] }));
});

describe('layout, reductions and pools', () => {
  it('Reshape, with an open batch', async () =>
    agrees({ op: 'Reshape', inputs: [open(['N', 2, 3], 4, 2, 3), int64(-1, 6)] }));
  it('Flatten', async () => agrees({ op: 'Flatten', inputs: [open(['N', 2, 3], 4, 2, 3)] }));
  it('Transpose', async () => {
    await agrees({ op: 'Transpose', inputs: [x(2, 3, 4)], attributes: { perm: [2n, 0n, 1n] } });
    await agrees({ op: 'Transpose', inputs: [x(2, 3, 4)] });
  });
  it('Squeeze and Unsqueeze', async () => {
    await agrees({ op: 'Squeeze', inputs: [x(2, 1, 3), int64(1)] });
    await agrees({ op: 'Unsqueeze', inputs: [x(2, 3), int64(0, 2)] });
  });
  it.each(['ReduceMean', 'ReduceSum'])('%s', async (op) => {
    await agrees({ op, inputs: [open(['N', 3, 4], 2, 3, 4), int64(-1, 1)], attributes: { keepdims: 0n } });
    await agrees({ op, inputs: [x(2, 3, 4), int64(0)] });
    await agrees({ op, inputs: [x(2, 3)], attributes: { keepdims: 0n } });
  });
  it('ReduceMean with axes as an attribute', async () =>
    agrees({ op: 'ReduceMean', opset: 13, inputs: [x(2, 3, 4)], attributes: { axes: [2n], keepdims: 0n } }));
  it('GlobalAveragePool over open sizes', async () =>
    agrees({ op: 'GlobalAveragePool', inputs: [open(['N', 3, 'H', 'W'], 2, 3, 4, 5)] }));
});
