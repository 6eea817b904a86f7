import { StudioError } from '../../base/errors.ts';

/** An image as bytes, rows from the top, red, green, blue. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * Reads an uncompressed Windows bitmap of 8 (palette), 24 or 32 bits; the image library reads none.
 * @throws DATA_INVALID when it is damaged, UNSUPPORTED for compressed ones
 * @see BITMAPFILEHEADER, BITMAPINFOHEADER
 */
export function decodeBmp(bytes: Uint8Array, name: string): RgbImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 54 || view.getUint16(0, true) !== 0x4d42) throw damaged(name, 'it does not begin like a bitmap');
  const width = view.getInt32(18, true);
  const signedHeight = view.getInt32(22, true);
  const bits = view.getUint16(28, true);
  const compression = view.getUint32(30, true);
  if (![8, 24, 32].includes(bits) || !(compression === 0 || (compression === 3 && bits === 32))) {
    throw new StudioError(
      'UNSUPPORTED',
      `Image '${name}': bitmaps of ${bits} bits with compression ${compression} are not read`,
      {
        hint: 'Save it as PNG.',
      },
    );
  }
  const height = Math.abs(signedHeight);
  const stride = Math.ceil((width * bits) / 32) * 4;
  const start = view.getUint32(10, true);
  if (width <= 0 || height === 0 || start + stride * height > bytes.length)
    throw damaged(name, 'its data are cut short');
  const palette = 14 + view.getUint32(14, true);
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, out = 0; y < height; y++) {
    // A positive height means rows from the bottom.
    const row = start + stride * (signedHeight > 0 ? height - 1 - y : y);
    for (let x = 0; x < width; x++, out += 3) {
      const at = bits === 8 ? palette + 4 * bytes[row + x]! : row + (x * bits) / 8;
      data[out] = bytes[at + 2] ?? 0;
      data[out + 1] = bytes[at + 1] ?? 0;
      data[out + 2] = bytes[at] ?? 0;
    }
  }
  return { width, height, data };
}

function damaged(name: string, what: string): StudioError {
  return new StudioError('DATA_INVALID', `Image '${name}' cannot be read: ${what}`);
}
