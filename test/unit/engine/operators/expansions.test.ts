/** Operators written in others: what the runtime's own kernel gives, and gradients against its finite differences. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import {
  checkExpansion,
  checkOperator,
  type CheckedInput,
  type CheckedOperator,
} from '../../../support/gradient-check.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

async function agrees(checked: CheckedOperator): Promise<void> {
  expect(await checkExpansion(runner, checked), `values of ${checked.op}`).toBeLessThan(1e-5);
  const { error, tolerance, type } = await checkOperator(runner, checked);
  expect(error, `${checked.op} in ${type}`).toBeLessThan(tolerance);
}

const x = (...dims: number[]): CheckedInput => ({ dims });
const sizes = (...values: number[]): CheckedInput => ({ dims: [values.length], values, dtype: 'int64' });
const domain = 'com.microsoft';

describe('fused layers', () => {
  it.each([
    ['Relu', undefined],
    ['LeakyRelu', [0.2]],
    ['Tanh', undefined],
    ['Sigmoid', undefined],
    ['HardSigmoid', [0.3, 0.4]],
  ] as const)('FusedConv with %s', (activation, params) =>
    agrees({
      op: 'FusedConv',
      domain,
      inputs: [{ dims: [2, 2, 5, 4], stated: ['N', 2, 5, 4] }, x(3, 2, 3, 3), x(3)],
      attributes: {
        activation,
        pads: [1n, 0n, 1n, 1n],
        strides: [2n, 1n],
        ...(params === undefined ? {} : { activation_params: [...params] }),
      },
    }),
  );
  it('FusedConv with Clip, outputs off its limits', () =>
    agrees({
      op: 'FusedConv',
      domain,
      inputs: [x(1, 1, 2, 2), { dims: [3, 1, 2, 2] }, { dims: [3], values: [-3, 0, 3] }],
      attributes: { activation: 'Clip', activation_params: [-1.5, 1.5] },
    }));
  it('FusedConv that adds', () =>
    agrees({
      op: 'FusedConv',
      domain,
      inputs: [x(1, 2, 4, 4), x(2, 1, 3, 3), x(2), x(1, 2, 2, 2)],
      attributes: { activation: 'Relu', group: 2n },
    }));
  it.each(['Relu', 'Tanh', 'LeakyRelu'])('FusedGemm with %s', (activation) =>
    agrees({
      op: 'FusedGemm',
      domain,
      inputs: [x(3, 4), x(2, 4), x(2)],
      attributes: { activation, transB: 1n, alpha: 0.5, beta: 2, activation_alpha: 0.1 },
    }),
  );
  it.each(['euclidean', 'sqeuclidean'])('CDist, %s', (metric) =>
    agrees({ op: 'CDist', domain, inputs: [x(3, 4), x(2, 4)], attributes: { metric } }),
  );
  it('GatedRMSNorm', () => agrees({ op: 'GatedRMSNorm', domain, inputs: [x(2, 3, 4), x(4), x(2, 3, 4)] }));
  it('CausalConvWithState, and its state', () =>
    agrees({
      op: 'CausalConvWithState',
      domain,
      inputs: [x(2, 2, 5), x(2, 1, 3), x(2), x(2, 2, 2)],
      attributes: { activation: 'silu' },
      outputs: 2,
    }));
  it('CausalConvWithState without a state before', () =>
    agrees({ op: 'CausalConvWithState', domain, inputs: [x(1, 2, 4), x(2, 1, 3)], outputs: 2 }));
  it('EmbedLayerNormalization', () =>
    agrees({
      op: 'EmbedLayerNormalization',
      domain,
      inputs: [
        { dims: [2, 3], values: [0, 2, 1, 3, 1, 0], dtype: 'int32' },
        { dims: [2, 3], values: [0, 0, 1, 0, 1, 1], dtype: 'int32' },
        x(4, 4),
        x(3, 4),
        x(2, 4),
        x(4),
        x(4),
      ],
      attributes: { epsilon: 1e-5 },
      outputs: 2,
      checked: [0],
    }));
});

describe('attention', () => {
  it.each([0n, 1n])('Attention of one product, only what came before: %s', (unidirectional) =>
    agrees({
      op: 'Attention',
      domain,
      inputs: [{ dims: [2, 3, 4], stated: ['N', 'L', 4] }, x(4, 12), x(12)],
      attributes: { num_heads: 2n, unidirectional },
    }),
  );
  it('Attention with a mask and a bias of scores', () =>
    agrees({
      op: 'Attention',
      domain,
      inputs: [
        x(2, 3, 4),
        x(4, 12),
        x(12),
        { dims: [2, 3], values: [1, 1, 0, 1, 1, 1], dtype: 'int32' },
        null,
        { dims: [2, 2, 3, 3] },
      ],
      attributes: { num_heads: 2n, scale: 0.3 },
    }));

  const whole: CheckedInput = { dims: [2], values: [2, 2], dtype: 'int32' };
  const total: CheckedInput = { dims: [1], values: [3], dtype: 'int32' };
  it('GroupQueryAttention of a prompt', () =>
    agrees({
      op: 'GroupQueryAttention',
      domain,
      inputs: [{ dims: [2, 3, 32], stated: ['N', 'L', 32] }, x(2, 3, 16), x(2, 3, 16), null, null, whole, total],
      attributes: { num_heads: 4n, kv_num_heads: 2n },
      outputs: 3,
    }));
  it('GroupQueryAttention, packed, turned by its tables, behind a past', () =>
    agrees({
      op: 'GroupQueryAttention',
      domain,
      inputs: [
        x(1, 2, 48),
        null,
        null,
        x(1, 1, 3, 16),
        x(1, 1, 3, 16),
        { dims: [1], values: [4], dtype: 'int32' },
        { dims: [1], values: [5], dtype: 'int32' },
        { dims: [8, 8], constant: true },
        { dims: [8, 8], constant: true },
      ],
      attributes: { num_heads: 1n, kv_num_heads: 1n, do_rotary: 1n, scale: 0.4 },
      outputs: 3,
    }));
});

describe('places of images', () => {
  it.each([0n, 1n])('AffineGrid, corners aligned %s', (aligned) =>
    agrees({ op: 'AffineGrid', inputs: [x(2, 2, 3), sizes(2, 1, 3, 2)], attributes: { align_corners: aligned } }),
  );
  it('AffineGrid of volumes', () => agrees({ op: 'AffineGrid', inputs: [x(1, 3, 4), sizes(1, 1, 2, 3, 2)] }));
  it('CenterCropPad, one axis cut, one padded', () =>
    agrees({ op: 'CenterCropPad', inputs: [x(5, 2, 3), sizes(2, 6)], attributes: { axes: [0n, -1n] } }));
  it('Col2Im', () =>
    agrees({
      op: 'Col2Im',
      inputs: [{ dims: [2, 8, 6], stated: ['N', 8, 6] }, sizes(4, 5), sizes(2, 2)],
      attributes: { strides: [2n, 1n], dilations: [1n, 2n], pads: [0n, 0n, 0n, 0n] },
    }));
  it('Col2Im with pads', () =>
    agrees({ op: 'Col2Im', inputs: [x(1, 4, 12), sizes(2, 3), sizes(2, 2)], attributes: { pads: [1n, 1n, 1n, 1n] } }));
  it('Det', () =>
    agrees({ op: 'Det', inputs: [{ dims: [2, 2, 2], values: [1.5, 0.3, -0.4, 0.9, 0.2, -1.1, 0.8, 0.7] }] }));

  // Places off the pixels, where the slope has one answer.
  const offsets = (count: number): readonly number[] =>
    Array.from({ length: count }, (_, at) => 0.3 + 0.14 * Math.sin(7 * at));
  it('DeformConv with a mask, groups, strides and pads', () =>
    agrees({
      op: 'DeformConv',
      opset: 22,
      inputs: [
        { dims: [2, 4, 4, 3], stated: ['N', 4, 4, 3] },
        x(2, 2, 2, 2),
        { dims: [2, 16, 4, 2], values: offsets(256) },
        x(2),
        x(2, 8, 4, 2),
      ],
      attributes: { group: 2n, offset_group: 2n, pads: [1n, 0n, 0n, 0n] },
      types: ['float32'],
    }));
  it('DeformConv, plain', () =>
    agrees({
      op: 'DeformConv',
      opset: 19,
      inputs: [x(1, 1, 4, 4), x(1, 1, 2, 2), { dims: [1, 8, 3, 3], values: offsets(72) }],
      types: ['float32'],
    }));
  it.each(['half_pixel', 'output_half_pixel'])('RoiAlign by means, %s', (mode) =>
    agrees({
      op: 'RoiAlign',
      inputs: [
        { dims: [2, 2, 5, 6] },
        { dims: [3, 4], values: [0.3, 0.7, 6.9, 8.1, 2.2, 1.1, 9.3, 5.2, -4.7, -3.3, 14.4, 11.6], constant: true },
        sizes(1, 0, 1),
      ],
      attributes: {
        coordinate_transformation_mode: mode,
        output_height: 2n,
        output_width: 3n,
        sampling_ratio: 2n,
        spatial_scale: 0.5,
      },
      types: ['float32'],
    }),
  );
});
