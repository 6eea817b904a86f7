/** Gradients of transforms, of products along an axis, of caches and of what is different, against finite differences. */
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
const open = (stated: (string | number)[], ...dims: number[]): CheckedInput => ({ dims, stated });
const int64 = (...values: number[]): CheckedInput => ({ dims: [values.length], values, dtype: 'int64' });
const scalar = (value: number): CheckedInput => ({ dims: [], values: [value], dtype: 'int64' });

describe('DFT', () => {
  const flags = (inverse: number, onesided: number) => ({ inverse: BigInt(inverse), onesided: BigInt(onesided) });
  it.each([0, 1])('of complex numbers, inverse: %s', async (inverse) => {
    await agrees({ op: 'DFT', inputs: [open(['N', 5, 2], 2, 5, 2)], attributes: flags(inverse, 0) });
    // Another axis, filled up with zeros, and cut.
    const inputs = (length: number) => [x(3, 4, 2, 2), scalar(length), scalar(0)];
    await agrees({ op: 'DFT', inputs: inputs(5), attributes: flags(inverse, 0) });
    await agrees({ op: 'DFT', inputs: inputs(2), attributes: flags(inverse, 0) });
  });
  it('of real numbers, whole and one-sided, of even and odd length', async () => {
    for (const length of [5, 6]) {
      await agrees({ op: 'DFT', inputs: [open(['N', length, 1], 2, length, 1)] });
      await agrees({ op: 'DFT', inputs: [open(['N', length, 1], 2, length, 1)], attributes: flags(0, 1) });
    }
    await agrees({ op: 'DFT', inputs: [x(2, 5, 1), scalar(8)], attributes: flags(0, 1) });
    await agrees({ op: 'DFT', inputs: [x(2, 5, 1), scalar(3)], attributes: flags(0, 1) });
  });
  it('back from one side, of even and odd length', async () => {
    await agrees({ op: 'DFT', inputs: [open(['N', 4, 2], 2, 4, 2)], attributes: flags(1, 1) });
    await agrees({ op: 'DFT', inputs: [x(2, 4, 3, 2), scalar(7), scalar(1)], attributes: flags(1, 1) });
  });
  it('with its axis as an attribute', () =>
    agrees({ op: 'DFT', opset: 17, inputs: [x(3, 2, 4, 1)], attributes: { axis: 2n, onesided: 1n } }));
});

describe('STFT', () => {
  const window = { dims: [4], values: [0.25, 0.75, 1, 0.5] };
  it('of overlapping frames under a learnt window', async () => {
    await agrees({ op: 'STFT', inputs: [open(['N', 11, 1], 2, 11, 1), scalar(3), window] });
    await agrees({ op: 'STFT', inputs: [x(1, 9, 1), scalar(2), window, scalar(4)], attributes: { onesided: 0n } });
  });
  it('without a window, with places between the frames', () =>
    agrees({ op: 'STFT', inputs: [x(2, 9, 1), scalar(5), null, scalar(4)] }));
});

describe('CumProd', () => {
  it.each([
    [0n, 0n],
    [0n, 1n],
    [1n, 0n],
    [1n, 1n],
  ])('exclusive %s, reverse %s', async (exclusive, reverse) => {
    const checked = { op: 'CumProd', opset: 26, attributes: { exclusive, reverse } };
    await agrees({ ...checked, inputs: [{ ...open(['N', 4, 3], 2, 4, 3), range: [0.5, 1.5] }, scalar(1)] });
    // With factors that are zero.
    await agrees({ ...checked, inputs: [{ dims: [2, 4], values: [0.5, 0, 2, 3, 0, 1, 0, 4] }, scalar(-1)] });
    await agrees({ ...checked, inputs: [{ dims: [5], values: [2, 3, 0, 5, 7] }, scalar(0)] });
  });
});

describe('TensorScatter', () => {
  const past = (...dims: number[]) => open(['N', ...dims.slice(1)], ...dims);
  it('writes rows of each sample at its own place', () =>
    agrees({
      op: 'TensorScatter',
      opset: 24,
      inputs: [past(2, 2, 5, 3), past(2, 2, 2, 3), int64(1, 3)],
    }));
  it('goes on at the start, along another axis', () =>
    agrees({
      op: 'TensorScatter',
      opset: 24,
      inputs: [past(2, 4, 3), past(2, 3, 3), int64(3, 2)],
      attributes: { mode: 'circular', axis: 1n },
    }));
  it('begins at the first row', () => agrees({ op: 'TensorScatter', opset: 24, inputs: [x(1, 4, 2), x(1, 2, 2)] }));
});

describe('Unique', () => {
  it('of elements and of slices', async () => {
    await agrees({ op: 'Unique', inputs: [open(['N', 3], 2, 3)] });
    await agrees({ op: 'Unique', inputs: [open(['N', 3], 4, 3)], attributes: { axis: 0n, sorted: 0n } });
    await agrees({ op: 'Unique', inputs: [x(2, 3, 2)], attributes: { axis: -2n } });
  });
});
