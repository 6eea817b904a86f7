import type { JobQueue } from '../jobs/job-queue.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { Emit } from './handlers.ts';
import type { OperationThread } from './operation-thread.ts';
import type { Trainings } from './trainings.ts';
import type { TrialStore } from './trial-store.ts';
import type { OperationName, OperationParams, OperationResult } from './operations/operation-map.ts';

/** What measuring uses: in the studio, and in a command that keeps its trials in memory. */
export interface MeasureContext {
  readonly workspace: TrialStore;
  readonly emit: Emit;
  /** Runs long operations, one at a time. */
  readonly work: Pick<OperationThread, 'call'>;
  /** Of Lapidary. */
  readonly version: string;
}

/** What every handler may use. */
export interface StudioContext extends MeasureContext {
  readonly workspace: Workspace;
  readonly jobs: JobQueue;
  readonly trainings: Trainings;
  /** The thread for jobs. */
  readonly work: OperationThread;
  /** Short questions, answered while a job runs. */
  readonly ask: <N extends OperationName>(name: N, params: OperationParams<N>) => Promise<OperationResult<N>>;
}
