import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { StudioError } from '../base/errors.ts';

/** Where an uploaded file lies: `<uploads>/<id>/<name>`. */
export interface Upload {
  readonly id: string;
  readonly path: string;
}

/**
 * Streams a request's body into a new folder below `uploads`; nothing stays when it breaks off.
 * @throws USAGE when the name is empty; WRITE_FAILED when the disk is full
 */
export async function receiveUpload(request: IncomingMessage, uploads: string, name: string): Promise<Upload> {
  const safeName = basename(name.replaceAll('\\', '/')).replaceAll('\0', '');
  if (safeName === '' || safeName === '.' || safeName === '..')
    throw new StudioError('USAGE', 'An upload needs a file name');
  const id = randomUUID();
  const folder = join(uploads, id);
  const path = join(folder, safeName);
  try {
    await mkdir(folder, { recursive: true });
    await pipeline(request, createWriteStream(path, { flags: 'wx' }));
    return { id, path };
  } catch (cause) {
    await rm(folder, { recursive: true, force: true });
    throw new StudioError('WRITE_FAILED', `The upload of '${safeName}' did not arrive whole`, {
      hint: 'Check the free disk space and try again.',
      cause,
    });
  }
}
