import { create } from 'zustand';
import type { StoreApi, UseBoundStore } from 'zustand';
import { asEngineError, isCancelled } from '../rpc/engine-error.ts';
import type { EngineError } from '../rpc/engine-error.ts';

/** Where a piece of work that a view started stands. */
export type TaskState =
  | { readonly status: 'idle' }
  /** `jobId` is null until the engine took it as a job. */
  | { readonly status: 'running'; readonly jobId: string | null }
  | { readonly status: 'failed'; readonly error: EngineError }
  | { readonly status: 'cancelled' };

/** What the work gets: pass both on to the engine's call. */
export interface TaskHandle {
  readonly signal: AbortSignal;
  readonly onJob: (jobId: string) => void;
}

export interface TaskStore {
  readonly state: TaskState;
  /**
   * Runs the work; a run that is still going on is cancelled first and its end no longer shown.
   * @returns the work's result, or null when it failed, was cancelled or was superseded
   */
  run<T>(work: (handle: TaskHandle) => Promise<T>): Promise<T | null>;
  cancel(): void;
  /** Takes the message of a failed or cancelled run away. */
  dismiss(): void;
}

/** Makes the store of one kind of work; outside of components, so that it survives a change of task. */
export function createTaskStore(): UseBoundStore<StoreApi<TaskStore>> {
  let current: AbortController | null = null;
  return create<TaskStore>((set) => ({
    state: { status: 'idle' },
    run: async (work) => {
      current?.abort();
      const mine = new AbortController();
      current = mine;
      const tell = (state: TaskState): void => {
        if (current === mine) set({ state });
      };
      tell({ status: 'running', jobId: null });
      try {
        const result = await work({ signal: mine.signal, onJob: (jobId) => tell({ status: 'running', jobId }) });
        tell({ status: 'idle' });
        return result;
      } catch (error) {
        tell(isCancelled(error) ? { status: 'cancelled' } : { status: 'failed', error: asEngineError(error) });
        return null;
      } finally {
        if (current === mine) current = null;
      }
    },
    cancel: () => current?.abort(),
    dismiss: () => set(({ state }) => (state.status === 'running' ? {} : { state: { status: 'idle' } })),
  }));
}
