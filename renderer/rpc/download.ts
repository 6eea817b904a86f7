import type { Connection } from './connection.ts';
import { EngineError } from './engine-error.ts';

/** The address of a file that the engine serves at `/files/…`, token included. */
export function fileUrl(connection: Connection, path: string): string {
  return `${connection.url}${path}?token=${encodeURIComponent(connection.token)}`;
}

/**
 * Fetches a file that the engine serves.
 * @throws EngineError when it is not there any more or the engine cannot be reached
 */
export async function fetchFile(connection: Connection, path: string): Promise<Blob> {
  const response = await fetch(fileUrl(connection, path)).catch(() => null);
  if (response === null || !response.ok) {
    throw new EngineError({
      code: 'FILE_NOT_FOUND',
      message: `The file could not be fetched${response === null ? '' : ` (HTTP ${response.status})`}`,
      hint: 'Do again what made it.',
    });
  }
  return response.blob();
}
