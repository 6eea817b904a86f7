import type { WireError } from '../../main/rpc/wire-error.ts';
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
  if (!response.ok) throw new EngineError(await refusalOf(response, file.name));
  const body = (await response.json()) as { upload: string };
  return body.upload;
}

async function refusalOf(response: Response, name: string): Promise<WireError> {
  try {
    const { error } = (await response.json()) as { error: WireError };
    return error;
  } catch {
    return {
      code: 'FILE_UNREADABLE',
      message: `The engine did not take "${name}" (HTTP ${response.status})`,
      hint: 'Open the studio again with the address that Lapidary printed.',
    };
  }
}
