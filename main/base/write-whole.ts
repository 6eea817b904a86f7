import { readdirSync, rmSync } from 'node:fs';
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from './errors.ts';
import { WRITE_HINTS } from './no-room.ts';
import { isProcessAlive } from './process-alive.ts';

/** WRITE_FAILED for `path`, which is as it was before, with what to do about the system's error. */
export function writeError(path: string, cause: unknown): StudioError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new StudioError('WRITE_FAILED', `${path} could not be written (${message}); nothing was changed`, {
    hint: WRITE_HINTS[code ?? ''] ?? 'Choose a folder that you may write to.',
    cause,
  });
}

/** Name of the file or folder beside `path` that is written first; it says which process writes it. */
export function temporaryName(path: string): string {
  return `${path}.${process.pid}.${Date.now().toString(36)}.tmp`;
}

const TEMPORARY = /\.(\d+)\.[0-9a-z]+\.tmp$/u;

/**
 * Removes what writers left in a folder that were killed half-way: temporary files of processes that have ended, and of
 * this one, which has to ask before it writes there itself.
 */
export function removeUnfinished(folder: string): void {
  for (const name of readdirSync(folder)) {
    const writer = Number(TEMPORARY.exec(name)?.[1]);
    if (Number.isInteger(writer) && (writer === process.pid || !isProcessAlive(writer)))
      rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/**
 * Refuses a target that is there and is no file: renaming would put a file in the place of a device or a pipe.
 * @throws WRITE_FAILED
 */
export async function refuseSpecialTarget(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there === undefined || there.isFile()) return;
  const what = there.isDirectory() ? 'a folder' : 'a device or a pipe';
  throw new StudioError('WRITE_FAILED', `${path} is ${what}, expected the name of a file`, {
    hint: 'Name a file that may be made there.',
  });
}

/**
 * Writes a file whole or not at all: beside the target, brought to disk, then renamed; what was there is replaced.
 * @throws WRITE_FAILED, leaving what was there as it was
 */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  await refuseSpecialTarget(path);
  const temporary = temporaryName(path);
  try {
    await writeFile(temporary, content, { flag: 'wx', flush: true });
    await rename(temporary, path);
  } catch (cause) {
    // The failure's own error says more than that of a file that never came to be.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeError(path, cause);
  }
}
