import { describe, expect, it } from 'vitest';
import type { FeedBatches } from '../../../../main/engine/dataset/feed-batches.ts';
import { joinableSamples, joinBatches, joinFor } from '../../../../main/engine/sums/join-batches.ts';
import type { HostTensors } from '../../../../main/engine/tensor/host-tensor.ts';
import { graph } from '../../../support/graph-builder.ts';

/** Rows of two numbers, counted on from `first`. */
function rows(first: number, count: number): HostTensors {
  const data = Float32Array.from({ length: 2 * count }, (_, at) => 2 * first + at);
  return { x: { dtype: 'float32', dims: [count, 2], data } };
}

async function* given(batches: readonly HostTensors[]): FeedBatches {
  yield* batches;
}

async function all(batches: FeedBatches): Promise<readonly { dims: readonly number[]; data: readonly number[] }[]> {
  const found: { dims: readonly number[]; data: readonly number[] }[] = [];
  for await (const { x } of batches) found.push({ dims: x!.dims, data: Array.from(x!.data as Float32Array) });
  return found;
}

const model = (batch: number | string, width = 2) =>
  graph()
    .input('x', 'float32', [batch, width])
    .gemm({ inputs: width, outputs: 3 })
    .relu()
    .output(undefined, 'float32', [batch, 3])
    .build();

describe('joinBatches', () => {
  it('puts batches together as long as they have few enough samples, in their order', async () => {
    const joined = await all(joinBatches(given([rows(0, 2), rows(2, 1), rows(3, 2), rows(5, 1)]), 4));
    expect(joined).toEqual([
      { dims: [3, 2], data: [0, 1, 2, 3, 4, 5] },
      { dims: [3, 2], data: [6, 7, 8, 9, 10, 11] },
    ]);
  });

  it('leaves a batch alone that is larger than that', async () => {
    const joined = await all(joinBatches(given([rows(0, 3), rows(3, 3)]), 2));
    expect(joined.map(({ dims }) => dims)).toEqual([
      [3, 2],
      [3, 2],
    ]);
  });

  it('keeps batches apart whose samples differ in size', async () => {
    const wide: HostTensors = { x: { dtype: 'float32', dims: [1, 3], data: new Float32Array(3) } };
    expect(await all(joinBatches(given([rows(0, 1), wide, wide]), 8))).toHaveLength(2);
  });

  it('gives nothing where there is nothing', async () => {
    expect(await all(joinFor(model('N'), () => given([])))).toEqual([]);
  });
});

describe('joinableSamples', () => {
  it('joins samples of a small model up to 64', () => {
    expect(joinableSamples(model('N'), rows(0, 4))).toBe(64);
  });

  it('keeps the greatest value below two million elements', () => {
    // 40 samples of 2^16 numbers are the greatest value; 32 of them are 2^21.
    const wide = graph().input('x', 'float32', ['N', 2]).gemm({ inputs: 2, outputs: 2 ** 16 }).output().build(); // prettier-ignore
    expect(joinableSamples(wide, rows(0, 4))).toBe(32);
    expect(joinableSamples(wide, rows(0, 40))).toBe(40);
  });

  it('leaves batches as they are where the model fixes them, or the data come one by one', () => {
    expect(joinableSamples(model(4), rows(0, 4))).toBe(4);
    expect(joinableSamples(model('N'), rows(0, 1))).toBe(1);
  });

  it('leaves them where the size of a value cannot be told', () => {
    const open = graph().input('x', 'float32', ['N', 2]).node('NonZero', ['x']).output().build();
    expect(joinableSamples(open, rows(0, 4))).toBe(4);
  });
});
