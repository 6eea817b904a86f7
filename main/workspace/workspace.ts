import { WorkspaceStore } from './store.ts';
import type { ResultKind, TrialResults } from './trial-record.ts';

/** The same methods, each giving a promise. */
type Asynchronous<T> = {
  readonly [K in keyof T as K extends symbol ? never : K]: T[K] extends (...values: infer P) => infer R
    ? (...values: P) => Promise<Awaited<R>>
    : T[K];
};

/** What the studio keeps, as everybody uses it: see `WorkspaceStore` for each method. */
export interface Workspace extends Asynchronous<Omit<WorkspaceStore, 'result'>>, AsyncDisposable {
  /** A result that the trial keeps, or null. */
  result<K extends ResultKind>(trialId: string, kind: K): Promise<TrialResults[K] | null>;
}

/**
 * Opens the workspace in `directory`, which is made where it does not exist.
 * @throws WORKSPACE_INVALID | WRITE_FAILED, see `openDatabase`
 */
export async function openWorkspace(directory: string): Promise<Workspace> {
  const store = new WorkspaceStore(directory);
  return new Proxy(store, { get: (target, name) => memberOf(target, name) }) as unknown as Workspace;
}

function memberOf(store: WorkspaceStore, name: string | symbol): unknown {
  if (name === 'then') return undefined; // a workspace is no promise
  if (name === Symbol.asyncDispose) return async () => store[Symbol.dispose]();
  const member: unknown = Reflect.get(store, name, store);
  if (typeof member !== 'function') return member;
  return async (...values: unknown[]): Promise<unknown> => Reflect.apply(member, store, values);
}
