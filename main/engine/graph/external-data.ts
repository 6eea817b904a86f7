/**
 * Files beside the model that hold weights. A model is untrusted input: its locations may name nothing outside its own
 * folder, neither directly (`..`, absolute) nor through a symbolic link. @see onnx/docs/ExternalData.md
 */
import { closeSync, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { StudioError } from '../../base/errors.ts';

function outside(location: string, why: string): StudioError {
  return new StudioError(
    'EXTERNAL_DATA_OUTSIDE',
    `External data '${location}' ${why}; it must lie in the model's folder`,
    {
      hint: 'Put the data file beside the model, and save the model again with that location.',
    },
  );
}

function missing(location: string, path: string, cause?: unknown): StudioError {
  return new StudioError('EXTERNAL_DATA_MISSING', `External data '${location}' is not there (looked for ${path})`, {
    hint: 'Put the data file beside the model; both belong together.',
    cause,
  });
}

/**
 * The real path of a data file.
 * @param directory the model's folder
 * @param location  as it stands in the model, slashes of either kind
 * @throws EXTERNAL_DATA_OUTSIDE when it leaves the folder; EXTERNAL_DATA_MISSING when no such file is there
 */
export function resolveExternalFile(directory: string, location: string): string {
  if (location === '' || location.includes('\0')) {
    throw new StudioError(
      'EXTERNAL_DATA_MISSING',
      'External data names no file: its location is empty or no file name',
    );
  }
  const parts = location.split(/[/\\]/);
  if (parts.includes('..')) throw outside(location, "climbs out by '..'");
  if (isAbsolute(location) || location.startsWith('\\') || /^[a-z]:/i.test(location))
    throw outside(location, 'is absolute');
  const path = join(directory, ...parts);
  let realFile: string;
  let realDirectory: string;
  try {
    realDirectory = realpathSync(directory === '' ? '.' : directory);
    realFile = realpathSync(path);
  } catch (cause) {
    throw missing(location, path, cause);
  }
  const inside = relative(realDirectory, realFile);
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
    throw outside(location, 'is a symbolic link that leaves the folder');
  }
  return realFile;
}

/** A data file open for reading pieces; close it. */
export interface ExternalFile extends Disposable {
  /** Size in bytes when it was opened. */
  readonly size: number;
  /** Reads exactly `length` bytes into a new array. @throws EXTERNAL_DATA_MISSING when the file is too short */
  readonly read: (offset: number, length: number) => Uint8Array;
}

/**
 * Opens a data file of the model in `directory`.
 * @throws as `resolveExternalFile`; EXTERNAL_DATA_MISSING when it is no readable regular file
 */
export function openExternalFile(directory: string, location: string): ExternalFile {
  const path = resolveExternalFile(directory, location);
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (cause) {
    throw missing(location, path, cause);
  }
  const stats = fstatSync(descriptor);
  if (!stats.isFile()) {
    closeSync(descriptor);
    throw missing(location, path);
  }
  const read = (offset: number, length: number): Uint8Array => {
    checkRange(location, { offset, length, size: stats.size });
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const got = readSync(descriptor, bytes, done, Math.min(length - done, 1 << 30), offset + done);
      if (got === 0) checkRange(location, { offset, length, size: offset + done });
      done += got;
    }
    return bytes;
  };
  return { size: stats.size, read, [Symbol.dispose]: () => closeSync(descriptor) };
}

/** @throws EXTERNAL_DATA_MISSING when the file ends before the range does */
function checkRange(
  location: string,
  range: { readonly offset: number; readonly length: number; readonly size: number },
): void {
  const { offset, length, size } = range;
  if (offset + length <= size) return;
  throw new StudioError(
    'EXTERNAL_DATA_MISSING',
    `External data '${location}' has ${size} bytes, expected ${length} from ${offset} on`,
    { hint: 'The data file is too short: it is cut off, or belongs to another model.' },
  );
}
