import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError, throwIfCancelled } from '../../base/errors.ts';
import { writeError } from '../../base/write-whole.ts';
import type { Model, RawStorage, Tensor } from '../graph/ir.ts';
import { letGoOf, tensorBytePieces, tensorBytes } from '../graph/tensor-data.ts';
import { rawLength, tensorByteLength } from '../graph/tensor-size.ts';
import { walkTensors } from '../graph/tensors.ts';
import type { WeightsPiece } from './settings.ts';
import { temporaryFolder } from './temporary-folder.ts';

/**
 * From so many bytes of large weights on, they go to the runner in a file that the runtime maps into memory. As bytes through
 * the pipe they were copied at both ends, for the parser and into tensors: to load 96 MiB of matrices took some 660 MiB in both
 * processes, now 200, and three times as long.
 */
const LARGE_MODEL = 8 << 20;
/** From so many bytes on a tensor is a large one: nothing that the runtime looks at to infer shapes. */
const LARGE_TENSOR = 64 << 10;
/** Where the next tensor may begin: on a page, so that no two share one. */
const ALIGNMENT = 4096;
/** Weights in files go along up to so many times those in memory: to copy a byte of theirs costs less than one through the pipe. */
const MOST_ALONG = 4;
/** Of weights that lie in a file: so much at a time. */
const PIECE = 8 << 20;
const NAME = 'weights';

/**
 * A model without its large weights, and these; undefined: it has too few in memory, or more in files already. The runtime takes weights
 * from one folder alone: those that lie in files go along.
 */
export function apartFromWeights(
  model: Model,
): { readonly model: Model; readonly weights: readonly WeightsPiece[] } | undefined {
  const { initializers } = model.graph;
  const places = new Map<object, WeightsPiece>();
  const bytes = { raw: 0, external: 0 };
  let end = 0;
  for (const tensor of initializers) {
    const owner = largeOwner(tensor);
    if (owner === undefined || places.has(owner)) continue;
    places.set(owner, { tensor, offset: end });
    const length = tensorByteLength(tensor);
    bytes[tensor.storage.kind === 'external' ? 'external' : 'raw'] += length;
    end = Math.ceil((end + length) / ALIGNMENT) * ALIGNMENT;
  }
  if (bytes.raw < LARGE_MODEL || bytes.external > MOST_ALONG * bytes.raw) return undefined;
  const apart = initializers.map((tensor): Tensor => {
    const owner = largeOwner(tensor);
    if (owner === undefined) return inMemory(tensor);
    const place = { offset: places.get(owner)!.offset, length: tensorByteLength(tensor) };
    return { ...tensor, storage: { kind: 'external', directory: '', location: NAME, ...place, extra: [] } };
  });
  const left = { ...model, graph: { ...model.graph, initializers: [] } };
  for (const { storage } of walkTensors(left)) if (storage.kind === 'external') return undefined;
  return {
    model: { ...model, graph: { ...model.graph, initializers: apart } },
    weights: [...places.values()],
  };
}

/** What a large weight shares with others of the same bytes; undefined: it is none. */
function largeOwner(tensor: Tensor): object | undefined {
  const { storage } = tensor;
  const length = tensorByteLength(tensor);
  if (length < LARGE_TENSOR) return undefined;
  if (storage.kind === 'external') return storage;
  // What does not fit its dimensions is the runtime's to refuse.
  return storage.kind === 'raw' && rawLength(storage) === length ? ownerOf(storage) : undefined;
}

function inMemory(tensor: Tensor): Tensor {
  if (tensor.storage.kind !== 'external') return tensor;
  return { ...tensor, storage: { kind: 'raw', bytes: tensorBytes(tensor) } };
}

/** What tensors have in common that share their bytes; those that stay in a file are new each time that they are read. */
function ownerOf(storage: RawStorage): object {
  return storage.stayed === undefined ? storage.bytes : storage;
}

/**
 * Writes weights into a folder of their own for as long as `work` takes. What has mapped them keeps them, wherever files can be
 * removed that are in use; elsewhere the folder is told to `stays`.
 * @throws WRITE_FAILED, CANCELLED; what `work` throws
 */
export async function withWeightsFile<T>(
  weights: readonly WeightsPiece[],
  work: (directory: string) => Promise<T>,
  { signal, stays }: { readonly signal: AbortSignal | undefined; readonly stays: (directory: string) => void },
): Promise<T> {
  const directory = await temporaryFolder();
  try {
    await writeWeights(join(directory, NAME), weights, signal);
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true }).catch(() => stays(directory));
  }
}

async function writeWeights(
  path: string,
  weights: readonly WeightsPiece[],
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await using file = await open(path, 'wx');
    for (const { tensor, offset } of weights) {
      let at = offset;
      for (const bytes of tensorBytePieces(tensor, PIECE)) {
        throwIfCancelled(signal, 'Handing the model over');
        for (let done = 0; done < bytes.length;) {
          done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
        }
        at += bytes.length;
        letGoOf(tensor.storage, bytes);
      }
    }
  } catch (error) {
    throw error instanceof StudioError ? error : writeError(path, error);
  }
}
