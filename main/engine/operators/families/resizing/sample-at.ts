import type { NodeWriter } from '../../node-writer.ts';

/**
 * The values of images [N, C, H, W] at places given in pixels [N, P, Q, 1] each, between pixels by their shares: [N, C, P, Q].
 * @param edge outside of the image: zeros, or what the nearest pixel holds
 */
export function sampleAt(
  context: NodeWriter,
  images: string,
  [y, x]: readonly [string, string],
  { sizes: [height, width], edge }: { readonly sizes: readonly [number, number]; readonly edge: 'zeros' | 'border' },
): string {
  const { write } = context;
  if (write.opset < GRID_SAMPLE_OPSET) context.refuse(`it has no form before opset ${GRID_SAMPLE_OPSET}`);
  // GridSample counts from −1 to 1 between the outer edges of the outer pixels, x first.
  const scaled = (place: string, size: number): string =>
    write.sub(write.mul(write.add(place, context.number(0.5)), context.number(2 / size)), context.number(1));
  const grid = write.concat([scaled(x, width), scaled(y, height)], 3);
  const mode = write.opset < LINEAR_OPSET ? 'bilinear' : 'linear';
  return write.op('GridSample', [images, grid], { mode, padding_mode: edge, align_corners: 0n });
}

const GRID_SAMPLE_OPSET = 16;
/** Since then the mode is called linear. */
const LINEAR_OPSET = 20;
