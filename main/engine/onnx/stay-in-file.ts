import { closeSync, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';
import { dirname } from 'node:path';
import { StudioError } from '../../base/errors.ts';
import type { Model, RawStorage, Tensor } from '../graph/ir.ts';
import { mapTensors, walkTensors } from '../graph/tensors.ts';
import { encodeModelBytes } from './encode-model.ts';
import { parseModel } from './parse.ts';

/** From this size on of a tensor its bytes stay in the file. */
const LARGE_TENSOR = 64 << 10;

/** A file that was read. */
export interface ReadFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** As it was then. */
  readonly stats: BigIntStats;
}

/**
 * A model whose large tensors are read from its file each time that they are asked for, so that memory holds none of them for
 * longer than they are used. What is small is parsed again from a copy, or views on the file's bytes would hold all of these.
 * @param model as it was parsed from the file's bytes
 */
export function stayInFile(model: Model, file: ReadFile): Model {
  for (const { storage } of walkTensors(model))
    if (storage.kind === 'external' && storage.location === PLACE) return model;
  const stayed: BytesInFile[] = [];
  const rest = mapTensors(model, (tensor) => {
    const { storage } = tensor;
    if (storage.kind !== 'raw' || storage.bytes.length < LARGE_TENSOR) return tensor;
    const offset = storage.bytes.byteOffset - file.bytes.byteOffset;
    const place = stayed.push(new BytesInFile(file, offset, storage.bytes.length)) - 1;
    return {
      ...tensor,
      storage: { kind: 'external', directory: '', location: PLACE, offset: place, length: undefined, extra: [] },
    };
  });
  const parsed = parseModel(encodeModelBytes(rest), dirname(file.path));
  return mapTensors(parsed, (tensor): Tensor => {
    const { storage } = tensor;
    if (storage.kind !== 'external' || storage.location !== PLACE) return tensor;
    return { ...tensor, storage: stayed[storage.offset]! };
  });
}

/** No name of a file. */
const PLACE = '\0';

class BytesInFile implements RawStorage {
  readonly kind = 'raw';
  readonly stayed: number;
  readonly #path: string;
  readonly #stats: BigIntStats;
  readonly #offset: number;

  constructor({ path, stats }: ReadFile, offset: number, length: number) {
    this.#path = path;
    this.#stats = stats;
    this.#offset = offset;
    this.stayed = length;
  }

  /** @throws FILE_UNREADABLE when the file is no longer what it was */
  get bytes(): Uint8Array {
    let file: number;
    try {
      file = openSync(this.#path, 'r');
    } catch (cause) {
      throw changed(this.#path, cause);
    }
    try {
      if (!isSame(fstatSync(file, { bigint: true }), this.#stats)) throw changed(this.#path);
      const bytes = new Uint8Array(this.stayed);
      for (let done = 0; done < bytes.length;) {
        const got = readSync(file, bytes, done, bytes.length - done, this.#offset + done);
        if (got === 0) throw changed(this.#path);
        done += got;
      }
      return bytes;
    } finally {
      closeSync(file);
    }
  }
}

function isSame(a: BigIntStats, b: BigIntStats): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.size === b.size && a.mtimeNs === b.mtimeNs;
}

function changed(path: string, cause?: unknown): StudioError {
  return new StudioError('FILE_UNREADABLE', `${path} was changed or removed while it was worked on`, {
    hint: 'Do it again: the file is then opened as it is now.',
    cause,
  });
}
