import { describe, expect, it } from 'vitest';
import { CalibrationSamples, firstSamples } from '../../../../main/engine/dataset/finite-samples.ts';
import type { HostTensors } from '../../../../main/engine/tensor/host-tensor.ts';

const feed = (rows: number, values: readonly number[]): HostTensors => ({
  x: { dtype: 'float32', dims: [rows, values.length / rows], data: Float32Array.from(values) },
});

const samplesOf = (...batches: readonly HostTensors[]): CalibrationSamples =>
  new CalibrationSamples(async function* () {
    yield* batches;
  }, 100);

async function taken(samples: CalibrationSamples): Promise<unknown[]> {
  const all = [];
  for await (const { x } of samples.all()) all.push([x!.dims, [...(x!.data as Float32Array)]]);
  return all;
}

describe('CalibrationSamples', () => {
  it('leaves samples with NaN or infinite values out, and says how many', async () => {
    const samples = samplesOf(feed(3, [1, 2, NaN, NaN, 5, 6]), feed(1, [Infinity, 8]), feed(1, [9, 10]));
    await samples.first();
    expect(await taken(samples)).toEqual([
      [
        [2, 2],
        [1, 2, 5, 6],
      ],
      [
        [1, 2],
        [9, 10],
      ],
    ]);
    expect(samples.notes()).toEqual([
      '2 of 5 calibration samples hold NaN or infinite values (3 elements) and were left out.',
    ]);
  });

  it('takes integers and texts with the samples that stay', async () => {
    const samples = samplesOf({
      ...feed(2, [NaN, 1]),
      ids: { dtype: 'int64', dims: [2], data: BigInt64Array.of(7n, 8n) },
      words: { dtype: 'string', dims: [2], data: ['a', 'b'] },
    });
    const { ids, words } = await samples.first();
    expect([ids!.data, words!.data]).toEqual([BigInt64Array.of(8n), ['b']]);
  });

  it('refuses data without a finite sample, and no data', async () => {
    await expect(samplesOf(feed(2, [NaN, NaN])).first()).rejects.toThrow('All 2 calibration samples hold NaN');
    await expect(samplesOf().first()).rejects.toMatchObject({ code: 'DATA_INVALID' });
  });

  it('keeps infinities that every sample has: masks are made of them', async () => {
    const samples = samplesOf(feed(2, [1, -Infinity, 2, -Infinity]));
    await samples.first();
    expect(await taken(samples)).toEqual([
      [
        [2, 2],
        [1, -Infinity, 2, -Infinity],
      ],
    ]);
    expect(samples.notes()).toEqual(['Every calibration sample holds infinite values; they were taken as they are.']);
  });

  it('says nothing about data that is finite', async () => {
    const samples = samplesOf(feed(1, [1, 2]));
    await samples.first();
    expect([await taken(samples), samples.notes()]).toEqual([
      [
        [
          [1, 2],
          [1, 2],
        ],
      ],
      [],
    ]);
  });
});

describe('firstSamples', () => {
  it('takes the first rows of inputs that agree on their number, and the whole batch of others', () => {
    expect(firstSamples(feed(3, [1, 2, 3]), 2)).toEqual(feed(2, [1, 2]));
    const apart = { ...feed(3, [1, 2, 3]), y: feed(2, [1, 2])['x']! };
    expect(firstSamples(apart, 1)).toBe(apart);
  });
});
