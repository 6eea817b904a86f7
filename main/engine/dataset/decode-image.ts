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
    const { image, width, height } = await open(path);
    const scaled = fit(image, { width, height }, size);
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

async function open(path: string): Promise<{ image: Sharp; width: number; height: number }> {
  if (/\.bmp$/i.test(path)) {
    const { width, height, data } = decodeBmp(await readFile(path), basename(path));
    return { image: sharp(data, { raw: { width, height, channels: 3 } }), width, height };
  }
  const image = sharp(path, { failOn: 'error' });
  const { width, height } = await image.metadata();
  return { image: image.flatten({ background: '#000' }).toColourspace('srgb'), width, height };
}

function fit(image: Sharp, own: { width: number; height: number }, { width, height, resize }: ImageSize): Sharp {
  const linear = { kernel: 'linear', fastShrinkOnLoad: false } as const;
  if (resize === null) {
    return own.width === width && own.height === height
      ? image
      : image.resize({ width, height, fit: 'fill', ...linear });
  }
  const factor = resize / Math.min(own.width, own.height);
  // Never smaller than the crop, which is then the whole of it.
  const scaledWidth = Math.max(width, Math.round(own.width * factor));
  const scaledHeight = Math.max(height, Math.round(own.height * factor));
  const scaled =
    scaledWidth === own.width && scaledHeight === own.height
      ? image
      : image.resize({ width: scaledWidth, height: scaledHeight, fit: 'fill', ...linear });
  const left = Math.round((scaledWidth - width) / 2);
  const top = Math.round((scaledHeight - height) / 2);
  return scaled.extract({ left, top, width, height });
}
