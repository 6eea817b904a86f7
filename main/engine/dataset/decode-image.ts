import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { StudioError } from '../../base/errors.ts';
import { decodeBmp } from './bmp.ts';

/** The size that images are brought to. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
  /** Shorter side before the centre crop, pixels; null: stretched. */
  readonly resize: number | null;
}

/**
 * Reads an image as RGB bytes [height, width, 3] of the size asked for. Scaled with an antialiasing linear filter, as
 * Pillow and torchvision do; an image that has the size already is left as it is. Transparency is put on black.
 * @throws DATA_INVALID naming the file when it cannot be read
 */
export async function decodeImage(path: string, size: ImageSize): Promise<Uint8Array> {
  try {
    const image = await open(path);
    const scaled = size.resize === null ? stretch(image, size) : await crop(image, size, size.resize);
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
