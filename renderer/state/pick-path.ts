import { create } from 'zustand';
import { desktop } from '../rpc/bridge.ts';

/** What is being looked for: a model file, a data set (file or folder), or a folder to write into. */
export type PathKind = 'model' | 'data' | 'labels' | 'directory';

export interface PathRequest {
  readonly kind: PathKind;
  readonly resolve: (path: string | null) => void;
}

interface PathRequestStore {
  /** The request that the file browser answers now, or null. */
  readonly request: PathRequest | null;
}

/** The file browser that is asked for; drawn by the shell. */
export const usePathRequest = create<PathRequestStore>(() => ({ request: null }));

/**
 * Asks for a path on the engine's machine: with the system's own dialog on the desktop, else with the studio's file browser.
 * @returns the path, or null when the dialog was closed
 */
export async function pickPath(kind: PathKind): Promise<string | null> {
  const bridge = desktop();
  if (kind === 'model' && bridge !== undefined) return bridge.openDialog();
  if (kind === 'data' && bridge?.dataDialog !== undefined) return bridge.dataDialog();
  if (kind === 'directory' && bridge?.directoryDialog !== undefined) return bridge.directoryDialog();
  return new Promise((resolve) => {
    usePathRequest.getState().request?.resolve(null);
    usePathRequest.setState({ request: { kind, resolve } });
  });
}

/** Answers the request; null: closed without a choice. */
export function answerPath(path: string | null): void {
  usePathRequest.getState().request?.resolve(path);
  usePathRequest.setState({ request: null });
}
