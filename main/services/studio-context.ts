import type { JobQueue } from '../jobs/job-queue.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { Emit } from './handlers.ts';
import type { OperationThread } from './operation-thread.ts';
import type { OperationName, OperationParams, OperationResult } from './operations/operation-map.ts';

/** What every handler may use. */
export interface StudioContext {
  readonly workspace: Workspace;
  readonly jobs: JobQueue;
  readonly emit: Emit;
  /** The thread for jobs: one long operation at a time. */
  readonly work: OperationThread;
  /** Short questions, answered while a job runs. */
  readonly ask: <N extends OperationName>(name: N, params: OperationParams<N>) => Promise<OperationResult<N>>;
  readonly version: string;
  /** "Lapidary 0.1.0, ONNX Runtime 1.30.0", kept with every measurement. */
  readonly software: () => Promise<string>;
}
