import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { openModel, type OpenedFile } from '../../engine/onnx/open.ts';

interface Entry {
  readonly stamp: string;
  readonly opened: Promise<OpenedFile>;
}

/** Models kept parsed: the one worked on and its baseline. */
const KEPT = 3;
const entries = new Map<string, Entry>();

/**
 * Opens a model, or gives the one that is open already while its file has not changed. Parsed models are immutable, so
 * operations share them.
 * @throws what `openModel` throws
 */
export async function openShared(path: string): Promise<OpenedFile> {
  const full = resolve(path);
  const info = await stat(full, { bigint: true }).catch(() => undefined);
  const stamp = info === undefined ? '' : `${info.ino}:${info.size}:${info.mtimeNs}`;
  const known = entries.get(full);
  entries.delete(full);
  const entry = known !== undefined && known.stamp === stamp ? known : { stamp, opened: openModel(full) };
  entries.set(full, entry);
  for (const oldest of [...entries.keys()].slice(0, -KEPT)) entries.delete(oldest);
  try {
    return await entry.opened;
  } catch (error) {
    entries.delete(full);
    throw error;
  }
}
