/** The size of an image, from the head of its file. */

export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

/**
 * Height and width that a PNG, JPEG, BMP, PNM, TIFF, WebP or JPEG 2000 file states, in pixels; undefined for other files and
 * where the bytes end before. The image is not decoded.
 * @see PNG (ISO/IEC 15948), ITU-T T.81 (JPEG), T.800 (JPEG 2000), TIFF 6.0, RFC 9649 (WebP), Netpbm's formats
 */
export function imageSize(bytes: Uint8Array): ImageSize | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const read of [png, jpeg, bmp, portable, tiff, webp, jpeg2000]) {
    try {
      const size = read(view);
      if (size !== undefined && size.height > 0 && size.width > 0) return size;
    } catch (error) {
      // A place beyond the end: the head is cut off.
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return undefined;
}

/** Whether these characters stand there. */
function reads(view: DataView, at: number, text: string): boolean {
  return at + text.length <= view.byteLength && ascii(view, at, text.length) === text;
}

function ascii(view: DataView, at: number, length: number): string {
  const end = Math.min(at + length, view.byteLength);
  return String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, end - at));
}

function png(view: DataView): ImageSize | undefined {
  if (!reads(view, 1, 'PNG\r\n\u001a\n') || !reads(view, 12, 'IHDR')) return undefined;
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/** The frame header is the first marker SOFn: 0xc0 to 0xcf without the tables DHT, JPG and DAC. */
function jpeg(view: DataView): ImageSize | undefined {
  if (view.getUint16(0) !== 0xffd8) return undefined;
  let at = 2;
  while (view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) at += 1;
    else if (marker >= 0xd0 && marker <= 0xd8) at += 2;
    else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    } else at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

/** A height below 0 says that the rows go down. */
function bmp(view: DataView): ImageSize | undefined {
  if (!reads(view, 0, 'BM')) return undefined;
  if (view.getUint32(14, true) === 12) return { width: view.getUint16(18, true), height: view.getUint16(20, true) };
  return { width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) };
}

/** P1 to P6: width and height are the first two numbers, comments go from # to the end of the line. P7 names them. */
function portable(view: DataView): ImageSize | undefined {
  const head = ascii(view, 0, 4096);
  if (head.startsWith('P7\n')) {
    const [width, height] = ['WIDTH', 'HEIGHT'].map((name) => new RegExp(`^${name} +(\\d+)$`, 'm').exec(head)?.[1]);
    return width === undefined || height === undefined ? undefined : { width: Number(width), height: Number(height) };
  }
  const found = /^P[1-6](?:\s+|#[^\n]*\n)+(\d+)(?:\s+|#[^\n]*\n)+(\d+)\s/.exec(head);
  return found === null ? undefined : { width: Number(found[1]), height: Number(found[2]) };
}

/** Tags 256 and 257 of the first directory, each a number of 16 or 32 bits. */
function tiff(view: DataView): ImageSize | undefined {
  const little = reads(view, 0, 'II*\0');
  if (!little && !reads(view, 0, 'MM\0*')) return undefined;
  const directory = view.getUint32(4, little);
  const sizes = new Map<number, number>();
  const entries = view.getUint16(directory, little);
  for (let entry = 0; entry < entries; entry++) {
    const at = directory + 2 + 12 * entry;
    const wide = view.getUint16(at + 2, little) === 4;
    sizes.set(view.getUint16(at, little), wide ? view.getUint32(at + 8, little) : view.getUint16(at + 8, little));
  }
  const [width, height] = [sizes.get(256), sizes.get(257)];
  return width === undefined || height === undefined ? undefined : { width, height };
}

/** The first chunk: lossy (VP8), lossless (VP8L) or extended (VP8X, with the size of the canvas less 1 in 24 bits). */
function webp(view: DataView): ImageSize | undefined {
  if (!reads(view, 0, 'RIFF') || !reads(view, 8, 'WEBP')) return undefined;
  if (reads(view, 12, 'VP8 ')) {
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  }
  if (reads(view, 12, 'VP8L')) {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (!reads(view, 12, 'VP8X')) return undefined;
  return { width: (view.getUint32(24, true) & 0xffffff) + 1, height: (view.getUint32(26, true) >>> 8) + 1 };
}

/** A JP2 file states it in its box ihdr, a bare code stream in its marker SIZ, as the area less its offset. */
function jpeg2000(view: DataView): ImageSize | undefined {
  if (reads(view, 4, 'jP  ')) {
    const at = ascii(view, 0, 4096).indexOf('ihdr');
    return at < 0 ? undefined : { height: view.getUint32(at + 4), width: view.getUint32(at + 8) };
  }
  if (view.getUint32(0) !== 0xff4fff51) return undefined;
  return {
    width: view.getUint32(8) - view.getUint32(16),
    height: view.getUint32(12) - view.getUint32(20),
  };
}
