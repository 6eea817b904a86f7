import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Directory } from '../contract/studio.ts';
import { StudioError } from '../base/errors.ts';

/**
 * What is in a folder of this machine, for the file browser of the browser studio: folders first, hidden entries left out.
 * @param path null: the home folder
 * @throws FILE_NOT_FOUND | FILE_UNREADABLE
 */
export async function listDirectory(path: string | null): Promise<Directory> {
  const folder = resolve(path ?? homedir());
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    const missing = cause.code === 'ENOENT' || cause.code === 'ENOTDIR';
    throw new StudioError(
      missing ? 'FILE_NOT_FOUND' : 'FILE_UNREADABLE',
      missing ? `There is no folder '${folder}'` : `The folder '${folder}' cannot be read: ${cause.message}`,
      { cause },
    );
  });
  const visible = names.filter((name) => !name.startsWith('.'));
  const entries = await Promise.all(
    visible.map(async (name) => {
      const info = await stat(join(folder, name)).catch(() => undefined);
      if (info === undefined) return undefined;
      return { name, kind: info.isDirectory() ? ('folder' as const) : ('file' as const), bytes: info.size };
    }),
  );
  const parent = dirname(folder);
  return {
    path: folder,
    parent: parent === folder ? null : parent,
    entries: entries
      .filter((entry) => entry !== undefined)
      .toSorted((a, b) => Number(a.kind === 'file') - Number(b.kind === 'file') || a.name.localeCompare(b.name)),
  };
}
