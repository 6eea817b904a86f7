import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';
import { throwIfCancelled } from '../../base/errors.ts';
import { resolveExternalFile } from '../../engine/graph/external-data.ts';
import type { OpenedFile } from '../../engine/onnx/open.ts';
import type { SavedFile } from '../../engine/onnx/save.ts';
import { walkTensors } from '../../engine/graph/tensors.ts';

/**
 * Bytes that files take when they are packed, as zstd does by default (level 3): what is transferred, or kept in a package. Read
 * in pieces; 100 MB take about half a second.
 * @throws CANCELLED
 */
export async function compressedBytes(files: Iterable<string>, signal: AbortSignal): Promise<number> {
  let bytes = 0;
  for (const file of files) {
    const count = async (pieces: AsyncIterable<Uint8Array>): Promise<void> => {
      for await (const { length } of pieces) bytes += length;
    };
    try {
      await pipeline(createReadStream(file), createZstdCompress(), count, { signal });
    } catch (error) {
      throwIfCancelled(signal, 'Measuring the packed size');
      throw error;
    }
  }
  return bytes;
}

/** The files that a model was opened from, its external data among them. */
export function openedFiles({ path, model }: Pick<OpenedFile, 'path' | 'model'>): ReadonlySet<string> {
  const files = new Set([path]);
  for (const { storage } of walkTensors(model)) {
    if (storage.kind === 'external') files.add(resolveExternalFile(storage.directory, storage.location));
  }
  return files;
}

/** The files that a model was written to. */
export async function savedFiles({ path, bytes }: SavedFile): Promise<readonly string[]> {
  const { size } = await stat(path);
  return size === bytes ? [path] : [path, `${path}.data`];
}
