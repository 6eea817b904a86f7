import { describe, expect, it } from 'vitest';
import { imageSize } from '../../../../main/engine/operators/families/signal/image-size.ts';
import { inferModel } from '../../../../main/engine/operators/infer.ts';
import { graph } from '../../../support/graph-builder.ts';

const bytes = (...parts: readonly (string | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...Buffer.from(part, 'latin1')] : part)));
const big = (value: number, length: number): number[] =>
  Array.from({ length }, (_, at) => Math.floor(value / 256 ** (length - 1 - at)) % 256);
const little = (value: number, length: number): number[] => big(value, length).reverse();

// Every image is 300 wide and 200 high.
const size = { width: 300, height: 200 };
const PNG = bytes([0x89], 'PNG\r\n\u001a\n', big(13, 4), 'IHDR', big(300, 4), big(200, 4), [8, 2, 0, 0, 0]);

describe('the size in the head of a file', () => {
  it('of PNG', () => {
    expect(imageSize(PNG)).toEqual(size);
    expect(imageSize(PNG.subarray(0, 20))).toBeUndefined();
  });

  it('of JPEG, behind whatever segments come first', () => {
    const frame = (marker: number): Uint8Array => bytes([0xff, marker], big(11, 2), [8], big(200, 2), big(300, 2), [1]);
    const before = bytes([0xff, 0xd8, 0xff, 0xe0], big(4, 2), [1, 2]);
    // A table of Huffman codes (0xc4) is no frame, whatever stands in it.
    const table = bytes([0xff, 0xc4], big(9, 2), [9, 9, 9, 9, 9, 9, 9]);
    expect(imageSize(bytes([...before], [...table], [...frame(0xc0)]))).toEqual(size);
    expect(imageSize(bytes([...before], [0xff], [...frame(0xc2)]))).toEqual(size);
    expect(imageSize(before)).toBeUndefined();
  });

  it('of BMP, from below or from above, and of OS/2', () => {
    const head = bytes(
      'BM',
      Array.from({ length: 12 }, () => 0),
    );
    expect(imageSize(bytes([...head], little(40, 4), little(300, 4), little(200, 4)))).toEqual(size);
    expect(imageSize(bytes([...head], little(40, 4), little(300, 4), little(2 ** 32 - 200, 4)))).toEqual(size);
    expect(imageSize(bytes([...head], little(12, 4), little(300, 2), little(200, 2)))).toEqual(size);
  });

  it('of PNM', () => {
    expect(imageSize(bytes('P6\n300 200\n255\n'))).toEqual(size);
    expect(imageSize(bytes('P5 # grey\n# 7 8\n 300\n#9\n200 255\n'))).toEqual(size);
    expect(imageSize(bytes('P7\nWIDTH 300\nHEIGHT 200\nDEPTH 3\n'))).toEqual(size);
  });

  it('of TIFF in both byte orders', () => {
    const entry = (of: typeof little, tag: number, type: number, value: number) => [
      of(tag, 2),
      of(type, 2),
      of(1, 4),
      type === 3 ? [...of(value, 2), 0, 0] : of(value, 4),
    ];
    const entries = (of: typeof little) => [of(2, 2), ...entry(of, 256, 3, 300), ...entry(of, 257, 4, 200)];
    expect(imageSize(bytes('II', little(42, 2), little(8, 4), ...entries(little)))).toEqual(size);
    expect(imageSize(bytes('MM', big(42, 2), big(8, 4), ...entries(big)))).toEqual(size);
  });

  it('of WebP: lossy, lossless, extended', () => {
    const riff = (chunk: string, ...rest: number[][]) =>
      bytes('RIFF', little(0, 4), 'WEBP', chunk, little(0, 4), ...rest);
    expect(imageSize(riff('VP8 ', [0, 0, 0, 0x9d, 1, 0x2a], little(300, 2), little(200, 2)))).toEqual(size);
    // 14 bits of width − 1, 14 of height − 1
    expect(imageSize(riff('VP8L', [0x2f], little(299 + 199 * 2 ** 14, 4)))).toEqual(size);
    expect(imageSize(riff('VP8X', little(0, 4), little(299, 3), little(199, 3)))).toEqual(size);
  });

  it('of JPEG 2000, with and without a box around it', () => {
    const box = bytes(big(12, 4), 'jP  ', [13, 10, 0x87, 10], big(22, 4), 'ihdr', big(200, 4), big(300, 4));
    expect(imageSize(box)).toEqual(size);
    // SIZ: the area up to (310, 205) from (10, 5) on
    const stream = bytes([0xff, 0x4f, 0xff, 0x51], big(47, 2), [0, 0], big(310, 4), big(205, 4), big(10, 4), big(5, 4));
    expect(imageSize(stream)).toEqual(size);
  });

  it('of nothing else', () => {
    expect(imageSize(new Uint8Array())).toBeUndefined();
    expect(imageSize(bytes('GIF89a', little(300, 2), little(200, 2)))).toBeUndefined();
  });
});

it('the shape of a decoded image follows from the bytes that a run gives, however many', () => {
  const decoder = (format: string) =>
    graph()
      .input('file', 'uint8', [null])
      .node('ImageDecoder', ['file'], { pixel_format: format }, ['y'])
      .build({ opset: 20 });
  const file = new Uint8Array(100_000);
  file.set(PNG);
  const given = { bytes: new Map([['file', file]]) };
  expect(inferModel(decoder('BGR'), given).values.get('y')?.shape).toEqual([200, 300, 3]);
  expect(inferModel(decoder('Grayscale'), given).values.get('y')?.shape).toEqual([200, 300, 1]);
  expect(inferModel(decoder('RGB')).values.get('y')?.shape).toEqual([null, null, 3]);
});
