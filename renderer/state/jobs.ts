import { create } from 'zustand';
import type { Job } from '../../main/contract/studio.ts';
import { engine } from './engine.ts';
import { tellError } from './messages.ts';

interface JobsStore {
  /** By id, in the order of their coming. */
  readonly jobs: ReadonlyMap<string, Job>;
  put(job: Job): void;
  replace(jobs: readonly Job[]): void;
}

/** The engine's jobs as last heard. */
export const useJobs = create<JobsStore>((set, get) => ({
  jobs: new Map(),
  put: (job) => set({ jobs: new Map(get().jobs).set(job.id, job) }),
  replace: (jobs) => set({ jobs: new Map(jobs.map((job) => [job.id, job])) }),
}));

/** Whether a job still works or waits. */
export function isActive(job: Job): boolean {
  return job.status === 'queued' || job.status === 'running';
}

/** Jobs that work or wait, oldest first. */
export function activeJobs(jobs: ReadonlyMap<string, Job>): readonly Job[] {
  return [...jobs.values()].filter(isActive);
}

/** Share done, 0…1, or null while it is unknown: without a total, and of one piece of work that nothing divides. */
export function jobShare({ done, total }: Pick<Job, 'done' | 'total'>): number | null {
  return total === null || total <= 1 ? null : Math.min(1, done / total);
}

/** Asks the engine to stop a job. */
export async function cancelJob(jobId: string): Promise<void> {
  try {
    await engine().call('job.cancel', { jobId });
  } catch (error) {
    tellError(error);
  }
}
