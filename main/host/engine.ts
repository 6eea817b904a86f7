import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Emit } from '../services/handlers.ts';
import { createStudio } from '../services/studio.ts';
import { openWorkspace } from '../workspace/workspace.ts';
import { startHost, type Host } from './server.ts';

export interface EngineOptions {
  /** The workspace's folder. */
  readonly workspace: string;
  readonly token: string;
  /** 0: any free port. */
  readonly port: number;
  /** A model that the first window will ask for: read at once. */
  readonly expected?: string;
}

export interface Engine extends AsyncDisposable {
  readonly port: number;
}

const atRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Lapidary's version, from package.json. */
export function version(): string {
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(atRoot('package.json'), 'utf8'))).version;
}

/**
 * Starts the studio's services on a workspace and serves them.
 * @throws WORKSPACE_INVALID | WRITE_FAILED; USAGE when the port is taken
 */
export async function startEngine({ workspace: directory, token, port, expected }: EngineOptions): Promise<Engine> {
  const workspace = await openWorkspace(directory);
  let host: Host | undefined;
  const emit: Emit = (event, payload) => host?.emit(event, payload);
  const opened = new AsyncDisposableStack();
  opened.use(workspace);
  try {
    const studio = opened.use(await createStudio({ workspace, emit, version: version() }));
    if (expected !== undefined) studio.expect(expected);
    const serving = await startHost({
      renderer: atRoot('out/renderer'),
      files: directory,
      uploads: await workspace.folder('uploads'),
      token,
      port,
      handlers: studio.handlers,
      cancelJob: studio.cancelJob,
    });
    host = opened.use(serving);
    return { port: serving.port, [Symbol.asyncDispose]: () => opened.disposeAsync() };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}
