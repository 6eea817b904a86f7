import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { throwIfCancelled } from '../../base/errors.ts';
import { elementCount, type HostTensor } from '../tensor/host-tensor.ts';
import type { Content, ContentOptions } from './dataset.ts';

/** The content of one sample: its row of each array, with the type. @param parts samples first */
export function contentOf(parts: readonly HostTensor[], row: number): Content {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const { dtype, dims, data } of parts) {
    const size = elementCount(dims.slice(1));
    hash.update(`${dtype}[${dims.slice(1).join()}]`);
    const part = bytesOf(data, row * size, size);
    hash.update(part);
    bytes += part.byteLength;
  }
  return { bytes, hash: hash.digest('hex') };
}

function bytesOf(data: HostTensor['data'], start: number, size: number): Uint8Array {
  if (Array.isArray(data)) return Buffer.from(JSON.stringify(data.slice(start, start + size)));
  const array = data as Exclude<HostTensor['data'], readonly string[]>;
  return new Uint8Array(
    array.buffer,
    array.byteOffset + start * array.BYTES_PER_ELEMENT,
    size * array.BYTES_PER_ELEMENT,
  );
}

/** The contents of samples that are files, each with all its files. */
export async function fileContents(
  samples: readonly (readonly string[])[],
  { indices = null, sizes, signal }: ContentOptions,
): Promise<readonly Content[]> {
  const chosen = indices === null ? samples : [...indices].map((index) => samples[index]!);
  const contents: Content[] = [];
  for (const files of chosen) {
    throwIfCancelled(signal, 'Reading data');
    let bytes = 0;
    for (const file of files) bytes += (await stat(file)).size;
    contents.push({ bytes, hash: sizes?.has(bytes) === false ? '' : await hashFiles(files) });
  }
  return contents;
}

async function hashFiles(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(file));
  return hash.digest('hex');
}
