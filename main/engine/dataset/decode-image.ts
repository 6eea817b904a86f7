import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { StudioError } from '../../base/errors.ts';
import type { Preprocessing } from '../../contract/data.ts';
import { decodeBmp } from './bmp.ts';

/** The size that images are brought to. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
  /** Shorter side before the centre crop, pixels; null: stretched. */
  readonly resize: number | null;
  /** Fitted in whole instead, the rest filled. */
  readonly letterbox: Preprocessing['letterbox'];
}

/**
 * Reads an image as RGB bytes [height, width, 3] of the size asked for. Scaled with an antialiasing linear filter, as
 * Pillow and torchvision do; an image that has the size already is left as it is. Transparency is put on black.
 * @throws DATA_INVALID naming the file when it cannot be read
 */
export async function decodeImage(path: string, size: ImageSize): Promise<Uint8Array> {
  try {
    const image = await open(path);
    const scaled = await brought(image, size);
    const { data, info } = await scaled.raw().toBuffer({ resolveWithObject: true });
    if (info.channels !== 3 || data.length !== size.height * size.width * 3) {
      throw new StudioError('DATA_INVALID', `it has ${info.channels} channels, expected 3`);
    }
    return data;
  } catch (error) {
    if (error instanceof StudioError && error.code === 'UNSUPPORTED') throw error;
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new StudioError('DATA_INVALID', `Image '${basename(path)}' cannot be read: ${reason}`, {
      hint: 'Replace or remove this file.',
      cause: error,
    });
  }
}

async function open(path: string): Promise<Sharp> {
  if (/\.bmp$/i.test(path)) {
    const { width, height, data } = decodeBmp(await readFile(path), basename(path));
    return sharp(data, { raw: { width, height, channels: 3 } });
  }
  return sharp(path, { failOn: 'error' }).flatten({ background: '#000' }).toColourspace('srgb');
}

function brought(image: Sharp, size: ImageSize): Sharp | Promise<Sharp> {
  if (size.letterbox !== undefined) return letterboxed(image, size, size.letterbox);
  return size.resize === null ? stretch(image, size) : crop(image, size, size.resize);
}

const LINEAR = { fit: 'fill', kernel: 'linear', fastShrinkOnLoad: false } as const;

/** An image of this size already is not touched. */
function stretch(image: Sharp, { width, height }: ImageSize): Sharp {
  return image.resize({ width, height, ...LINEAR });
}

/** Asks for the image's own size first, which opens the file once more. */
async function crop(image: Sharp, { width, height }: ImageSize, shorterSide: number): Promise<Sharp> {
  const own = await image.metadata();
  const factor = shorterSide / Math.min(own.width, own.height);
  // Never smaller than the crop, which is then the whole of it.
  const scaledWidth = Math.max(width, Math.round(own.width * factor));
  const scaledHeight = Math.max(height, Math.round(own.height * factor));
  const left = Math.round((scaledWidth - width) / 2);
  const top = Math.round((scaledHeight - height) / 2);
  return image.resize({ width: scaledWidth, height: scaledHeight, ...LINEAR }).extract({ left, top, width, height });
}

/** The larger of the two factors that fit, sizes rounded to whole pixels; an odd rest is one pixel more at the end. */
async function letterboxed(
  image: Sharp,
  { width, height }: ImageSize,
  { fill, align }: NonNullable<Preprocessing['letterbox']>,
): Promise<Sharp> {
  const own = await image.metadata();
  const factor = Math.min(width / own.width, height / own.height);
  const scaledWidth = Math.max(1, Math.round(own.width * factor));
  const scaledHeight = Math.max(1, Math.round(own.height * factor));
  const left = align === 'center' ? Math.floor((width - scaledWidth) / 2) : 0;
  const top = align === 'center' ? Math.floor((height - scaledHeight) / 2) : 0;
  return image.resize({ width: scaledWidth, height: scaledHeight, ...LINEAR }).extend({
    left,
    top,
    right: width - scaledWidth - left,
    bottom: height - scaledHeight - top,
    background: { r: fill, g: fill, b: fill },
  });
}
