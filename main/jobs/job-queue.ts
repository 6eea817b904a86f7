import { randomUUID } from 'node:crypto';
import { StudioError, cancelledError } from '../base/errors.ts';
import type { Progress, TaskContext } from '../base/progress.ts';
import type { Job, JobKind } from '../contract/studio.ts';
import { describeError } from '../rpc/wire-error.ts';

export interface JobDescription {
  readonly kind: JobKind;
  /** What people read in the status bar: "Profile glyph-cnn". */
  readonly title: string;
  readonly modelId: string | null;
  readonly trialId: string | null;
}

export interface StartedJob<T> {
  readonly id: string;
  /** Settles when the job ends; rejects with CANCELLED after a cancel. */
  readonly result: Promise<T>;
}

/** What a job's task gets. */
export interface JobContext extends TaskContext {
  /**
   * Lets the jobs that wait run first, where there are any; to be called where a long job can stand still. The machine is no
   * longer its own meanwhile.
   * @throws CANCELLED while it stands still
   */
  readonly giveWay: () => Promise<void>;
}

interface Entry {
  job: Job;
  readonly abort: AbortController;
  /** Starts the task, or lets it go on after it gave way. */
  start: () => void;
  stageStartedAt: number;
  stageStartDone: number;
  lastSentAt: number;
}

const FINISHED_KEPT = 50;
const PROGRESS_INTERVAL_MS = 80;

/**
 * Runs jobs one after the other: measurements must have the machine to themselves. Tells every change to `onChange`
 * (progress at most every 80 ms).
 */
export class JobQueue {
  readonly #entries = new Map<string, Entry>();
  readonly #waiting: Entry[] = [];
  readonly #onChange: (job: Job) => void;
  readonly #now: () => number;
  #running: Entry | undefined;
  #closed = false;

  constructor(onChange: (job: Job) => void, now: () => number = Date.now) {
    this.#onChange = onChange;
    this.#now = now;
  }

  /** Jobs in the order they were asked for; the last 50 finished ones are kept. */
  list(): readonly Job[] {
    return [...this.#entries.values()].map((entry) => entry.job);
  }

  /** Puts a task at the end of the queue. `task` must watch `context.signal`. */
  add<T>(description: JobDescription, task: (context: JobContext, jobId: string) => Promise<T>): StartedJob<T> {
    const id = randomUUID();
    const abort = new AbortController();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const entry: Entry = {
      job: {
        id,
        ...description,
        status: 'queued',
        stage: 'Waiting',
        done: 0,
        total: null,
        startedAt: null,
        etaMs: null,
        error: null,
      },
      abort,
      stageStartedAt: 0,
      stageStartDone: 0,
      lastSentAt: 0,
      start: () => void run(),
    };
    const run = async (): Promise<void> => {
      try {
        if (abort.signal.aborted) throw cancelledError(description.title);
        const context = {
          signal: abort.signal,
          progress: (p: Progress) => this.#progress(entry, p),
          giveWay: () => this.#giveWay(entry),
        };
        const value = await task(context, id);
        this.#finish(entry, 'done');
        resolve(value);
      } catch (error) {
        // An error that a cancel caused, whatever its own words, is the cancel.
        const cancelled = abort.signal.aborted || (error instanceof StudioError && error.code === 'CANCELLED');
        const shown = cancelled ? cancelledError(description.title) : error;
        this.#finish(entry, cancelled ? 'cancelled' : 'failed', shown);
        reject(shown);
      } finally {
        this.#leave(entry);
      }
    };
    this.#entries.set(id, entry);
    this.#waiting.push(entry);
    this.#tell(entry);
    if (this.#closed) this.cancel(id);
    queueMicrotask(() => this.#next());
    return { id, result: promise };
  }

  /** Asks a job to stop; a waiting one ends at once. Unknown and finished jobs are left as they are. */
  cancel(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.job.status === 'done' || entry.abort.signal.aborted) return;
    entry.abort.abort(cancelledError(entry.job.title));
    const waitingAt = this.#waiting.indexOf(entry);
    if (waitingAt >= 0) {
      this.#waiting.splice(waitingAt, 1);
      entry.start();
    }
  }

  /** Cancels everything, for shutdown; what is added afterwards too. */
  cancelAll(): void {
    this.#closed = true;
    for (const id of this.#entries.keys()) this.cancel(id);
  }

  #next(): void {
    if (this.#running !== undefined) return;
    const entry = this.#waiting.shift();
    if (entry === undefined) return;
    this.#running = entry;
    entry.job = { ...entry.job, status: 'running', startedAt: entry.job.startedAt ?? this.#now() };
    this.#tell(entry);
    entry.start();
  }

  /** The machine is free for the next one. */
  #leave(entry: Entry): void {
    if (this.#running !== entry) return;
    this.#running = undefined;
    queueMicrotask(() => this.#next());
  }

  async #giveWay(entry: Entry): Promise<void> {
    if (this.#waiting.length === 0 || entry.abort.signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    entry.start = resolve;
    entry.job = { ...entry.job, status: 'queued', etaMs: null };
    this.#waiting.push(entry);
    this.#tell(entry);
    this.#leave(entry);
    await promise;
    if (entry.abort.signal.aborted) throw cancelledError(entry.job.title);
    // The time that it stood still says nothing of its pace.
    entry.stageStartedAt = this.#now();
    entry.stageStartDone = entry.job.done;
  }

  #progress(entry: Entry, progress: Progress): void {
    if (entry.job.status !== 'running') return;
    const now = this.#now();
    const newStage = progress.stage !== entry.job.stage;
    if (newStage) {
      entry.stageStartedAt = now;
      entry.stageStartDone = progress.done;
    }
    entry.job = {
      ...entry.job,
      stage: progress.stage,
      done: progress.done,
      total: progress.total ?? null,
      etaMs: remainingMs(entry, progress, now),
    };
    if (newStage || now - entry.lastSentAt >= PROGRESS_INTERVAL_MS) this.#tell(entry);
  }

  #finish(entry: Entry, status: 'done' | 'failed' | 'cancelled', error?: unknown): void {
    entry.job = { ...entry.job, status, etaMs: null, error: error === undefined ? null : describeError(error) };
    this.#tell(entry);
    const finished = [...this.#entries.values()].filter(
      ({ job }) => job.status !== 'queued' && job.status !== 'running',
    );
    for (const old of finished.slice(0, Math.max(0, finished.length - FINISHED_KEPT))) this.#entries.delete(old.job.id);
  }

  #tell(entry: Entry): void {
    entry.lastSentAt = this.#now();
    this.#onChange(entry.job);
  }
}

/** Milliseconds that the stage still needs at its present pace; null before there is a pace. */
function remainingMs(entry: Entry, progress: Progress, now: number): number | null {
  const done = progress.done - entry.stageStartDone;
  const elapsed = now - entry.stageStartedAt;
  if (progress.total === undefined || done <= 0 || elapsed < 200) return null;
  return (elapsed / done) * Math.max(0, progress.total - progress.done);
}
