import { createReadStream } from 'node:fs';
import { createInflateRaw } from 'node:zlib';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { StudioError } from '../../base/errors.ts';
import type { HostTensor } from './host-tensor.ts';
import { parseNpy } from './npy.ts';

/** An open NumPy archive (`.npz`): arrays by name, each read from disk only when asked for. */
export interface NpzArchive {
  /** Names without `.npy`, in the order of the file. */
  readonly names: readonly string[];
  /** @throws NOT_FOUND for a name that is not in the archive, DATA_INVALID for damaged contents */
  read(name: string): Promise<HostTensor>;
  /** The `.npy` file of an array as a stream, for what is too large to hold. Throws like `read`. */
  stream(name: string): Promise<AsyncIterable<Uint8Array>>;
  close(): void;
}

/**
 * Opens a NumPy archive, stored (`np.savez`) or deflated (`np.savez_compressed`). Only the directory is read.
 * @throws FILE_NOT_FOUND, DATA_INVALID when it is no zip file or holds no array
 */
export async function openNpz(path: string): Promise<NpzArchive> {
  const zip = await openZip(path);
  const entries = new Map<string, Entry>();
  try {
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('.npy')) entries.set(entry.fileName.slice(0, -'.npy'.length), entry);
    }
  } catch (error) {
    zip.close();
    throw damaged(path, error);
  }
  if (entries.size === 0) {
    zip.close();
    throw new StudioError('DATA_INVALID', `${path}: the archive holds no .npy array`);
  }
  const entryOf = (name: string): Entry => {
    const entry = entries.get(name);
    if (entry !== undefined) return entry;
    throw new StudioError('NOT_FOUND', `${path} has no array '${name}'; it has ${[...entries.keys()].join(', ')}`);
  };
  return {
    names: [...entries.keys()],
    close: () => zip.close(),
    read: async (name) => parseNpy(await readEntry(zip, entryOf(name), path), name),
    stream: async (name) => streamEntry(zip, entryOf(name), path),
  };
}

/** Reads every array of a NumPy archive into memory. Throws like {@link openNpz}. */
export async function readNpz(path: string): Promise<Map<string, HostTensor>> {
  const archive = await openNpz(path);
  try {
    const arrays = new Map<string, HostTensor>();
    for (const name of archive.names) arrays.set(name, await archive.read(name));
    return arrays;
  } finally {
    archive.close();
  }
}

async function openZip(path: string): Promise<ZipFile> {
  try {
    return await openPromise(path, { lazyEntries: true, autoClose: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new StudioError('FILE_NOT_FOUND', `${path} does not exist`, { cause: error });
    }
    throw damaged(path, error);
  }
}

/** Compression methods of zip entries, by the numbers of its specification (APPNOTE 4.4.5). */
const STORED = 0;
const DEFLATED = 8;

/**
 * Read in large chunks: yauzl's own stream unpacks 16 KB at a time, which took twice as long (6 MB: 55 ms, so 27 ms).
 * @throws DATA_INVALID for damaged or encrypted contents, and where they are not as long as the directory says
 */
async function* streamEntry(zip: ZipFile, entry: Entry, path: string): AsyncGenerator<Uint8Array, void, void> {
  try {
    let size = 0;
    for await (const chunk of await openEntry(zip, entry, path)) {
      size += chunk.length;
      if (size > entry.uncompressedSize) break;
      yield chunk;
    }
    if (size !== entry.uncompressedSize) {
      throw new Error(`'${entry.fileName}' is not the ${entry.uncompressedSize} bytes long that its directory says`);
    }
  } catch (error) {
    throw damaged(path, error);
  }
}

async function openEntry(zip: ZipFile, entry: Entry, path: string): Promise<AsyncIterable<Uint8Array>> {
  if (entry.isEncrypted()) throw new Error(`'${entry.fileName}' is encrypted`);
  const { compressionMethod, compressedSize } = entry;
  if (compressionMethod !== STORED && compressionMethod !== DEFLATED) {
    throw new Error(`'${entry.fileName}' is compressed by method ${compressionMethod}, expected 8 (deflate)`);
  }
  const { fileDataStart: start } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  const file = createReadStream(path, { start, end: start + compressedSize - 1, highWaterMark: 2 ** 20 });
  if (compressionMethod === STORED) return file as AsyncIterable<Uint8Array>;
  const unpacked = createInflateRaw({ chunkSize: 2 ** 18 });
  file.on('error', (error) => unpacked.destroy(error));
  unpacked.on('close', () => file.destroy());
  return file.pipe(unpacked) as AsyncIterable<Uint8Array>;
}

async function readEntry(zip: ZipFile, entry: Entry, path: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of streamEntry(zip, entry, path)) {
    chunks.push(chunk);
    size += chunk.length;
  }
  // own memory, not a slice of Node's shared pool: the header is padded to 64 bytes, so the data are then aligned
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function damaged(path: string, error: unknown): StudioError {
  const reason = error instanceof Error ? error.message : String(error);
  return new StudioError('DATA_INVALID', `${path} cannot be read as a NumPy archive: ${reason}`, { cause: error });
}
