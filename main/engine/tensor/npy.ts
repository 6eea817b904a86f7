import { StudioError } from '../../base/errors.ts';
import type { DType } from './dtype.ts';
import { elementCount, type HostData, type HostTensor } from './host-tensor.ts';

const MAGIC = '\x93NUMPY';

type NumericData = Exclude<HostData, readonly string[]>;
type ArrayConstructor = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => NumericData;

const ARRAYS: Readonly<Record<string, readonly [DType, ArrayConstructor]>> = {
  f2: ['float16', Uint16Array],
  f4: ['float32', Float32Array],
  f8: ['float64', Float64Array],
  i1: ['int8', Int8Array],
  i2: ['int16', Int16Array],
  i4: ['int32', Int32Array],
  i8: ['int64', BigInt64Array],
  u1: ['uint8', Uint8Array],
  u2: ['uint16', Uint16Array],
  u4: ['uint32', Uint32Array],
  u8: ['uint64', BigUint64Array],
  b1: ['bool', Uint8Array],
};

/**
 * Reads one NumPy array (`.npy`, versions 1 to 3): numbers, booleans and fixed-length text, either byte order, C or Fortran
 * order. Little-endian C-order data that lies aligned is a view on `bytes`, everything else a copy.
 * @param name how to call the array in errors
 * @returns row-major, native byte order; float16 as its bits
 * @throws DATA_INVALID for anything else (pickled objects and structured types among it), with what was met
 * @see numpy.lib.format
 */
export function parseNpy(bytes: Uint8Array, name = 'array'): HostTensor {
  const header = parseNpyHeader(bytes, name);
  return decodeNpy(header, bytes.subarray(header.start), name);
}

/**
 * Decodes the elements of an array whose header was read apart, as a reader of a stream does.
 * @param header `dims` say how many elements there are: those of a part of the array when only that is at hand
 * @param data   what follows the header; not modified
 */
export function decodeNpy(header: NpyHeader, data: Uint8Array, name = 'array'): HostTensor {
  const { descr, fortranOrder, dims } = header;
  const type = /^([<>|=])([a-zA-Z])(\d*)$/.exec(descr);
  if (type === null) {
    throw invalid(name, `element type '${descr}' is not supported (structured types are not)`);
  }
  const [, order, kind, digits] = type;
  const size = Number(digits) * (kind === 'U' ? 4 : 1);
  const count = elementCount(dims);
  if (data.length < count * size) {
    throw invalid(name, `${data.length} bytes of data, expected ${count * size} for [${dims.join(', ')}] of ${descr}`);
  }
  const raw = data.subarray(0, count * size);
  const bigEndian = order === '>';
  if (kind === 'U' || kind === 'S') {
    const texts = readTexts(raw, { kind, size, count, bigEndian });
    return { dtype: 'string', dims, data: fortranOrder ? toRowMajor(texts, dims, [...texts]) : texts };
  }
  const known = ARRAYS[`${kind}${digits}`];
  if (known === undefined) {
    throw invalid(name, `element type '${descr}' is not supported`, kind === 'O' ? PICKLE_HINT : undefined);
  }
  const [dtype, ArrayType] = known;
  const mustCopy = raw.byteOffset % size !== 0 || (bigEndian && size > 1);
  const source = mustCopy ? raw.slice() : raw;
  if (bigEndian) swapBytes(source, size);
  const values = new ArrayType(source.buffer, source.byteOffset, count);
  if (!fortranOrder || dims.length < 2) return { dtype, dims, data: values };
  return { dtype, dims, data: toRowMajor(values, dims, values.slice()) };
}

const PICKLE_HINT = 'It holds Python objects; save it with a numeric dtype (x.astype("float32")).';

function invalid(name: string, what: string, hint?: string): StudioError {
  return new StudioError('DATA_INVALID', `NumPy array '${name}': ${what}`, hint === undefined ? {} : { hint });
}

/** What the header of an `.npy` file says. */
export interface NpyHeader {
  /** Element type as NumPy writes it: "<f4". */
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly dims: readonly number[];
  /** Where the data begin. */
  readonly start: number;
}

/**
 * Reads the header of an `.npy` file; `bytes` may end anywhere after it.
 * @throws DATA_INVALID when it is none, or ends within it
 */
export function parseNpyHeader(bytes: Uint8Array, name: string): NpyHeader {
  const magic = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(6, bytes.length)).toString('latin1');
  if (magic !== MAGIC) throw invalid(name, 'it does not begin with the magic \\x93NUMPY; is it an .npy file?');
  const major = bytes[6] ?? 0;
  if (major < 1 || major > 3) throw invalid(name, `format version ${major}, expected 1, 2 or 3`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lengthBytes = major === 1 ? 2 : 4;
  if (bytes.length < 8 + lengthBytes) throw invalid(name, 'it ends within its header');
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = 8 + lengthBytes + length;
  if (start > bytes.length) throw invalid(name, 'it ends within its header');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + 8 + lengthBytes, length).toString(
    major === 3 ? 'utf8' : 'latin1',
  );
  const descr = /['"]descr['"]\s*:\s*['"]([^'"]*)['"]/.exec(text)?.[1];
  const order = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(text)?.[1];
  const shape = /['"]shape['"]\s*:\s*\(([\d,\sL]*)\)/.exec(text)?.[1];
  if (/['"]descr['"]\s*:\s*\[/.test(text)) throw invalid(name, 'structured element types are not supported');
  if (descr === undefined || order === undefined || shape === undefined) {
    throw invalid(name, `its header cannot be read: ${text.slice(0, 120).trim()}`);
  }
  const dims = shape
    .split(',')
    .map((part) => part.trim().replace(/L$/, ''))
    .filter((part) => part !== '')
    .map(Number);
  if (!Number.isSafeInteger(elementCount(dims))) throw invalid(name, `shape (${shape}) is absurd`);
  return { descr, fortranOrder: order === 'True', dims, start };
}

function swapBytes(bytes: Uint8Array, size: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (size === 2) buffer.swap16();
  else if (size === 4) buffer.swap32();
  else if (size === 8) buffer.swap64();
}

interface TextLayout {
  readonly kind: string;
  /** Bytes of one element. */
  readonly size: number;
  readonly count: number;
  readonly bigEndian: boolean;
}

function readTexts(raw: Uint8Array, { kind, size, count, bigEndian }: TextLayout): string[] {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const texts: string[] = [];
  for (let index = 0; index < count; index++) {
    let text = '';
    for (let at = index * size; at < (index + 1) * size; at += kind === 'U' ? 4 : 1) {
      const code = kind === 'U' ? view.getUint32(at, !bigEndian) : view.getUint8(at);
      if (code > 0x10ffff) break; // not a code point: the data are damaged from here on
      text += String.fromCodePoint(code);
    }
    texts.push(text.replace(/\0+$/, ''));
  }
  return texts;
}

/** Copies column-major `source` to row-major `target`; [2, 3] a d b e c f → a b c d e f. */
function toRowMajor<T extends { [index: number]: unknown; length: number }>(
  source: T,
  dims: readonly number[],
  target: T,
): T {
  const strides: number[] = [];
  let stride = 1;
  for (const dim of dims) {
    strides.push(stride);
    stride *= dim;
  }
  const position = dims.map(() => 0);
  let from = 0;
  for (let to = 0; to < source.length; to++) {
    target[to] = source[from];
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      position[axis]!++;
      from += strides[axis]!;
      if (position[axis]! < dims[axis]!) break;
      from -= strides[axis]! * dims[axis]!;
      position[axis] = 0;
    }
  }
  return target;
}
