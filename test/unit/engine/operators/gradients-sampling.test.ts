/** Losses, sampling at given places and fused products against finite differences. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { checkOperator, type CheckedInput, type CheckedOperator } from '../../../support/gradient-check.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

async function agrees(checked: CheckedOperator): Promise<void> {
  const { error, tolerance, type } = await checkOperator(runner, checked);
  expect(error, `${checked.op} in ${type}`).toBeLessThan(tolerance);
}

const x = (...dims: number[]): CheckedInput => ({ dims });
const labels = (dims: readonly number[], ...values: number[]): CheckedInput => ({ dims, values, dtype: 'int64' });
const MICROSOFT = 'com.microsoft';

describe('losses', () => {
  const weights: CheckedInput = { dims: [4], values: [1, 0.5, 2, 0.25], constant: true };
  const scores: CheckedInput = { dims: [3, 4], stated: ['N', 4] };
  const each = ['SoftmaxCrossEntropyLoss', 'NegativeLogLikelihoodLoss'].flatMap((op) =>
    ['mean', 'sum', 'none'].map((reduction) => [op, reduction] as const),
  );
  it.each(each)('%s, %s', (op, reduction) =>
    agrees({ op, inputs: [scores, labels([3], 2, 0, 3)], attributes: { reduction } }),
  );
  it.each(each)('%s, %s, with weights, and a label that does not count', (op, reduction) =>
    agrees({ op, inputs: [scores, labels([3], 2, -1, 3), weights], attributes: { reduction, ignore_index: -1n } }),
  );
  it('at many places of each sample', () =>
    agrees({ op: 'SoftmaxCrossEntropyLoss', inputs: [x(2, 3, 2), labels([2, 2], 0, 2, 1, 1)] }));
  it('with what arrives at the logarithms', () =>
    agrees({ op: 'SoftmaxCrossEntropyLoss', inputs: [x(3, 4), labels([3], 2, 0, 3)], outputs: 2 }));
});

describe('sampling', () => {
  // Places off the pixels, where the slope has one answer; the last two lie outside of the image.
  const grid: CheckedInput = {
    dims: [1, 2, 3, 2],
    values: [-0.61, -0.37, 0.13, 0.29, 0.71, -0.83, -0.17, 0.57, 1.31, 0.41, -0.4, -1.53],
  };
  const cases = ['zeros', 'border'].flatMap((padding) => [0n, 1n].map((aligned) => [padding, aligned] as const));
  it.each(cases)('GridSample with %s, corners aligned %s', (padding, aligned) =>
    agrees({
      op: 'GridSample',
      opset: 16,
      inputs: [x(1, 2, 3, 4), grid],
      attributes: { mode: 'bilinear', padding_mode: padding, align_corners: aligned },
    }),
  );
  it('of an open batch', () =>
    agrees({
      op: 'GridSample',
      opset: 20,
      inputs: [
        { dims: [2, 1, 3, 3], stated: ['N', 1, 3, 3] },
        { dims: [2, 1, 2, 2], values: [-0.61, -0.37, 0.13, 0.29, 0.71, -0.83, -0.17, 0.57], stated: ['N', 1, 2, 2] },
      ],
    }));
});

describe('fused products', () => {
  const ways = [0n, 1n].flatMap((transA) => [0n, 1n].map((transB) => [transA, transB] as const));
  it.each(ways)('FusedMatMul, transposed %s %s', (transA, transB) =>
    agrees({
      op: 'FusedMatMul',
      domain: MICROSOFT,
      inputs: [transA === 0n ? x(2, 2, 3) : x(2, 3, 2), transB === 0n ? x(3, 4) : x(4, 3)],
      attributes: { transA, transB, alpha: 0.7 },
    }),
  );
  it('Inverse', () =>
    agrees({
      op: 'Inverse',
      domain: MICROSOFT,
      inputs: [{ dims: [1, 2, 2], values: [1.5, 0.3, -0.4, 0.9] }],
    }));
});
