import { expect, it } from 'vitest';
import { fitAdaptor } from '../../../../main/engine/distill/fit-adaptor.ts';
import { matchChannels } from '../../../../main/engine/distill/match-channels.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';

const random = seededRandom(3);
/** Five channels of 40 samples with two places each. */
const teacher = { dims: [40, 5, 2], data: Float32Array.from({ length: 400 }, () => random() - 0.5) };
const { signal } = new AbortController();

/** Some channels of the teacher, each times a factor, plus noise. */
const taken = (channels: readonly number[], factor: number, noise: number) => ({
  dims: [40, channels.length, 2],
  data: Float32Array.from({ length: 80 * channels.length }, (_, at) => {
    const [sample, rest] = [Math.floor(at / (2 * channels.length)), at % (2 * channels.length)];
    const from = sample * 10 + channels[Math.floor(rest / 2)]! * 2 + (rest % 2);
    return factor * teacher.data[from]! + noise * (random() - 0.5);
  }),
});

it('finds the channels that are left, whatever their scale', () => {
  const found = matchChannels(taken([0, 2, 3], 0.3, 0.1), teacher, 1);
  expect([...found!.indices]).toEqual([0, 2, 3]);
  expect(found!.axis).toBe(1);
  expect(found!.correlation).toBeGreaterThan(0.9);
  expect([...matchChannels(taken([4], -1, 0), taken([4, 4], -1, 0), 1)!.indices]).toHaveLength(1);
});

it('does not take channels for the same that are not alike, nor where none is missing', () => {
  expect(matchChannels(taken([1, 2], 0, 1), teacher, 1)).toBeUndefined();
  expect(matchChannels(taken([1, 2], 0, 0), teacher, 1)).toBeUndefined();
  expect(matchChannels(teacher, teacher, 1)).toBeUndefined();
});

it('fits a matrix that takes one to the other: a factor of 2 comes out as 1/2', async () => {
  const adaptor = await fitAdaptor(taken([1, 3], 2, 0), taken([3, 1, 3], 1, 0), { axis: 1, signal });
  const expected = [0, 0.5, 0, 0.5, 0, 0.5];
  adaptor.forEach((value, at) => expect(value).toBeCloseTo(expected[at]!, 1));
});
