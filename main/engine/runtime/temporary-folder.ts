import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isProcessAlive } from '../../base/process-alive.ts';

/** Of folders; behind it stands the process that writes there. */
const PREFIX = 'lapidary-weights-';
let removal: Promise<void> | undefined;

/** A new folder for what goes to runners in files. Who asks for it removes it; what killed processes left goes before the first one. */
export async function temporaryFolder(): Promise<string> {
  await (removal ??= removeLeft());
  return mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
}

/** Removes what processes left that were killed. */
async function removeLeft(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  for (const name of names) {
    const writer = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : Number.NaN;
    if (!Number.isInteger(writer) || isProcessAlive(writer)) continue;
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
}
