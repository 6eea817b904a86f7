import { basename } from 'node:path';
import { StudioError } from '../../base/errors.ts';
import { elementCount, type HostTensor } from '../tensor/host-tensor.ts';
import { decodeNpy, parseNpyHeader, type NpyHeader } from '../tensor/npy.ts';
import { openNpz } from '../tensor/npz.ts';
import { ByteReader, streamFile } from './byte-reader.ts';

/** An array on disk, read from its start, some samples at a time. */
export interface ArraySource {
  readonly name: string;
  /** Samples first. */
  readonly dims: readonly number[];
  /** Element type of what the reader gives. */
  readonly dtype: HostTensor['dtype'];
  open(): Promise<ArrayReader>;
}

export interface ArrayReader {
  /** The next samples, [count, …]. @throws DATA_INVALID when the file ends before */
  read(count: number): Promise<HostTensor>;
  close(): Promise<void>;
}

/** What lies under a source: a stream of bytes that can be begun again. */
interface ByteSource {
  open(): Promise<{ readonly chunks: AsyncIterable<Uint8Array>; close(): void }>;
}

const fileBytes = (path: string): ByteSource => ({
  open: () => Promise.resolve({ chunks: streamFile(path), close: () => undefined }),
});

/** One sample larger than this is a damaged header, not data. */
const MAX_SAMPLE_BYTES = 2 ** 31;

/** An `.npy` file. @throws DATA_INVALID, DATA_SHAPE for a single number */
export function npyFileSource(path: string): Promise<ArraySource> {
  return arraySource(basename(path), fileBytes(path), readNpyHeader);
}

/** One array of an `.npz` archive. @throws DATA_INVALID, DATA_SHAPE for a single number */
export function npzSource(path: string, name: string): Promise<ArraySource> {
  const bytes: ByteSource = {
    async open() {
      const archive = await openNpz(path);
      return { chunks: await archive.stream(name), close: () => archive.close() };
    },
  };
  return arraySource(name, bytes, readNpyHeader);
}

/**
 * An IDX file, as MNIST comes in; gzipped when its name ends in `.gz`.
 * @throws DATA_INVALID
 * @see http://yann.lecun.com/exdb/mnist
 */
export function idxFileSource(path: string): Promise<ArraySource> {
  return arraySource(basename(path), fileBytes(path), readIdxHeader);
}

async function arraySource(
  name: string,
  bytes: ByteSource,
  readHeader: (reader: ByteReader, name: string) => Promise<NpyHeader>,
): Promise<ArraySource> {
  const begin = async (): Promise<{ header: NpyHeader; reader: ByteReader; close: () => Promise<void> }> => {
    const { chunks, close } = await bytes.open();
    const reader = new ByteReader(chunks, `Array '${name}'`);
    const closeAll = async (): Promise<void> => {
      await reader.close();
      close();
    };
    try {
      return { header: await readHeader(reader, name), reader, close: closeAll };
    } catch (error) {
      await closeAll();
      throw error;
    }
  };

  const { header, close } = await begin();
  await close();
  const [samples, ...sampleDims] = header.dims;
  if (samples === undefined) {
    throw new StudioError('DATA_SHAPE', `Array '${name}' is a single value, expected [samples, …]`);
  }
  const sampleSize = elementCount(sampleDims);
  const { dtype } = decodeNpy({ ...header, dims: [0] }, new Uint8Array(), name);
  const sampleBytes = sampleSize * elementBytes(header.descr);
  if (sampleBytes > MAX_SAMPLE_BYTES) {
    throw new StudioError(
      'DATA_INVALID',
      `Array '${name}': one sample of [${sampleDims.join(', ')}] is absurdly large`,
    );
  }

  const open = async (): Promise<ArrayReader> => {
    const { reader, close } = await begin();
    const part = async (count: number): Promise<HostTensor> => {
      const dims = [count, ...sampleDims];
      return decodeNpy({ ...header, dims, fortranOrder: false }, await reader.read(count * sampleBytes), name);
    };
    // Column-major samples lie strewn over the whole file, so it has to be held.
    if (header.fortranOrder && sampleDims.length > 0) {
      const whole = decodeNpy(header, await reader.read(samples * sampleBytes), name);
      await close();
      return sliceReader(whole, sampleSize);
    }
    return { read: part, close };
  };
  return { name, dims: header.dims, dtype, open };
}

/** Bytes of an element by NumPy's type: "<f4" is 4, "<U3" is 12. */
function elementBytes(descr: string): number {
  const [, kind, digits] = /^[<>|=]([a-zA-Z])(\d+)$/.exec(descr) ?? [];
  return Number(digits ?? 0) * (kind === 'U' ? 4 : 1);
}

function sliceReader(whole: HostTensor, sampleSize: number): ArrayReader {
  let at = 0;
  return {
    read(count) {
      const data = whole.data.slice(at * sampleSize, (at + count) * sampleSize) as HostTensor['data'];
      at += count;
      return Promise.resolve({ dtype: whole.dtype, dims: [count, ...whole.dims.slice(1)], data });
    },
    close: () => Promise.resolve(),
  };
}

async function readNpyHeader(reader: ByteReader, name: string): Promise<NpyHeader> {
  const start = await reader.read(10);
  const version = start[6] ?? 0;
  const rest = version === 1 ? new Uint8Array() : await reader.read(2);
  const view = new DataView(concat(start, rest).buffer);
  // A wrong magic is reported by the parser, before its length could send the reader far.
  const isNpy = start[0] === 0x93 && version >= 1 && version <= 3;
  const length = isNpy ? (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true)) : 0;
  const header = await reader.read(Math.min(length, 2 ** 20));
  return parseNpyHeader(concat(concat(start, rest), header), name);
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

/** Element types of IDX by their code, as NumPy writes them. */
const IDX_TYPES: Readonly<Record<number, string>> = {
  0x08: '|u1',
  0x09: '|i1',
  0x0b: '>i2',
  0x0c: '>i4',
  0x0d: '>f4',
  0x0e: '>f8',
};

async function readIdxHeader(reader: ByteReader, name: string): Promise<NpyHeader> {
  const magic = await reader.read(4);
  const descr = IDX_TYPES[magic[2] ?? 0];
  const rank = magic[3] ?? 0;
  if (magic[0] !== 0 || magic[1] !== 0 || descr === undefined || rank === 0 || rank > 8) {
    throw new StudioError('DATA_INVALID', `'${name}' does not begin like an IDX file (00 00, type, rank)`, {
      hint: 'Is it the right file, and unpacked or named .gz?',
    });
  }
  const sizes = new DataView((await reader.read(4 * rank)).buffer);
  const dims = Array.from({ length: rank }, (_, axis) => sizes.getUint32(4 * axis, false));
  if (!Number.isSafeInteger(elementCount(dims))) {
    throw new StudioError('DATA_INVALID', `'${name}': shape [${dims.join(', ')}] is absurd`);
  }
  return { descr, fortranOrder: false, dims, start: 4 + 4 * rank };
}
