import { describe, expect, it } from 'vitest';
import { drawView, imageLayout, PLAIN, writeView, type ImageLayout } from '../../../../main/engine/distill/augment.ts';
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
});
