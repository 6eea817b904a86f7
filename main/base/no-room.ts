import { StudioError } from './errors.ts';

/** What to do about a failed write, by the system's code. */
export const WRITE_HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: make room, or choose another disk.',
  EDQUOT: 'Your share of the disk is full: make room, or choose another disk.',
  EFBIG: 'The file is larger than this disk or account allows: choose another disk.',
  EROFS: 'The disk is read-only: choose another.',
  ENOENT: 'The folder does not exist: create it, or choose another.',
  ENOTDIR: 'A part of the path is a file, not a folder: choose another.',
};

/** Codes that mean a place to write is full, or may not be written to, whatever was being written. */
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS']);

/**
 * WRITE_FAILED for an error of the system that says that a disk is full or read-only: temporary files lie on disks too,
 * and so does the workspace. Undefined for every other error.
 */
export function noRoomError(cause: unknown): StudioError | undefined {
  if (!(cause instanceof Error)) return undefined;
  const { code = '', path, message } = cause as Error & { readonly code?: string; readonly path?: string };
  if (!NO_ROOM.has(code)) return undefined;
  const what = path === undefined ? 'A file' : path;
  return new StudioError('WRITE_FAILED', `${what} could not be written (${message})`, {
    hint: WRITE_HINTS[code]!,
    cause,
  });
}
