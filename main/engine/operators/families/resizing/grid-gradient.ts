/** Gradients of sampling at places that are given: [N, C, H, W] at [N, h, w, 2]. */
import type { GradientContext, GradientRule } from '../../gradient.ts';

/** One of the four pixels around a place, for all places: [N, h·w]. */
interface Corner {
  /** Where it lies in the flattened image; a pixel outside is seen at its border. */
  readonly index: string;
  /** 1 inside of the image, else 0. */
  readonly inside: string;
  /** How near the place is to it along each axis, 0…1, and which way that grows with the place: 1 or −1. */
  readonly near: { readonly x: string; readonly y: string };
  readonly sign: { readonly x: number; readonly y: number };
}

/**
 * Bilinear: y = Σ over the four corners of nearness · pixel. The pixels get their nearness, the place what the pixels differ by. Outside,
 * pixels are zeros, or those of the border, where moving further changes nothing.
 * @see Jaderberg et al. 2015 (spatial transformers), eq. 6 and 7
 */
export const gridSampleGradient: GradientRule = (context) => {
  const { write } = context;
  const mode = context.attributes.text('mode') ?? 'linear';
  if (mode !== 'linear' && mode !== 'bilinear') context.refuse(`${mode} interpolation has no backward form here`);
  const padding = context.attributes.text('padding_mode') ?? 'zeros';
  if (padding === 'reflection') context.refuse('reflected borders have no backward form here');
  if (context.rank(0) !== 4) context.refuse('only images have a backward form here');
  const [channels, height, width] = (context.inputShape(0) ?? []).slice(1);
  if (typeof channels !== 'number' || typeof height !== 'number' || typeof width !== 'number') {
    return context.refuse('the size of its images is not known');
  }
  const aligned = context.int('align_corners', 0) !== 0;
  const axis = (at: number, size: number) => pixelPlaces(context, { at, size, aligned, border: padding === 'border' });
  const [x, y] = [axis(0, width), axis(1, height)];
  const corners = [0, 1].flatMap((right) => [0, 1].map((below) => cornerOf(context, { x, y, right, below, width })));
  const dy = write.reshapeTo(context.gradient, [0, channels, -1]);
  const everyChannel = (index: string): string => write.expand(write.unsqueeze(index, [1]), write.shape(dy));

  const toImage = (): string => {
    const flat = write.expand(
      context.number(0),
      write.concat([write.slice(write.shape(dy), 0, 0, 2), write.ints([height * width])], 0),
    );
    const filled = corners.reduce((image, { index, inside, near }) => {
      const share = write.mul(write.mul(near.x, near.y), inside);
      const added = write.mul(dy, write.unsqueeze(share, [1]));
      return write.op('ScatterElements', [image, everyChannel(index), added], { axis: 2n, reduction: 'add' });
    }, flat);
    return write.reshape(filled, context.shapeOfInput(0));
  };
  const toGrid = (): string => {
    const image = write.reshapeTo(context.input(0), [0, channels, -1]);
    const slopes = corners.map(({ index, inside, near, sign }) => {
      const pixels = write.op('GatherElements', [image, everyChannel(index)], { axis: 2n });
      const felt = write.mul(write.reduceSum(write.mul(pixels, dy), [1], false), inside);
      const signed = (value: string, positive: number): string => (positive > 0 ? value : write.neg(value));
      return [signed(write.mul(felt, near.y), sign.x), signed(write.mul(felt, near.x), sign.y)] as const;
    });
    const sum = (at: 0 | 1, slope: string): string => write.mul(write.sum(slopes.map((slope) => slope[at])), slope);
    const both = [sum(0, x.slope), sum(1, y.slope)].map((value) => write.unsqueeze(value, [2]));
    return write.reshape(write.concat(both, 2), context.shapeOfInput(1));
  };
  return context.wanted(toImage, toGrid);
};

interface PixelPlaces {
  /** In pixels, [N, h·w]. */
  readonly place: string;
  /** Pixels by which it moves for a step of 1 of the grid; 0 where the border holds it. */
  readonly slope: string;
  readonly size: number;
}

/** Coordinates −1…1 as pixels: the ends are the outer pixels' centres (`aligned`) or their outer edges. */
function pixelPlaces(
  context: GradientContext,
  {
    at,
    size,
    aligned,
    border,
  }: { readonly at: number; readonly size: number; readonly aligned: boolean; readonly border: boolean },
): PixelPlaces {
  const { write } = context;
  const grid = write.reshapeTo(context.input(1), [0, -1, 2]);
  const coordinate = write.squeeze(write.slice(grid, 2, at, at + 1), [2]);
  const factor = aligned ? (size - 1) / 2 : size / 2;
  const free = write.add(write.mul(coordinate, context.number(factor)), context.number((size - 1) / 2));
  if (!border) return { place: free, slope: context.number(factor), size };
  const place = write.op('Clip', [free, context.number(0), context.number(size - 1)]);
  const held = write.cast(write.op('Equal', [place, free]), context.dtype);
  return { place, slope: write.mul(held, context.number(factor)), size };
}

function cornerOf(
  context: GradientContext,
  at: {
    readonly x: PixelPlaces;
    readonly y: PixelPlaces;
    readonly right: number;
    readonly below: number;
    readonly width: number;
  },
): Corner {
  const { write } = context;
  const along = ({ place, size }: PixelPlaces, next: number) => {
    const floor = write.op('Floor', [place]);
    const pixel = next === 1 ? write.add(floor, context.number(1)) : floor;
    const seen = write.op('Clip', [pixel, context.number(0), context.number(size - 1)]);
    const beyond = write.sub(place, floor);
    return {
      pixel: seen,
      inside: write.cast(write.op('Equal', [seen, pixel]), context.dtype),
      near: next === 1 ? beyond : write.sub(context.number(1), beyond),
    };
  };
  const [x, y] = [along(at.x, at.right), along(at.y, at.below)];
  return {
    index: write.cast(write.add(write.mul(y.pixel, context.number(at.width)), x.pixel), 'int64'),
    inside: write.mul(x.inside, y.inside),
    near: { x: x.near, y: y.near },
    sign: { x: at.right === 1 ? 1 : -1, y: at.below === 1 ? 1 : -1 },
  };
}
