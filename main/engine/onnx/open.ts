import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { StudioError, throwIfCancelled } from '../../base/errors.ts';
import { openExternalFile, resolveExternalFile } from '../graph/external-data.ts';
import type { Model } from '../graph/ir.ts';
import { walkTensors } from '../graph/tensors.ts';
import { parseModel } from './parse.ts';
import { free } from '../graph/tensor-data.ts';
import { lookAt } from './recognise.ts';
import { stayInFile } from './stay-in-file.ts';

/** A model and the file that it was read from. */
export interface OpenedFile {
  readonly model: Model;
  /** Absolute path. */
  readonly path: string;
  /** Size of the file itself. */
  readonly bytes: number;
  /** Of the file itself, in hexadecimal. */
  readonly sha256: string;
  /** Size of the external data files, each counted once; those that are missing count nothing. */
  readonly externalBytes: number;
}

/** No protobuf message may be larger (2 GiB − 1). */
const PROTOBUF_LIMIT = 0x7fffffff;
const CHUNK = 8 << 20;
/** Weights of files from this size on stay there: what is smaller is sooner held than read again. */
const LARGE_FILE = 32 << 20;

function fileError(path: string, cause: unknown): StudioError {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new StudioError('FILE_NOT_FOUND', `There is no file ${path}`, { hint: 'Check the path.', cause });
  }
  return new StudioError('FILE_UNREADABLE', `${path} cannot be read: ${(cause as Error).message}`, {
    hint: 'Check the permissions of the file.',
    cause,
  });
}

/** Opens the path when it is a file that may be a model. @throws FILE_NOT_FOUND, FILE_UNREADABLE */
async function openRegularFile(
  path: string,
): Promise<{ readonly handle: FileHandle; readonly size: number; readonly stats: BigIntStats }> {
  // Looked at before it is opened: opening a pipe would wait for a writer.
  const before = await stat(path);
  if (before.isDirectory()) {
    throw new StudioError('FILE_UNREADABLE', `${path} is a folder, expected an .onnx file`, {
      hint: 'Choose the .onnx file inside it.',
    });
  }
  if (!before.isFile()) throw new StudioError('FILE_UNREADABLE', `${path} is no regular file, expected an .onnx file`);
  const handle = await open(path, 'r');
  const stats = await handle.stat({ bigint: true });
  return { handle, size: Number(stats.size), stats };
}

/**
 * Reads the file into one array while hashing it: the next chunk is on its way while one is hashed.
 * @throws FILE_UNREADABLE when the file shrinks meanwhile
 */
async function readAndHash(
  handle: FileHandle,
  size: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly bytes: Uint8Array; readonly sha256: string }> {
  const bytes = Buffer.allocUnsafeSlow(size);
  const hash = createHash('sha256');
  const readAt = async (at: number): Promise<number> =>
    at >= size ? 0 : (await handle.read(bytes, at, Math.min(CHUNK, size - at), at)).bytesRead;
  let got = await readAt(0);
  for (let at = 0; at < size;) {
    throwIfCancelled(signal, 'Opening the model');
    if (got === 0)
      throw new StudioError('FILE_UNREADABLE', `The file ended at byte ${at} of ${size}: it is being changed`);
    const next = readAt(at + got);
    hash.update(bytes.subarray(at, at + got));
    at += got;
    got = await next;
  }
  return { bytes, sha256: hash.digest('hex') };
}

function refuseOtherFormats(path: string, head: Uint8Array, size: number): void {
  const other = lookAt(head, size);
  if (other === undefined) return;
  throw new StudioError('NOT_ONNX', `${path} ${other.what}, expected an ONNX model`, { hint: other.hint });
}

function refuseTooLarge(path: string, size: number): void {
  if (size <= PROTOBUF_LIMIT) return;
  throw new StudioError(
    'UNSUPPORTED',
    `${path} has ${size} bytes; an .onnx file cannot be larger than ${PROTOBUF_LIMIT} (2 GiB), the limit of protobuf`,
    { hint: 'Save the model with external data (weights in a file beside it).' },
  );
}

function parseFile(path: string, bytes: Uint8Array): Model {
  try {
    return parseModel(bytes, dirname(path));
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    throw new StudioError(error.code, `${path}: ${error.message}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    });
  }
}

/**
 * Sizes of the external data files, each once. Nothing is read.
 * @throws EXTERNAL_DATA_OUTSIDE when the model names a file outside its folder
 */
function measureExternalData(model: Model): number {
  const sizes = new Map<string, number>();
  const seen = new Set<string>();
  for (const { storage } of walkTensors(model)) {
    if (storage.kind !== 'external' || seen.has(storage.location)) continue;
    seen.add(storage.location);
    try {
      const path = resolveExternalFile(storage.directory, storage.location);
      using file = openExternalFile(storage.directory, storage.location);
      sizes.set(path, file.size);
    } catch (error) {
      // Missing data is a problem that `validateModel` lists; the graph opens without it.
      if (!(error instanceof StudioError) || error.code !== 'EXTERNAL_DATA_MISSING') throw error;
    }
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

/**
 * Opens an .onnx file: reads it once, hashing it on the way; its weights are views on that one array, and external data
 * stays on disk. Needs the file's size in memory and little more. The weights of large files stay in these (see `stayInFile`).
 * @param options.large size of a file from which on it is a large one
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE; NOT_ONNX, saying what the file looks like; ONNX_TRUNCATED, ONNX_INVALID,
 *   UNSUPPORTED (larger than 2 GiB, unknown element types); EXTERNAL_DATA_OUTSIDE; CANCELLED
 */
export async function openModel(
  path: string,
  options: { readonly signal?: AbortSignal; readonly large?: number } = {},
): Promise<OpenedFile> {
  const absolute = resolve(path);
  try {
    const { handle, size, stats } = await openRegularFile(absolute);
    try {
      const head = Buffer.alloc(Math.min(size, 4096));
      await handle.read(head, 0, head.length, 0);
      refuseOtherFormats(absolute, head, size);
      refuseTooLarge(absolute, size);
      const { bytes, sha256 } = await readAndHash(handle, size, options.signal);
      const parsed = parseFile(absolute, bytes);
      const isLarge = size >= (options.large ?? LARGE_FILE);
      const model = isLarge ? stayInFile(parsed, { path: absolute, bytes, stats }) : parsed;
      // Nothing of the new model is a view on what was read.
      if (model !== parsed) free(bytes);
      return { model, path: absolute, bytes: size, sha256, externalBytes: measureExternalData(model) };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw error instanceof StudioError ? error : fileError(absolute, error);
  }
}
