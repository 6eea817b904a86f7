import type { Connection } from './connection.ts';
import { EngineError } from './engine-error.ts';

/**
 * Sends a file of this computer to the engine, for `model.open {upload}`.
 * @returns the upload's id
 * @throws EngineError when the engine refuses it or cannot be reached
 */
export async function uploadFile(connection: Connection, file: File): Promise<string> {
  const response = await fetch(`${connection.url}/upload?name=${encodeURIComponent(file.name)}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${connection.token}` },
    body: file,
  });
  if (!response.ok) {
    throw new EngineError({
      code: 'FILE_UNREADABLE',
      message: `The engine did not take "${file.name}" (HTTP ${response.status})`,
      hint: (await response.text()).slice(0, 300) || null,
    });
  }
  const body = (await response.json()) as { upload: string };
  return body.upload;
}
