import type { Connection } from './connection.ts';
import { EngineError } from './engine-error.ts';

/** The address of a file that the engine serves at `/files/…`, token included. */
export function fileUrl(connection: Connection, path: string): string {
  return `${connection.url}${path}?token=${encodeURIComponent(connection.token)}`;
}

/**
 * Hands a file of the engine to the user as a download, under a name of its own.
 * @throws EngineError when it is not there any more or the engine cannot be reached
 */
export async function downloadFile(connection: Connection, path: string, name: string): Promise<void> {
  const response = await fetch(fileUrl(connection, path)).catch(() => null);
  if (response === null || !response.ok) {
    throw new EngineError({
      code: 'FILE_NOT_FOUND',
      message: `"${name}" could not be fetched${response === null ? '' : ` (HTTP ${response.status})`}`,
      hint: 'Measure again to write it anew.',
    });
  }
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
