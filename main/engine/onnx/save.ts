import { mkdir, open, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { StudioError, throwIfCancelled } from '../../base/errors.ts';
import { resolveExternalFile } from '../graph/external-data.ts';
import type { Model, Tensor } from '../graph/ir.ts';
import { tensorBytePieces } from '../graph/tensor-data.ts';
import { mapTensors, walkTensors } from '../graph/tensors.ts';
import { refuseSpecialTarget, temporaryName, writeError } from '../../base/write-whole.ts';
import { encodeModel } from './encode-model.ts';
import { planExternalData, type ExternalPlan } from './external-plan.ts';

export interface SaveOptions {
  /** The file that the model was opened from: it and its external data are never written to. */
  readonly source?: string;
  /** Whether a file that is there already may be replaced. */
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
  /**
   * Tries the file that was written, before it takes its place: what it throws is thrown, and nothing is left or replaced.
   * The file has its final name and its external data beside it, in a folder of its own.
   */
  readonly prove?: (path: string) => Promise<void>;
}

/** What was written. */
export interface SavedFile {
  /** Absolute path of the .onnx file. */
  readonly path: string;
  /** Size of the .onnx file and its data file together. */
  readonly bytes: number;
}

const PROTOBUF_LIMIT = 0x7fffffff;
const PIECE_BYTES = 8 << 20;
/** What lengths take of the tensor, and of the messages that hold it, at most. */
const LENGTH_BYTES = 40;

async function realPathIfThere(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch {
    return undefined;
  }
}

/** Two names of one file, links of either kind included. */
async function isSameFile(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([statIfThere(a), statIfThere(b)]);
  return first !== undefined && second !== undefined && first.ino === second.ino && first.dev === second.dev;
}

async function statIfThere(path: string): Promise<{ readonly ino: number; readonly dev: number } | undefined> {
  try {
    return await stat(path);
  } catch {
    return undefined;
  }
}

/** @throws WRITE_FAILED when writing `target` would destroy what must stay */
async function refuseToDestroy(
  target: string,
  data: string | undefined,
  model: Model,
  options: SaveOptions,
): Promise<void> {
  if (options.source !== undefined && (await isSameFile(target, options.source))) {
    throw new StudioError(
      'WRITE_FAILED',
      `${target} is the file that the model was opened from, which is never written to`,
      {
        hint: 'Choose another name.',
      },
    );
  }
  if (options.overwrite !== true && (await statIfThere(target)) !== undefined) {
    throw new StudioError('WRITE_FAILED', `${target} is there already`, {
      hint: 'Choose another name, or let it be replaced.',
    });
  }
  for (const file of [target, data]) if (file !== undefined) await refuseSpecialTarget(file);
  const weights = externalFiles(model);
  for (const file of [target, data]) {
    const real = file === undefined ? undefined : await realPathIfThere(file);
    if (real === undefined || !weights.has(real)) continue;
    throw new StudioError('WRITE_FAILED', `${file} holds the weights of the opened model, and would be replaced`, {
      hint: 'Choose another name or another folder.',
    });
  }
}

/** Real paths of the files that the model's external data lies in. @throws EXTERNAL_DATA_MISSING, EXTERNAL_DATA_OUTSIDE */
function externalFiles(model: Model): ReadonlySet<string> {
  const files = new Map<string, string>();
  for (const { storage } of walkTensors(model)) {
    if (storage.kind !== 'external') continue;
    const key = `${storage.directory}\0${storage.location}`;
    if (!files.has(key)) files.set(key, resolveExternalFile(storage.directory, storage.location));
  }
  return new Set(files.values());
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await handle.write(bytes, done, Math.min(bytes.length - done, 1 << 30))).bytesWritten;
  }
}

/** Writes a new file from pieces and brings it to disk; returns its size. */
async function writeFile(path: string, pieces: Iterable<Uint8Array>, signal: AbortSignal | undefined): Promise<number> {
  const handle = await open(path, 'wx');
  try {
    let size = 0;
    for (const piece of pieces) {
      throwIfCancelled(signal, 'Saving the model');
      await writeAll(handle, piece);
      size += piece.length;
    }
    await handle.sync();
    return size;
  } finally {
    await handle.close();
  }
}

/** The data file's content in order, with zeros where alignment leaves gaps. */
function* externalPieces(plan: ExternalPlan): Generator<Uint8Array> {
  let at = 0;
  for (const { tensor, offset, length } of plan.entries) {
    if (offset > at) yield new Uint8Array(offset - at);
    yield* tensorBytePieces(tensor, PIECE_BYTES);
    at = offset + length;
  }
}

function pointTo(model: Model, plan: ExternalPlan, directory: string, location: string): Model {
  const places = new Map<Tensor, { readonly offset: number; readonly length: number }>();
  for (const { tensor, offset, length } of plan.entries) places.set(tensor, { offset, length });
  return mapTensors(model, (tensor) => {
    const place = places.get(tensor);
    return place === undefined
      ? tensor
      : { ...tensor, storage: { kind: 'external', directory, location, ...place, extra: [] } };
  });
}

/** Bytes that a model takes in a file, and a few more; tensors that stay in another one are not read. */
function encodedSize(model: Model): number {
  let stayed = 0;
  const rest = mapTensors(model, (tensor) => {
    if (tensor.storage.kind !== 'raw' || tensor.storage.stayed === undefined) return tensor;
    stayed += tensor.storage.stayed + LENGTH_BYTES;
    return { ...tensor, storage: { kind: 'raw', bytes: new Uint8Array() } };
  });
  return encodeModel(rest).reduce((sum, piece) => sum + piece.length, stayed);
}

/**
 * Writes a model whole or not at all: into a temporary folder beside the target, brought to disk, proved, then moved. Tensors with
 * external data, and all large ones of a model that would pass protobuf's 2 GiB, go into one `<name>.data` beside it,
 * streamed in pieces.
 * @throws WRITE_FAILED, leaving what was there as it was: no room, no permission, the target is there (without `overwrite`) or
 *   is the opened file itself; EXTERNAL_DATA_MISSING, EXTERNAL_DATA_OUTSIDE for data to be copied; CANCELLED; what `prove` throws
 */
export async function saveModel(model: Model, path: string, options: SaveOptions = {}): Promise<SavedFile> {
  const target = resolve(path);
  const directory = dirname(target);
  const location = `${basename(target)}.data`;
  const large = encodedSize(model) > PROTOBUF_LIMIT;
  const plan = planExternalData(model, { alsoLarge: large });
  const data = plan.entries.length === 0 ? undefined : join(directory, location);
  await refuseToDestroy(target, data, model, options);
  const pieces = encodeModel(data === undefined ? model : pointTo(model, plan, directory, location));
  const staging = temporaryName(target);
  const half = join(staging, basename(target));
  try {
    await mkdir(staging);
    let bytes = 0;
    if (data !== undefined) bytes += await writeFile(join(staging, location), externalPieces(plan), options.signal);
    bytes += await writeFile(half, pieces, options.signal);
    await options.prove?.(half);
    throwIfCancelled(options.signal, 'Saving the model');
    if (data !== undefined) await rename(join(staging, location), data);
    await rename(half, target);
    return { path: target, bytes };
  } catch (error) {
    throw error instanceof StudioError ? error : writeError(target, error);
  } finally {
    // The failure's own error says more than that of a folder that never came to be.
    await rm(staging, { recursive: true, force: true }).catch(() => undefined);
  }
}
