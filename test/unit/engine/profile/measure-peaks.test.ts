import { afterAll, describe, expect, it } from 'vitest';
import { encodeModelBytes } from '../../../../main/engine/onnx/encode-model.ts';
import { higherPeaks } from '../../../../main/engine/profile/measure-peaks.ts';
import { productModel, sumChainModel } from '../../../../main/engine/profile/peak-models.ts';
import { RunnerPool } from '../../../../main/engine/runtime/runner-pool.ts';
import { MACHINE } from '../../judge/predict/cases.ts';

const runners = new RunnerPool();
afterAll(() => runners.dispose());

const lengthOf = (length: number) =>
  ({ length: { dtype: 'int64', dims: [1], data: BigInt64Array.of(BigInt(length)) } }) as const;

describe('models of the peaks', () => {
  it('sums as often as it is told to', async () => {
    const { largest } = await runners.use(async (runner) => {
      const session = await runner.load({ bytes: encodeModelBytes(sumChainModel(4)) }, { provider: 'cpu', threads: 1 });
      return session.run(lengthOf(1000));
    });
    expect(largest!.data).toEqual(Float32Array.of(3)); // 1 + 4 · 0.5
  });

  it.each(['float32', 'int8'] as const)('multiplies matrices in %s', async (dtype) => {
    const { largest } = await runners.use(async (runner) => {
      const model = productModel(8, dtype);
      const session = await runner.load({ bytes: encodeModelBytes(model) }, { provider: 'cpu', threads: 1 });
      return session.run(lengthOf(8));
    });
    expect(largest!.dtype).toBe(dtype === 'int8' ? 'int32' : 'float32');
    expect(Number((largest!.data as Float32Array)[0])).not.toBe(0);
  });
});

it('keeps the higher of two measurements, each figure by itself', () => {
  const machine = MACHINE;
  const bandwidth = (small: number, large: number) => [
    { setBytes: 1, gbPerSecond: small },
    { setBytes: 2, gbPerSecond: large },
  ];
  const first = { machine, at: 1, size: 8, runs: 2, float32: 10, int8: 50, bandwidth: bandwidth(9, 4), kernelUs: 3 };
  const second = { machine, at: 2, size: 8, runs: 3, float32: 12, int8: 40, bandwidth: bandwidth(8, 5), kernelUs: 4 };
  expect(higherPeaks(first, second)).toEqual({ ...second, int8: 50, bandwidth: bandwidth(9, 5), kernelUs: 3 });
});
