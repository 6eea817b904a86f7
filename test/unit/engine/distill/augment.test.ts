import { describe, expect, it } from 'vitest';
import {
  drawMixed,
  drawView,
  imageLayout,
  mixIn,
  PLAIN,
  writeView,
  type ImageLayout,
} from '../../../../main/engine/distill/augment.ts';
import { Samples } from '../../../../main/engine/distill/samples.ts';
import { ViewedSamples } from '../../../../main/engine/distill/viewed-samples.ts';
import type { HostTensors } from '../../../../main/engine/tensor/host-tensor.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';

const tiny = (channels: number, channelsFirst: boolean): ImageLayout => ({
  channels,
  height: 2,
  width: 3,
  channelsFirst,
});
const written = (source: readonly number[], layout: ImageLayout, view: Partial<typeof PLAIN>): number[] => {
  const target = new Float32Array(source.length);
  writeView(Float32Array.from(source), target, layout, { ...PLAIN, ...view });
  return [...target];
};

describe('an image', () => {
  it('is known by its colours and sides', () => {
    expect(imageLayout([3, 32, 32])).toMatchObject({ channels: 3, height: 32, width: 32, channelsFirst: true });
    expect(imageLayout([28, 28, 1])).toMatchObject({ channels: 1, channelsFirst: false });
    expect(imageLayout([3, 8, 8])).toBeUndefined();
    expect(imageLayout([64, 32, 32])).toBeUndefined();
    expect(imageLayout([128])).toBeUndefined();
  });

  it('is mirrored left to right, in both layouts', () => {
    expect(written([1, 2, 3, 4, 5, 6], tiny(1, true), { flip: true })).toEqual([3, 2, 1, 6, 5, 4]);
    // two colours at each place
    expect(written([1, 9, 2, 8, 3, 7, 4, 6, 5, 5, 6, 4], tiny(2, false), { flip: true })).toEqual([
      3, 7, 2, 8, 1, 9, 6, 4, 5, 5, 4, 6,
    ]);
  });

  it('is moved, its edge repeated', () => {
    expect(written([1, 2, 3, 4, 5, 6], tiny(1, true), { dx: 1 })).toEqual([1, 1, 2, 4, 4, 5]);
    expect(written([1, 2, 3, 4, 5, 6], tiny(1, true), { dy: -1 })).toEqual([4, 5, 6, 4, 5, 6]);
  });

  it('is turned about its centre, and between two pixels is their mean', () => {
    const square = { channels: 1, height: 3, width: 3, channelsFirst: true };
    const letters = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    expect(written(letters, square, { warp: [1, 0, 0, 1] })).toEqual(letters);
    // a quarter turn, and after it one to the right
    expect(written(letters, square, { warp: [0, 1, -1, 0] })).toEqual([7, 4, 1, 8, 5, 2, 9, 6, 3]);
    expect(written(letters, square, { warp: [0, 1, -1, 0], dx: 1 })).toEqual([7, 7, 4, 8, 8, 5, 9, 9, 6]);
    // half as large a step: twice as wide
    expect(written([1, 2, 3, 4, 5, 6], tiny(1, true), { warp: [0.5, 0, 0, 1] })).toEqual([1.5, 2, 2.5, 4.5, 5, 5.5]);
    expect(written([1, 9, 2, 8, 3, 7, 4, 6, 5, 5, 6, 4], tiny(2, false), { warp: [-1, 0, 0, -1] })).toEqual([
      6, 4, 5, 5, 4, 6, 3, 7, 2, 8, 1, 9,
    ]);
  });

  it('is turned by 10° and stretched by an eighth at most', () => {
    const random = seededRandom(5);
    const layout = imageLayout([1, 32, 32])!;
    const warps = Array.from({ length: 200 }, () => drawView(random, 'warp', layout).warp!);
    for (const [xx, xy, yx, yy] of warps) {
      expect(Math.abs(Math.atan2(yx, xx))).toBeLessThan(Math.PI / 18);
      expect(Math.abs(Math.hypot(xx, yx) - 1)).toBeLessThan(1 / 8);
      expect(xx * yy - xy * yx).toBeGreaterThan((7 / 8) ** 2);
      expect(xx * yy - xy * yx).toBeLessThan((9 / 8) ** 2);
    }
  });

  it('changes contrast about its own mean', () => {
    expect(written([0, 2, 0, 2, 0, 2], tiny(1, true), { gain: 2 })).toEqual([-1, 3, -1, 3, -1, 3]);
  });

  it('is seen in the same ways for the same seed, within an eighth of its size', () => {
    const layout = imageLayout([3, 32, 32])!;
    const draw = (seed: number) => {
      const random = seededRandom(seed);
      return Array.from({ length: 200 }, () => drawView(random, 'flip', layout));
    };
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
    const views = draw(3);
    expect(Math.max(...views.map(({ dx }) => Math.abs(dx)))).toBe(4);
    expect(views.filter(({ flip }) => flip).length).toBeGreaterThan(60);
    expect(drawView(seededRandom(1), 'shift', layout).flip).toBe(false);
  });

  it('has another one mixed in by its share', () => {
    const image = Float32Array.of(0, 4, 8);
    mixIn(image, Float32Array.of(4, 4, 0), 0.25);
    expect([...image]).toEqual([1, 4, 6]);
  });

  it('is mixed with one of those that are given in half of its views, with up to a half of it', () => {
    const random = seededRandom(8);
    const views = Array.from({ length: 400 }, () => drawMixed(random, PLAIN, [3, 5]));
    const mixed = views.flatMap((view) => view.mixed ?? []);
    expect(mixed.length).toBeGreaterThan(160);
    expect(mixed.length).toBeLessThan(240);
    expect(new Set(mixed.map(({ sample }) => sample))).toEqual(new Set([3, 5]));
    expect(Math.max(...mixed.map(({ share }) => share))).toBeLessThan(0.5);
    expect(Math.max(...mixed.map(({ share }) => share))).toBeGreaterThan(0.45);
    expect(drawMixed(random, PLAIN, [])).toBe(PLAIN);
  });

  it('is never mixed with what is held out, and its first view is itself', async () => {
    const [count, size] = [6, 16 * 16];
    const data = Float32Array.from({ length: count * size }, (_, at) => 10 ** Math.floor(at / size));
    const read = async function* (): AsyncGenerator<HostTensors> {
      yield { x: { dtype: 'float32', dims: [count, 1, 16, 16], data } };
    };
    const samples = await Samples.read(read(), { labels: null, most: 2 ** 20 });
    const viewed = ViewedSamples.drawn(samples, { kind: 'flip', most: 40, seed: 1, others: [1, 2] });
    const first = (sample: number, view: number): number =>
      (viewed.feeds([{ sample, view }])['x']!.data as Float32Array)[0]!;
    const seen = Array.from({ length: 40 }, (_, view) => first(0, view));
    expect(seen[0]).toBe(1);
    expect(seen.filter((value) => value > 1).length).toBeGreaterThan(10);
    expect(Math.max(...seen)).toBeLessThan(1 + 50);
  });
});
