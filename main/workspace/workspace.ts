import { Thread } from '../rpc/node/thread.ts';
import { remoteObject, type MethodCalls, type Remote } from '../rpc/remote.ts';
import type { WorkspaceStore } from './store.ts';
import type { ResultKind, TrialResults } from './trial-record.ts';

/** What the studio keeps, as everybody uses it: see `WorkspaceStore` for each method. */
export interface Workspace extends Remote<Omit<WorkspaceStore, 'result'>>, AsyncDisposable {
  readonly directory: string;
  /** A result that the trial keeps, or null. */
  result<K extends ResultKind>(trialId: string, kind: K): Promise<TrialResults[K] | null>;
}

/**
 * Opens the workspace in `directory`, which is made where it does not exist. Its database lives in a thread of its own;
 * calls are done in their order.
 * @throws WORKSPACE_INVALID | WRITE_FAILED, see `openDatabase`
 */
export async function openWorkspace(directory: string): Promise<Workspace> {
  const entry = import.meta.url.endsWith('.ts') ? './workspace-entry.ts' : './workspace.js';
  const thread = new Thread<MethodCalls>({
    entry: new URL(entry, import.meta.url),
    name: 'lapidary-workspace',
    data: directory,
  });
  try {
    await thread.call('open', []);
  } catch (error) {
    await thread[Symbol.asyncDispose]();
    throw error;
  }
  return remoteObject<Workspace>(thread, {
    directory,
    [Symbol.asyncDispose]: async () => {
      await thread.call('close', []);
      await thread[Symbol.asyncDispose]();
    },
  });
}
